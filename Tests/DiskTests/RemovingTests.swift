import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Randomness
import Testing

@Suite struct `Chunk files that leave` {
    private let fileSystem = SimulatedFileSystem()
    private let moment = Timestamp(seconds: 77)

    private func names(_ folder: String, _ name: String) throws -> [String] {
        try fileSystem.root("/data").directory(folder).directory(name).names()
    }

    @Test func `are set aside, where they went is synced, and then where they were, each folder once`() async throws {
        try await withStore(on: fileSystem) { store async throws in
            let digests = (0..<9 as Range<UInt64>).map { Digest(hashing: noise($0, 100).span) }
            for number in 0..<9 as Range<UInt64> { try await store.keep(noise(number, 100)) }
            let calls = CallLog(fileSystem)
            try await store.remove(digests, at: moment)
            let (trash, folders) = (
                Set(digests.map { $0.description.prefix(2) }), Set(digests.map { $0.description.prefix(3) })
            )
            let syncs = Array(repeating: SimulatedCall.Operation.syncDirectory, count: trash.count + folders.count)
            #expect(calls.effects == Array(repeating: .rename, count: 9) + syncs)
            let synced = calls.all.filter { $0.operation == .syncDirectory }.map(\.subject)
            #expect(synced.prefix(trash.count).allSatisfy { $0.contains("trash/") })
            #expect(synced.dropFirst(trash.count).allSatisfy { $0.contains("chunks/") })
            for digest in digests {
                #expect(try names("trash", String(digest.description.prefix(2))).contains("\(digest).77"))
            }
        }
    }

    @Test func `leave at once when there is no room for a name in the trash`() async throws {
        try await withStore(on: fileSystem) { store async throws in
            try await store.keep(noise(1, 100))
            fileSystem.obey { $0.operation == .rename ? .fail(.noSpace) : .perform }
            let digest = Digest(hashing: noise(1, 100).span)
            try await store.remove([digest], at: moment)
            #expect(try await store.missing(from: [digest]) == [digest])
            #expect(try names("trash", String(digest.description.prefix(2))) == [])
        }
    }

    @Test func `leave strangers' files alone, in the trash and on the shelves`() async throws {
        try await withStore(on: fileSystem) { store async throws in
            let trash = try fileSystem.root("/data").directory("trash").directory("00")
            let shelf = try fileSystem.root("/data").directory("ns").directory("default").directory("chunks")
                .directory("000")
            let strange = ["notes", "x.y", "00.1.2", "00.01", ".5", String(repeating: "0", count: 63), "0.-"]
            for name in strange {
                try trash.link(try trash.makeFile(), as: name)
                try shelf.link(try shelf.makeFile(), as: name)
            }
            #expect(try await store.chunks(on: 0) == [])
            #expect(try await store.emptyTrash(0, at: moment, olderThan: .zero, limit: 100) == 0)
            #expect(Set(try trash.names()) == Set(strange))
        }
    }

    @Test(arguments: seeds) func `are there or not after a power cut, and never damaged`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        try await withStore(on: fileSystem) { store async throws in
            for number in 0..<6 as Range<UInt64> { try await store.keep(noise(number, 300)) }
        }
        let gone = Digest(hashing: noise(0, 300).span)
        for boundary in 1...6 {
            let cut = fileSystem.afterKill()
            try await withStore(on: cut) { store async throws in
                let last = cut.effectCount + boundary
                cut.obey { $0.operation.hasEffect && $0.effect >= last ? .stop : .perform }
                try? await store.remove([gone], at: moment)
            }
            for _ in 0..<10 {
                try await withStore(on: cut.crash(using: &generator)) { left async throws in
                    for number in 1..<6 as Range<UInt64> {
                        #expect(try await left.chunk(noise(number, 300)) == noise(number, 300))
                    }
                    let found = try await left.chunk(noise(0, 300))
                    #expect(found == nil || found == noise(0, 300))
                    #expect(boundary < 4 || found == nil, "after the last sync")
                }
            }
        }
    }
}

@Suite struct `A collection that meets an error` {
    /// A file that stays, one that was removed, and chunks that the ledger never heard of.
    private struct Scene {
        let fileSystem = SimulatedFileSystem()
        let ledger = MemoryLedger()
        let kept = noise(1, 2 * ChunkSize.minimum.length)
        let gone = noise(2, 2 * ChunkSize.minimum.length)
        let strays = [noise(3, 500), noise(4, 500)]

        func engine(_ store: DiskStore, _ ledger: (any Ledger)? = nil) -> Engine {
            var limits = Limits()
            limits.trash = .zero
            return Engine(
                store: store, ledger: ledger ?? self.ledger, limits: limits, chunkSize: .minimum, logger: silent)
        }

