import CairnContent
import CairnEngine
import Forwarding
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite struct `Reading a file` {
    private let disk = WatchedDisk(base: MemoryStore())
    private let engine: Engine
    private let chunk = Int64(ChunkSize.minimum.length)

    init() {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        engine = Engine(store: disk, ledger: MemoryLedger(), chunkSize: .minimum, logger: quiet)
    }

    private func file() async throws -> Upload {
        let body = Body(pattern(0..<Int(4 * chunk)))
        return try await engine.create(Append(at: 0, ending: .whole), body: body, by: .everyone)
    }

    @Test func `reads one chunk ahead, and no further`() async throws {
        let parts = try await engine.bytes(0..<(4 * chunk), of: file())
        var reader = parts.makeAsyncIterator()
        #expect(disk.reads == 0)
        for expected in [2, 3, 4, 4] {
            _ = try await reader.next()
            #expect(disk.reads == expected)
        }
        #expect(try await reader.next() == nil)
    }

    @Test func `reads no chunk that the range ends before`() async throws {
        let file = try await file()
        for (end, expected) in [(chunk - 1, 1), (chunk, 1), (chunk + 1, 2)] {
            let before = disk.reads
            var reader = engine.bytes(0..<end, of: file).makeAsyncIterator()
            _ = try await reader.next()
            #expect(disk.reads - before == expected, "\(end)")
        }
    }

    @Test func `a chunk that cannot be read keeps nothing back of the one before it`() async throws {
        let file = try await file()
        var reader = engine.bytes(0..<(4 * chunk), of: file).makeAsyncIterator()
        disk.fail(from: 2)
        #expect(try await reader.next() == pattern(0..<Int(chunk)))
        await #expect(throws: StoreError.failed("no answer")) { try await reader.next() }
    }

    @Test func `what could not be read ahead is read when its turn comes`() async throws {
        let file = try await file()
        var reader = engine.bytes(0..<(4 * chunk), of: file).makeAsyncIterator()
        disk.fail(from: 2)
        _ = try await reader.next()
        disk.fail(from: .max)
        #expect(try await reader.next() == pattern(Int(chunk)..<Int(2 * chunk)))
    }
}

/// A store that counts what is read of it, and can fail from a read on.
private struct WatchedDisk: ForwardingStore {
    let base: MemoryStore
    private let state = NIOLockedValueBox((reads: 0, limit: Int.max))

    init(base: MemoryStore) { self.base = base }

    var reads: Int { state.withLockedValue { $0.reads } }
    func fail(from read: Int) { state.withLockedValue { $0.limit = read } }

    func read(_ digest: Digest) async throws(StoreError) -> ByteBuffer? {
        let isFine = state.withLockedValue { state in
            state.reads += 1
            return state.reads < state.limit
        }
        guard isFine else { throw .failed("no answer") }
        return try await base.read(digest)
    }
}
