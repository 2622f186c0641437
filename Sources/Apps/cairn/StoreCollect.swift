import ArgumentParser
import CairnClient
import CairnDialects
import CairnDisk
import CairnEngine
import Logging

extension Store {
    /// `cairn store gc`: gives back what nobody refers to any more, all of it.
    struct Collect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc",
            abstract: "End expired uploads and reclaim what nobody refers to.",
            discussion: """
                A running server does this by itself, gently; this does all of it at once, on a directory that no \
                server uses. Chunks that are reclaimed stay in its trash for 24 hours, or for as long as the server's \
                --limit-trash says; --now frees them at once.
                """)

        @OptionGroup var place: DataOptions

        @Flag(help: "Free at once what is reclaimed, and all that is in the trash.")
        var now = false

        @Option(help: ArgumentHelp("Hours that what is reclaimed stays in the trash.", valueName: "hours"))
        var limitTrash = Int(Limits().trash / .seconds(3600))

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (0...1_000_000).contains(limitTrash) else { throw ValidationError("--limit-trash is out of range.") }
        }

        func run() async throws {
            let console = Console(output)
            let logger = Logger.errorsOnly
            _ = ProcessLimits.prepare()
            try await OpenedStore.with(place, console, logger) { store in
                var limits = Limits()
                limits.trash = now ? .zero : .seconds(limitTrash * 3600)
                var outcome = Outcome()
                for space in try await store.spaces(limits, logger) where outcome.failure == nil {
                    await outcome.collect(space.engine)
                }
                console.show(outcome)
                if let failure = outcome.failure {
                    console.failure("\(place.data): stopped: \(failure.advice). What was done is done; run it again")
                    throw ExitCode(failure == .noSpace ? 75 : 74)
                }
            }
        }
    }

    /// What one collection has done.
    fileprivate struct Outcome {
        var expired = 0
        var tails = 0
        var reclaimed = Reclaimed()
        var failure: StoreError?

        mutating func collect(_ engine: Engine) async {
            do throws(UploadError) {
                tails += try await engine.sweep()
                expired += try await engine.expire()
            } catch {
                if case .store(let error) = error { failure = error } else { failure = .failed("\(error)") }
                return
            }
            var run = Reclaimed()
            repeat {
                run = await engine.reclaim(.thorough)
                reclaimed.add(run)
            } while run.ends > 0 && run.failure == nil
            failure = run.failure
        }
    }
}

extension Console {
    fileprivate func show(_ outcome: Store.Outcome) {
        let done = outcome.reclaimed
        result(
            [
                ("expired", .number(Int64(outcome.expired))), ("chunks", .number(Int64(done.chunks))),
                ("bytes", .number(done.length)), ("strays", .number(Int64(done.strays))),
                ("tails", .number(Int64(outcome.tails))), ("freed", .number(Int64(done.freed))),
                ("forgotten", .number(Int64(done.forgotten))),
            ],
            """
            \(outcome.expired) uploads expired; reclaimed \(done.chunks) chunks (\(ProgressLine.bytes(done.length))), \
            \(done.strays) the ledger did not know, \(outcome.tails) tails; freed \(done.freed) files
            """)
    }
}

extension Reclaimed {
    /// What another run has done besides.
    fileprivate mutating func add(_ other: Reclaimed) {
        chunks += other.chunks
        length += other.length
        strays += other.strays
        ends += other.ends
        freed += other.freed
        forgotten += other.forgotten
    }
}
