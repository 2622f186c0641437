import ArgumentParser
import CairnClient
import CairnContent
import CairnDialects
import CairnDisk
import CairnEngine
import Logging

extension Store {
    /// `cairn store check`: whether everything that the ledger speaks of is there, and right.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look whether every chunk and every file's record is there.",
            discussion: """
                Looks at the length and the footer of each chunk; with --full reads all of them. Damaged chunks go to \
                quarantine/, and the files that have them are named: whoever sends their bytes again heals them. \
                Records that are lost are written anew, and files that the ledger has lost are taken up from their \
                records. Nothing is removed. Ends with 65 when files have lost bytes.

                A running server reads everything again by itself, within --scrub-hours. A --full check that was \
                broken off goes on where it was when it is given the --since that it printed at its start.
                """)

        @OptionGroup var place: DataOptions

        @Flag(help: "Read every chunk and every record, and compute every digest.")
        var full = false

        @Option(help: ArgumentHelp("What was read since then need not be read again.", valueName: "seconds since 1970"))
        var since: Int64?

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard since == nil || full else { throw ValidationError("--since is for --full.") }
        }

        func run() async throws {
            let console = Console(output)
            _ = ProcessLimits.prepare()
            try await OpenedStore.with(place, console, .errorsOnly) { store in
                let start = Timestamp(seconds: since ?? Timestamp.now().seconds)
                if full {
                    console.note(
                        "reading every chunk; if this is broken off, go on with --full --since \(start.seconds)")
                }
                var found = Checking.Finding()
                for space in try await store.spaces(Limits(), .silent) {
                    var check = Checking(engine: space.engine, store: space.store, console: console, found: found)
                    do throws(UploadError) {
                        try await check.chunks()
                        if full { try await check.bytes(since: start) }
                        try await check.files(isFull: full)
                    } catch {
                        console.failure("\(place.data): stopped: \(error.advice). What was done is done; run it again")
                        throw ExitCode(74)
                    }
                    found = check.found
                }
                console.show(found, isFull: full)
                for digest in found.read.unreadable {
                    console.failure("the disk does not give out the chunk \(digest)")
                }
                if !found.read.unreadable.isEmpty { throw ExitCode(74) }
                if found.damagedFiles > 0 { throw ExitCode(65) }
            }
        }
    }
}

/// One check, step by step.
private struct Checking {
    let engine: Engine
    let store: DiskStore
    let console: Console
    var found: Finding

    struct Finding {
        var chunks = 0
        var read = Verified()
        var damaged: Set<Digest> = []
        var files = 0
        var damagedFiles = 0
        var records = 0
        var adopted = Adopted()
    }

    private static let page = 4096
    private static let lanes = 4

    /// Rows against files.
    mutating func chunks() async throws(UploadError) {
        var last: Digest?
        repeat {
            let looked: (looked: Int, damaged: [Digest], last: Digest?)
            do { looked = try await engine.look(after: last, limit: Self.page) } catch { throw .store(error) }
            found.chunks += looked.looked
            found.damaged.formUnion(looked.damaged)
            console.show("looked at \(found.chunks) chunks")
            last = looked.last
        } while last != nil
    }

    /// Every byte that was not read since `moment`.
    mutating func bytes(since moment: Timestamp) async throws(UploadError) {
        var read = Verified()
        repeat {
            do {
                read = try await engine.scrub(
                    outside: moment...Timestamp(seconds: .max), limit: 16 * Self.lanes, lanes: Self.lanes)
            } catch { throw .store(error) }
            found.read += read
            console.show("read \(found.read.sound) chunks, \(ProgressLine.bytes(found.read.length))")
        } while read != Verified()
        found.damaged.formUnion(found.read.damaged)
    }

    /// Files against their records, and what has lost bytes.
    mutating func files(isFull: Bool) async throws(UploadError) {
        let records: Set<UploadID>
        do { records = Set(try await store.recorded()) } catch { throw .store(error) }
        let adopted = try await engine.adopt(records.sorted { $0.description < $1.description })
        found.adopted += adopted
        for id in adopted.unreadable { console.note("the record of \(id) cannot be read") }
        let unreadable = Set(adopted.unreadable)
        var last: UploadID?
        repeat {
            let files = try await engine.everyFile(after: last, limit: 256)
            for file in files {
                found.files += 1
                if isFull || !records.contains(file.id) || unreadable.contains(file.id) {
                    if try await engine.renewRecord(of: file) { found.records += 1 }
                }
                guard file.isDamaged else { continue }
                found.damagedFiles += 1
                console.note("damaged: \(file.id)  \(file.metadata.name ?? "")")
            }
            console.show("looked at \(found.files) files")
            last = files.last?.id
        } while last != nil
    }
}

extension Console {
    fileprivate func show(_ found: Checking.Finding, isFull: Bool) {
        let read = isFull ? ", read \(ProgressLine.bytes(found.read.length))" : ""
        result(
            [
                ("chunks", .number(Int64(found.chunks))), ("read", .number(found.read.length)),
                ("damaged", .array(found.damaged.sorted().map { .string("\($0)") })),
                ("files", .number(Int64(found.files))), ("damagedFiles", .number(Int64(found.damagedFiles))),
                ("records", .number(Int64(found.records))), ("adopted", .number(Int64(found.adopted.files))),
            ],
            """
            \(found.chunks) chunks\(read): \(found.damaged.count) damaged; \(found.files) files: \
            \(found.damagedFiles) have lost bytes; \(found.records) records written anew, \
            \(found.adopted.files) files taken up from theirs
            """)
    }
}
