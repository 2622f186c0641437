import CairnClient
import CairnContent
import CairnEngine
import NIOCore
import ScriptedServer
import Synchronization
import Testing

@Suite struct `Putting a stream natively` {
    private static let chunk = FakeCairn.chunkSize.length

    private func put(
        _ fake: FakeCairn, _ bytes: [UInt8], part: Int = 10_000, events: Events = Events()
    ) async throws -> Receipt {
        let rest = Mutex(bytes[...])
        return try await withServer(fake, events: events) { remote throws(ClientError) in
            try await remote.put(
                stream: { () throws(ClientError) in
                    rest.withLock { rest in
                        defer { rest = rest.dropFirst(part) }
                        return ByteBuffer(bytes: rest.prefix(part))
                    }
                }, metadata: Metadata(name: "stdin"))
        }
    }

    @Test(arguments: [chunk + 1, 2 * chunk, 2 * chunk + 1, 40 * chunk + 7], [999, 10_000, 65_536, 200_000])
    func `streams of every length arrive, and their end is told`(length: Int, part: Int) async throws {
        let fake = FakeCairn(isNative: true)
        let receipt = try await put(fake, noise(length), part: part)
        let upload = try #require(fake.now.uploads.values.first)
        #expect(upload.isComplete && upload.bytes == noise(length))
        #expect(receipt.length == Int64(length) && receipt.contentID == upload.manifest.contentID)
        #expect(fake.now.segments.last?.end == length)
        #expect(fake.now.segments.dropLast().allSatisfy { $0.end == nil })
    }

    @Test(arguments: [0, 1, chunk - 1]) func `what fits a chunk travels in one request`(length: Int) async throws {
        let fake = FakeCairn(isNative: true)
        let receipt = try await put(fake, noise(length))
        #expect(fake.now.seen.last == "POST /upload" && receipt.length == Int64(length))
        #expect(fake.now.uploads.values.first?.bytes == noise(length))
    }

    @Test func `what the server has need not be held`() async throws {
        let fake = FakeCairn(isNative: true)
        let same = noise(Self.chunk)
        fake.change { $0.stored[Digest(hashing: same.span)] = same }
        let receipt = try await put(fake, (0..<50).flatMap { _ in same }, part: Self.chunk)
        #expect(receipt.sent == 0 && receipt.known == Int64(50 * Self.chunk))
        #expect(fake.now.chunks.isEmpty)
    }

    @Test func `broken connections lose nothing`() async throws {
        let cut = FakeCairn.Fault.cut(after: 70_000)
        let fake = FakeCairn(
            faults: [
                "POST /v1/uploads/id/chunks": [cut, cut, .mute], "PATCH /v1/uploads/id/manifest": [.mute, .mute],
            ],
            isNative: true)
        _ = try await put(fake, noise(30 * Self.chunk))
        #expect(fake.now.uploads.values.first?.bytes == noise(30 * Self.chunk))
    }

    @Test func `an upload that the server forgot is lost`() async throws {
        let fake = FakeCairn(faults: ["POST /v1/uploads/id/complete": [.forget]], isNative: true)
        await #expect(throws: ClientError.streamLost(offset: 0)) { try await put(fake, noise(3 * Self.chunk)) }
    }
}
