import ArgumentParser
import CairnDialects
import CairnDisk
import CairnEngine

extension Store {
    /// `cairn store backup`: a copy of the ledger.
    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the ledger to backup/ in the data directory.",
            discussion: """
                A running server does this by itself once a day. The newest three copies are kept. To go back to one, \
                stop the server, put it in the place of ledger.sqlite and remove ledger.sqlite-wal and ledger.sqlite- \
                shm: files finished since then are taken up from their records at the next start.
                """)

        @OptionGroup var place: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let console = Console(output)
            try await OpenedStore.with(place, console, .errorsOnly) { store in
                do throws(StoreError) {
                    let name = try await store.directory.backUp(store.ledger, at: .now())
                    console.result([("path", .string("\(place.data)/\(name)"))], "\(place.data)/\(name)")
                } catch {
                    console.failure("\(place.data): \(error.advice)")
                    throw ExitCode(error == .noSpace ? 75 : 74)
                }
            }
        }
    }
}
