import CairnContent
import CairnDisk
import CairnEngine
import Randomness
import Testing

@Suite struct `Chunks at rest` {
    @Test func `are encoded when that saves a sixteenth, and take no more room than that`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            for bytes in [lines(100), lines(65_536), lines(300_000)] {
                let stored = try await store.keep(bytes)
                #expect(stored.codec == .lz4)
                #expect(stored.storedLength <= bytes.count - bytes.count / 16)
                #expect(try fileSystem.chunkFile(of: bytes).length() == stored.storedLength + 64)
                #expect(try await store.chunk(bytes) == bytes)
            }
        }
    }

    @Test func `are as they came when they do not compress, and 64 bytes longer`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store async throws in
            for bytes in [noise(1, 1), noise(2, 65_536), noise(3, 300_000)] {
                let raw = StoredChunk(entry: Entry(of: bytes), storedLength: bytes.count, codec: .raw)
                #expect(try await store.keep(bytes) == raw)
                #expect(try fileSystem.chunkFile(of: bytes).bytes.prefix(bytes.count) == bytes[...])
            }
        }
    }

    @Test func `are as they came when encoding saves less than a sixteenth`() async throws {
        try await withStore(on: SimulatedFileSystem()) { store in
            for share in [20, 17, 16, 12, 8] {
                // LZ4 spends a few bytes on a run of zeros, so the saving is a little less than its length.
                let bytes = noise(1, 60_000) + Array(repeating: 0, count: 60_000 / (share - 1))
                let stored = try await store.keep(bytes)
                #expect((stored.codec == .lz4) == (stored.storedLength <= bytes.count - (bytes.count + 15) / 16))
                #expect((stored.codec == .lz4) == (share < 16), "one part of \(share)")
            }
        }
    }

    @Test func `are as they came when their first 64 KiB do not compress`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let stored = try await store.keep(noise(1, 65_536) + lines(500_000))
            #expect(stored.codec == .raw)
        }
    }

    @Test func `are as they came when only their first 64 KiB compress`() async throws {
        try await withStore(on: SimulatedFileSystem()) { store async throws in
            let bytes = lines(65_536) + noise(1, 3_000_000)
            #expect(try await store.keep(bytes).codec == .raw)
            #expect(try await store.chunk(bytes) == bytes)
        }
    }

    @Test func `cost one look at their start when they do not compress`() async throws {
        let fileSystem = SimulatedFileSystem()
        try await withStore(on: fileSystem) { store in
            let calls = CallLog(fileSystem)
            try await store.keep(noise(1, 3_000_000))
            #expect(calls.all.filter { $0.operation == .read }.count == 1)
            #expect(calls.all.filter { $0.operation == .makeFile }.count == 1)
        }
    }

    @Test func `encode a tail that was gone on from as any other bytes`() async throws {
        try await withStore(on: SimulatedFileSystem()) { store in
            let bytes = lines(200_000)
            let name = try await store.draft(Array(bytes[..<70_000])).persist(for: UploadID())
            let draft = try await store.draft(continuing: Tail(Array(bytes[..<70_000]), name))
            try await draft.append(Array(bytes[70_000...]))
            #expect(try await store.keep(draft, as: bytes).codec == .lz4)
            #expect(try await store.chunk(bytes) == bytes)
        }
    }
}
