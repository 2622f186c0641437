import CairnContent
import CairnDisk
import CairnEngine
import Hashing
import NIOCore
import Randomness
import Testing

@Suite struct `A damaged chunk file` {
    /// A raw chunk and an encoded one.
    static let chunks = [noise(1, 200), lines(3000)]

    @Test(arguments: chunks) func `is noticed whichever bit is flipped`(bytes: [UInt8]) async throws {
        try await damage(bytes) { good in
            (0..<good.count * 8).map { bit in
                var bad = good
                bad[bit / 8] ^= 1 << (bit % 8)
                return bad
            }
        }
    }

    @Test(arguments: seeds) func `is noticed wherever a large one is changed`(seed: UInt64) async throws {
        try await damage(noise(1, 100_000)) { good in
            var generator = SeededGenerator(seed: seed)
            return (0..<500).map { _ in
                var bad = good
                bad[Int.random(in: 0..<bad.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
                return bad
            }
        }
    }

    @Test(arguments: chunks) func `is noticed at whatever length it is cut`(bytes: [UInt8]) async throws {
        try await damage(bytes) { good in (0..<good.count).map { Array(good.prefix($0)) } }
    }

    @Test(arguments: chunks) func `is noticed when bytes were added`(bytes: [UInt8]) async throws {
        try await damage(bytes) { good in
            [good + [0], [0] + good, good + good, good + good.suffix(64)]
        }
    }

    @Test(arguments: chunks) func `is noticed when parts of it are zeros`(bytes: [UInt8]) async throws {
        try await damage(bytes) { good in
            let zeros = Array(repeating: 0 as UInt8, count: good.count)
            let places = [0..<64, good.count - 64..<good.count, 0..<good.count - 64, 50..<good.count]
            return [zeros] + places.map { Array(good[..<$0.lowerBound] + zeros[$0] + good[$0.upperBound...]) }
        }
    }

    @Test func `is noticed when it is another chunk's`() async throws {
        let other = noise(2, 200)
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(Self.chunks[0])
            try await store.keep(other)
            let (left, right) = (try fileSystem.chunkFile(of: Self.chunks[0]), try fileSystem.chunkFile(of: other))
            let (leftBytes, rightBytes) = (try left.bytes, try right.bytes)
            try left.replace(with: rightBytes)
            try right.replace(with: leftBytes)
            for bytes in [Self.chunks[0], other] {
                try await expectDamage(of: bytes, in: store)
                #expect(try await store.missing(from: [Entry(of: bytes).digest]).count == 1)
            }
        }
    }

    @Test func `has a good payload and another's footer, or the other way round, and is noticed`() async throws {
        let other = noise(2, 200)
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(Self.chunks[0])
            try await store.keep(other)
            let file = try fileSystem.chunkFile(of: Self.chunks[0])
            let (good, foreign) = (try file.bytes, try fileSystem.chunkFile(of: other).bytes)
            for bad in [good.prefix(200) + foreign.suffix(64), foreign.prefix(200) + good.suffix(64)] {
                try file.replace(with: Array(bad))
                try await expectDamage(of: Self.chunks[0], in: store)
            }
        }
    }

    @Test(arguments: chunks)
    func `counts as missing when it has another length or no footer`(bytes: [UInt8]) async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(bytes)
            let file = try fileSystem.chunkFile(of: bytes)
            let good = try file.bytes
            for bad in [[], Array(good.dropLast()), good + [0], good.map { _ in 0 }] {
                try file.replace(with: bad)
                #expect(try await store.missing(from: [Entry(of: bytes).digest]).count == 1)
            }
            try file.replace(with: good)
            #expect(try await store.missing(from: [Entry(of: bytes).digest]) == [])
        }
    }

    @Test func `that cannot be read is an error and no damage, and heals`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let bytes = Self.chunks[0]
            try await store.keep(bytes)
            let bad = try fileSystem.chunkFile(of: bytes)
            fileSystem.obey { call in
                call.operation == .read && call.subject.contains("chunks/")
                    ? .fail(.io(number: 5, call: "read")) : .perform
            }
            await #expect(throws: StoreError.failed("read: Input/output error (5)")) { try await store.chunk(bytes) }
            #expect(try await store.missing(from: [Entry(of: bytes).digest]).count == 1)
            try await store.keep(bytes)
            fileSystem.obey { _ in .perform }
            #expect(try await store.chunk(bytes) == bytes)
            #expect(try bad.linkCount() == 0)
        }
    }

    @Test func `whose checksums are those of the wrong bytes is replaced by the right ones`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let (bytes, wrong) = (Self.chunks[0], noise(9, 200))
            try await store.keep(bytes)
            let footer = ChunkFooter(
                Entry(of: bytes), codec: .raw, storedLength: 200, payloadChecksum: CRC32C.checksum(wrong.span))
            try fileSystem.chunkFile(of: bytes).replace(with: wrong + Array(footer.bytes.readableBytesView))
            #expect(try await store.chunk(bytes) == wrong, "only the digest can tell, and the engine looks at it")
            try await store.keep(bytes)
            #expect(try await store.chunk(bytes) == bytes)
        }
    }

    /// Makes each damage to the chunk's file in turn: none is ever read as good, all heal.
    private func damage(_ bytes: [UInt8], _ damages: ([UInt8]) -> [[UInt8]]) async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            try await store.keep(bytes)
            let good = try fileSystem.chunkFile(of: bytes).bytes
            for bad in damages(good) {
                try fileSystem.chunkFile(of: bytes).replace(with: bad)
                try await expectDamage(of: bytes, in: store)
            }
            for bad in damages(good).prefix(100) {
                try fileSystem.chunkFile(of: bytes).replace(with: bad)
                try await store.keep(bytes)
                #expect(try await store.chunk(bytes) == bytes, "healed by the same bytes")
            }
        }
    }

    private func expectDamage(of bytes: [UInt8], in store: DiskStore) async throws {
        await #expect(throws: StoreError.damaged(Entry(of: bytes).digest)) { try await store.chunk(bytes) }
    }
}
