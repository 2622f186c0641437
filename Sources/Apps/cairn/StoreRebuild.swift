import ArgumentParser
import CairnClient
import CairnDialects
import CairnDisk
import CairnEngine
import Foundation
import Logging

extension Store {
    /// `cairn store rebuild`: a new ledger from file records and chunks.
    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new ledger from the records of finished files.",
            discussion: """
                For a ledger that is lost or damaged. What is left of it goes to quarantine/, and so nothing is lost \
                that a person may want to look at. Every finished file is there again, but for bytes that are lost \
                themselves; unfinished uploads are not, and their clients begin anew without sending twice what is \
                here. A format.json that is lost or damaged is made anew, too. Can be broken off and run again.
                """)

        @OptionGroup var place: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let console = Console(output)
            _ = ProcessLimits.prepare()
            let moved: [String]
            do throws(DiskError) {
                guard FileManager.default.fileExists(atPath: place.data) else { throw .notADataDirectory }
                moved = try await DataDirectory.forgetLedger(of: place.data, at: .now())
            } catch {
                console.failure("\(place.data): \(error.advice)")
                throw error.exitCode
            }
            for name in moved {
                console.note("the old ledger's \(name.suffix(4) == "-wal" ? "log" : "file") is \(name)")
            }
            try await OpenedStore.with(place, console, .errorsOnly) { store in
                var adopted = Adopted()
                do {
                    for space in try await store.spaces(Limits(), .silent) {
                        let ids = try await space.store.recorded()
                        for start in stride(from: 0, to: ids.count, by: 64) {
                            adopted += try await space.engine.adopt(Array(ids[start..<min(start + 64, ids.count)]))
                            console.show("\(adopted.files) files")
                        }
                    }
                } catch {
                    console.failure("\(place.data): stopped: \(Advice.on(error)). Run it again")
                    throw ExitCode(74)
                }
                for id in adopted.unreadable { console.note("the record of \(id) cannot be read: that file is lost") }
                console.show(adopted)
                if adopted.damaged + adopted.unreadable.count > 0 { throw ExitCode(65) }
            }
        }
    }
}

extension Console {
    fileprivate func show(_ adopted: Adopted) {
        result(
            [
                ("files", .number(Int64(adopted.files))), ("damagedFiles", .number(Int64(adopted.damaged))),
                ("unreadable", .array(adopted.unreadable.map { .string("\($0)") })),
            ],
            """
            \(adopted.files) files in a new ledger; \(adopted.damaged) have lost bytes, \
            \(adopted.unreadable.count) records cannot be read
            """)
    }
}
