import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Randomness
import Synchronization
import Testing

@Suite struct `A store that power was cut from` {
    /// A closed store with one good chunk, one damaged one, and everything durable.
    private static func base() async throws -> SimulatedFileSystem {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(StoreWorkload.known)
            try await store.keep(StoreWorkload.damaged)
        }
        let file = try fileSystem.chunkFile(of: StoreWorkload.damaged)
        try file.write([0xFF, 0, 0xFF].span, at: 10)
        try file.syncData()
        return fileSystem
    }

    @Test(arguments: seeds) func `has everything it said it had, at every boundary`(seed: UInt64) async throws {
        let base = try await Self.base()
        let boundaries = try await StoreWorkload.effectCount(on: base)
        #expect(boundaries > 50)
        var generator = SeededGenerator(seed: seed)
        for boundary in 1...boundaries {
            let broken = try await StoreWorkload.cut(base, at: boundary, outcomes: 5, using: &generator)
            #expect(broken == [], "seed \(seed), boundary \(boundary)")
        }
    }

    @Test(arguments: [SimulatedCall.Operation.syncData, .syncDirectory])
    func `is found out when a sync does nothing`(lie: SimulatedCall.Operation) async throws {
        let base = try await Self.base()
        let boundaries = try await StoreWorkload.effectCount(on: base)
        var generator = SeededGenerator(seed: 1)
        var broken: [String] = []
        for boundary in 1...boundaries {
            broken += try await StoreWorkload.cut(base, at: boundary, outcomes: 1, pretending: lie, using: &generator)
        }
        #expect(broken.count > 0)
    }

    @Test(arguments: seeds) func `starts again after a cut at any moment of a start`(seed: UInt64) async throws {
        let base = try await Self.base()
        let temporary = try base.root("/data").directory("tmp")
        try temporary.link(try temporary.makeFile(), as: "left")
        try temporary.sync()
        let count = try await Self.effectsOfOpening(base.afterKill())
        var generator = SeededGenerator(seed: seed)
        for boundary in 1...count {
            let fileSystem = base.afterKill()
            fileSystem.obey { $0.effect >= boundary && $0.operation.hasEffect ? .stop : .perform }
            await #expect(throws: DiskError.self) { try await DataDirectory.open(fileSystem) }
            try await withStore(on: fileSystem.crash(using: &generator)) { store in
                #expect(try await store.chunk(StoreWorkload.known) == StoreWorkload.known)
                try await store.keep(noise(77, 500))
            }
        }
    }

    @Test func `starts for the first time although power was cut from its first start`() async throws {
        let count = try await Self.effectsOfOpening(SimulatedFileSystem())
        var generator = SeededGenerator(seed: 1)
        // Thousands of folders are made one like the other, so most of the boundaries are passed over.
        for boundary in Array(1...12) + Array(stride(from: 13, to: count - 20, by: 601)) + Array(count - 20...count) {
            let fileSystem = SimulatedFileSystem()
            fileSystem.obey { $0.effect >= boundary && $0.operation.hasEffect ? .stop : .perform }
            await #expect(throws: DiskError.self) { try await DataDirectory.open(fileSystem) }
            let left = fileSystem.crash(using: &generator)
            try await withStore(on: left) { store in try await store.keep(noise(1, 500)) }
            try await withStore(on: left.crash(using: &generator)) { store async throws in
                #expect(try await store.chunk(noise(1, 500)) == noise(1, 500), "boundary \(boundary)")
            }
        }
    }

    private static func effectsOfOpening(_ fileSystem: SimulatedFileSystem) async throws -> Int {
        await (try DataDirectory.open(fileSystem)).close()
        return fileSystem.effectCount
    }
}

@Suite struct `A store whose disk fails` {
    @Test(arguments: [FileSystemError.noSpace, .io(number: 5, call: "any")], [false, true])
    func `at any call promises nothing it does not keep`(error: FileSystemError, isLasting: Bool) async throws {
        let base = SimulatedFileSystem()
        try await withStore(on: base) { store in try await store.keep(StoreWorkload.known) }
        let calls = try await StoreWorkload.effectCount(on: base)
        var generator = SeededGenerator(seed: 1)
        for number in 1...calls {
            let fileSystem = base.afterKill()
            let said = StoreWorkload.Said()
            try await withStore(on: fileSystem) { store in
                fileSystem.failEffects(from: fileSystem.effectCount + number, error, isLasting: isLasting)
                await StoreWorkload.run(on: store, said)
                fileSystem.obey { _ in .perform }
                #expect(await said.broken(in: store) == [], "call \(number)")
                if !store.isReadOnly { try await store.keep(noise(99, 700)) }
            }
            for _ in 0..<3 {
                let broken = try await withStore(on: fileSystem.crash(using: &generator)) { await said.broken(in: $0) }
                #expect(broken == [], "call \(number), after a power cut")
            }
        }
    }

    @Test func `for lack of room goes on when there is room`() async throws {
        let base = SimulatedFileSystem()
        try await withStore(on: base) { store in try await store.keep(StoreWorkload.known) }
        let calls = try await StoreWorkload.effectCount(on: base)
        for number in 1...calls {
            let fileSystem = base.afterKill()
            try await withStore(on: fileSystem) { store in
                let first = fileSystem.effectCount + number
                fileSystem.obey { call in
                    call.effect >= first && call.operation != .syncDirectory && call.operation.hasEffect
                        ? .fail(.noSpace) : .perform
                }
                await StoreWorkload.run(on: store, StoreWorkload.Said())
                fileSystem.obey { _ in .perform }
                #expect(!store.isReadOnly)
                let said = StoreWorkload.Said()
                await StoreWorkload.run(on: store, said)
                #expect(said.failures == [], "call \(number)")
                #expect(await said.broken(in: store) == [], "call \(number)")
            }
        }
    }
}

extension SimulatedFileSystem {
    /// The calls with an effect fail, from the one with this number on, or only that one.
    fileprivate func failEffects(from first: Int, _ error: FileSystemError, isLasting: Bool) {
        obey { call in
            let isMeant = isLasting ? call.effect >= first : call.effect == first
            return isMeant && call.operation.hasEffect ? .fail(error) : .perform
        }
    }
}
