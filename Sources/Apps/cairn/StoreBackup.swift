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

        @Argument(help: ArgumentHelp("The data directory.", valueName: "folder"))
        var data: String

        @Flag(help: "Copy also on a file system whose syncs promise nothing, such as NFS or an overlay.")
        var force = false

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let console = Console(output)
            try await OpenedStore.with(data, forced: force, console, .errorsOnly) { store in
                do throws(StoreError) {
                    let name = try await store.directory.backUp(store.ledger, at: .now())
                    console.result([("path", .string("\(data)/\(name)"))], "\(data)/\(name)")
                } catch {
                    console.failure("\(data): \(error.advice)")
                    throw ExitCode(error == .noSpace ? 75 : 74)
                }
            }
        }
    }
}