        init() async throws {
            let scene = self
            try await withStore(on: fileSystem) { store async throws in
                let engine = scene.engine(store)
                for bytes in [scene.kept, scene.gone] {
                    let file = try await engine.create(
                        Append(at: 0, ending: .whole), body: OneBody(bytes: ByteBuffer(bytes: bytes)), by: .everyone)
                    if bytes == scene.gone { try await engine.cancel(file.id, for: .everyone) }
                }
                for bytes in scene.strays { try await store.keep(bytes) }
            }
        }

        /// The folders that a run has anything to do in.
        var folders: Set<String> {
            let chunks = [kept, gone].flatMap { [Array($0.prefix($0.count / 2)), Array($0.suffix($0.count / 2))] }
            return Set((chunks + strays).map { "chunks/" + String(Digest(hashing: $0.span).description.prefix(3)) })
        }

        func keptIsWhole(_ engine: Engine) async throws -> Bool {
            guard let file = try await engine.uploads(.complete, for: .everyone, limit: 9).first else { return false }
            var bytes: [UInt8] = []
            for try await part in engine.bytes(0..<file.offset, of: file) { bytes += Array(part.readableBytesView) }
            return bytes == kept
        }
    }

    private static let errors: [FileSystemError] = [.io(number: 5, call: "a call of the test"), .noSpace]

    @Test(arguments: errors)
    func `of the file system, in any call, deletes nothing from then on and loses nothing`(
        error: FileSystemError
    ) async throws {
        let scene = try await Scene()
        let (folders, stray) = (scene.folders, [Entry(of: scene.strays[0]).digest])
        var number = 0
        var wasReached = true
        while wasReached {
            number += 1
            let (disk, ledger, log) = (scene.fileSystem.afterKill(), scene.ledger.snapshot(), Failures())
            wasReached = try await withStore(on: disk) { store async throws in
                let engine = scene.engine(store, ledger)
                disk.obey { [number] call in
                    // Of the many parts of the trash that are empty, a few stand for all.
                    let isTrash = call.subject.contains(call.operation.hasEffect ? "trash/" : "trash/0")
                    let isMeant = folders.contains { call.subject.contains($0) } || isTrash
                    return isMeant && log.isDue(call, number) ? .fail(error) : .perform
                }
                let done = await engine.reclaim()
                disk.obey { _ in .perform }
                guard log.hasFailed else { return false }
                // A full disk is no reason to keep what is to go.
                #expect(done.failure != nil || error == .noSpace, "call \(number)")
                #expect(log.deletions == 0 || done.failure == nil, "call \(number)")
                #expect(try await scene.keptIsWhole(engine), "call \(number)")
                guard !store.isReadOnly else { return true }
                // The walk takes its time, so it is not walked after each.
                let pace = number % 8 == 0 ? Pace.thorough : Workload.pace
                #expect(await engine.reclaim(pace).failure == nil, "call \(number)")
                if number % 8 == 0 { #expect(try await store.missing(from: stray) == stray, "call \(number)") }
                #expect(try await scene.keptIsWhole(engine), "call \(number)")
                return true
            }
        }
        print("\(error): \(number - 1) calls failed in turn")
        #expect(number > 20)
    }

    @Test func `of the ledger, in any question or commit, deletes nothing from then on and loses nothing`()
        async throws
    {
        let scene = try await Scene()
        for number in 1... {
            let (disk, ledger) = (scene.fileSystem.afterKill(), FailingLedger(scene.ledger.snapshot(), at: number))
            let isOver = try await withStore(on: disk) { store async throws in
                let engine = scene.engine(store, ledger)
                let calls = CallLog(disk)
                ledger.onFailure = { calls.clear() }
                let done = await engine.reclaim(
                    Pace(shelves: 4096, trashParts: 0, isThorough: true, rest: 0))
                guard ledger.hasFailed else { return true }
                #expect(done.failure != nil, "question \(number)")
                #expect(calls.effects == [], "question \(number)")
                ledger.heal()
                #expect(try await scene.keptIsWhole(engine), "question \(number)")
                #expect(await engine.reclaim(Workload.pace).failure == nil, "question \(number)")
                #expect(try await scene.keptIsWhole(engine), "question \(number)")
                return false
            }
            if isOver {
                print("\(number - 1) questions failed in turn")
                #expect(number > 10)
                return
            }
        }
    }

    @Test func `a list of files that is cut or empty keeps more, and never less`() async throws {
        for count in 0...2 {
            let scene = try await Scene()
            try await withStore(on: scene.fileSystem) { store async throws in
                let engine = Engine(
                    store: CutStore(base: store, count: count), ledger: scene.ledger, chunkSize: .minimum,
                    logger: silent)
                _ = await engine.reclaim()
                #expect(try await scene.keptIsWhole(engine))
            }
        }
    }
}
