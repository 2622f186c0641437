import ArgumentParser
import CairnDialects
import CairnDisk
import CairnEngine
import Foundation

extension Store {
    /// `cairn store doctor`: whether this machine can keep our promises.
    struct Doctor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look whether disk, clock and system can keep what a server promises.",
            discussion: """
                Tries on the data directory, or on any folder, what the server relies on: files without names, links, \
                syncs and how long they take, room, inodes, the clock, open files. Can be run beside a server. Ends \
                with 74 when something does not work.
                """)

        @Argument(help: ArgumentHelp("The data directory, or a folder on the same disk.", valueName: "folder"))
        var data: String

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let console = Console(output)
            let findings: [DiskFinding]
            do { findings = try await DiskExamination.run(on: data) } catch {
                console.failure("\(data): \(error.advice)")
                throw error.exitCode
            }
            for finding in findings {
                console.result(
                    [
                        ("subject", .string(finding.subject)), ("verdict", .string(finding.verdict.rawValue)),
                        ("finding", .string(finding.text)),
                    ],
                    "\(finding.verdict.rawValue.uppercased().padding(toLength: 5, withPad: " ", startingAt: 0))"
                        + "\(finding.subject): \(finding.text)")
            }
            if findings.contains(where: { $0.verdict == .bad }) { throw ExitCode(74) }
        }
    }
}
