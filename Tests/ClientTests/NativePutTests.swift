import CairnClient
import CairnContent
import CairnEngine
import Foundation
import ScriptedServer
import Testing

/// Bytes that do not compress.
func noise(_ length: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<length).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}

@Suite struct `Putting a file natively` {
    private static let chunk = FakeCairn.chunkSize.length
    private static let file = noise(10 * chunk + 100)

    private func put(
        _ fake: FakeCairn, _ bytes: [UInt8] = Self.file, policy: RetryPolicy = impatient, events: Events = Events()
    ) async throws -> Receipt {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", bytes)
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
            return try await withServer(fake, policy: policy, events: events) { remote throws(ClientError) in
                try await remote.put(path, metadata: Metadata(name: "a.bin"))
            }
        }
    }

    @Test func `a put that is cancelled closes its file`() async throws {
        let fake = FakeCairn(faults: ["GET /v1": [.silence(after: 0)]], isNative: true)
        let running = Task { try await put(fake) }
        while !fake.now.seen.contains("GET /v1") { try await Task.sleep(for: .milliseconds(5)) }
        running.cancel()
        // A handle that is dropped open ends the process.
        await #expect(throws: ClientError.cancelled) { try await running.value }
    }

    private func completed(_ fake: FakeCairn) throws -> FakeUpload {
        try #require(fake.now.uploads.values.first { $0.isComplete })
    }

    @Test(arguments: [chunk + 1, 2 * chunk, 2 * chunk + 1, 300 * chunk, 10 * chunk + 100])
    func `files of every length arrive, each chunk once`(length: Int) async throws {
        let fake = FakeCairn(isNative: true)
        let receipt = try await put(fake, noise(length))
        let upload = try completed(fake)
        #expect(upload.bytes == noise(length))
        #expect(receipt.contentID == upload.manifest.contentID && receipt.address.id == upload.id)
        #expect(fake.now.chunks.count == upload.manifest.entries.count)
        #expect(receipt.length == Int64(length) && receipt.known == 0 && receipt.sent >= Int64(length))
        #expect(fake.now.appends.isEmpty)
    }

    @Test(arguments: [0, 1, chunk - 1, chunk]) func `what fits a chunk travels in one request`(length: Int) async throws
    {
        let fake = FakeCairn(isNative: true)
        let receipt = try await put(fake, noise(length))
        #expect(fake.now.seen == ["GET /v1", "GET /v1/uploads", "POST /upload"])
        #expect(receipt.length == Int64(length) && receipt.sent == Int64(length))
        let again = try await put(fake, noise(length))
        #expect(again.sent == 0 && again.known == Int64(length) && again.address.id == receipt.address.id)
    }

    /// A server that has these chunks of the file from others, and wants to see that they are held.
    private func proving(_ indices: some Sequence<Int>, of bytes: [UInt8]) -> FakeCairn {
        let fake = FakeCairn(isNative: true)
        fake.change { state in
            state.takesProofs = true
            for index in indices {
                let chunk = Array(bytes[index * Self.chunk..<min((index + 1) * Self.chunk, bytes.count)])
                state.stored[Digest(hashing: chunk.span)] = chunk
            }
        }
        return fake
    }

    @Test func `what others brought is proven and does not travel`() async throws {
        let bytes = noise(600 * Self.chunk + 1)
        let fake = proving(0..<601, of: bytes)
        let receipt = try await put(fake, bytes)
        #expect(fake.now.chunks.isEmpty && receipt.sent == 0 && receipt.known == receipt.length)
        #expect(try completed(fake).bytes == bytes)
        #expect(fake.now.proven.first?.count == 1 && Set(fake.now.proven.joined()) == Set(0..<601))
        #expect(fake.now.proven.allSatisfy { $0.count <= 256 })
    }

    @Test func `what others did not bring is sent, after a few proofs in vain`() async throws {
        let fake = proving([], of: [])
        let receipt = try await put(fake, noise(300 * Self.chunk))
        #expect(fake.now.chunks.count == 300 && receipt.known == 0)
        #expect((1...4).contains(fake.now.proven.count) && fake.now.proven.allSatisfy { $0.count == 1 })
    }

    @Test func `of a file that others brought in part the rest is sent`() async throws {
        let bytes = noise(100 * Self.chunk)
        let fake = proving(0..<60, of: bytes)
        let receipt = try await put(fake, bytes)
        #expect(try completed(fake).bytes == bytes)
        #expect(fake.now.chunks.count == 40 && receipt.known == Int64(60 * Self.chunk))
    }

    @Test func `a proof that fails is no reason to fail`() async throws {
        let bytes = noise(20 * Self.chunk)
        let fake = proving(0..<20, of: bytes)
        let busy = FakeCairn.Fault.answer(ScriptedAnswer(503, ["Content-Type": "text/plain"], text: "busy"))
        fake.change { $0.faults["POST /v1/uploads/id/proofs"] = Array(repeating: busy, count: 8) }
        let receipt = try await put(fake, bytes)
        #expect(try completed(fake).bytes == bytes && fake.now.chunks.count == 20 && receipt.known == 0)
    }

    @Test func `a chunk at several places is sent once`() async throws {
        let fake = FakeCairn(isNative: true)
        let same = noise(Self.chunk)
        let bytes = same + noise(Self.chunk, seed: 2) + same + same
        let receipt = try await put(fake, bytes)
        #expect(fake.now.chunks.count == 2)
        #expect(try completed(fake).bytes == bytes)
        #expect(receipt.known == Int64(2 * Self.chunk))
    }

    @Test func `a chunk that compresses travels as a block`() async throws {
        let fake = FakeCairn(isNative: true)
        let bytes = (0..<4 * Self.chunk).map { UInt8(truncatingIfNeeded: $0 / 1000) }
        let receipt = try await put(fake, bytes)
        #expect(fake.now.chunks.allSatisfy { $0.isBlock && $0.wireLength < Self.chunk })
        #expect(try completed(fake).bytes == bytes)
        #expect(receipt.sent < Int64(bytes.count) && receipt.known == 0)
    }

    @Test func `a finished file is known, and no byte is sent`() async throws {
        let fake = FakeCairn(isNative: true)
        let first = try await put(fake)
        let received = fake.now.received
        let second = try await put(fake)
        #expect(second.sent == 0 && second.known == second.length && second.address.id == first.address.id)
        #expect(fake.now.received == received)
    }

    @Test func `only the chunks that differ are sent`() async throws {
        let fake = FakeCairn(isNative: true)
        let chunks = stride(from: 0, to: Self.file.count, by: Self.chunk).map {
            Array(Self.file[$0..<min($0 + Self.chunk, Self.file.count)])
        }
        let digests = chunks.map { Digest(hashing: $0.span) }
        fake.change { $0.stored = Dictionary(uniqueKeysWithValues: zip(digests, chunks)) }
        fake.change { $0.stored[digests[4]] = nil }
        let receipt = try await put(fake)
        #expect(fake.now.chunks.map(\.digest) == [digests[4]])
        #expect(receipt.known == receipt.length - Int64(Self.chunk))
    }

    @Test func `other entries under the same name are another file`() async throws {
        let fake = FakeCairn(
            faults: ["POST /v1/uploads/id/complete": [.answer(ScriptedAnswer(403, text: ""))]], isNative: true)
        await #expect(throws: ClientError.self) { try await put(fake) }
        let events = Events()
        let receipt = try await put(fake, noise(Self.file.count, seed: 9), events: events)
        #expect(receipt.changed && events.all.contains(.changed))
        #expect(try completed(fake).bytes == noise(Self.file.count, seed: 9))
    }

    @Test func `an upload that was begun goes on, and what it has is not sent again`() async throws {
        let fake = FakeCairn(
            faults: ["POST /v1/uploads/id/complete": [.answer(ScriptedAnswer(403, text: ""))]], isNative: true)
        await #expect(throws: ClientError.self) { try await put(fake) }
        let before = fake.now.chunks.count
        let events = Events()
        let receipt = try await put(fake, events: events)
        #expect(fake.now.chunks.count == before && receipt.sent == 0 && !receipt.changed)
        #expect(events.all.contains { if case .resumed = $0 { true } else { false } })
    }

    @Test(arguments: [
        "POST /v1/uploads", "PATCH /v1/uploads/id/manifest", "POST /v1/uploads/id/chunks",
        "POST /v1/uploads/id/complete",
    ])
    func `a request whose answer is lost is made again, and costs no chunk twice`(route: String) async throws {
        let fake = FakeCairn(faults: [route: [.mute]], isNative: true)
        let events = Events()
        _ = try await put(fake, events: events)
        #expect(try completed(fake).bytes == Self.file)
        #expect(fake.now.chunks.count == 11 && !events.setbacks.isEmpty)
    }

    @Test func `a body that is cut is followed by what is still missing`() async throws {
        let cut = FakeCairn.Fault.cut(after: 2 * (Self.chunk + 41) + 10)
        let fake = FakeCairn(faults: ["POST /v1/uploads/id/chunks": [cut]], isNative: true)
        _ = try await put(fake)
        #expect(try completed(fake).bytes == Self.file)
        #expect(fake.now.chunks.count == 11)
    }

    @Test func `tries without progress end`() async throws {
        let cuts = (0..<100).map { _ in FakeCairn.Fault.cut(after: 0) }
        await #expect {
            try await put(FakeCairn(faults: ["POST /v1/uploads/id/chunks": cuts], isNative: true))
        } throws: {
            guard case ClientError.unavailable = $0 else { return false }
            return true
        }
    }

    @Test func `a server that is busy is asked again when it says`() async throws {
        let busy = FakeCairn.Fault.answer(ScriptedAnswer(503, ["Retry-After": "3600"], text: ""))
        let events = Events()
        var policy = impatient
        policy.firstPause = .zero
        _ = try await put(
            FakeCairn(faults: ["POST /v1/uploads": [busy]], isNative: true), policy: policy, events: events)
        let pauses = events.all.compactMap { if case .retrying(let pause, _) = $0 { pause } else { nil } }
        #expect(pauses == [policy.retryAfterLimit])
    }

    @Test func `a request that is taken over is made again`() async throws {
        let problem = #"{"type":"/problems/taken-over","title":"Taken over","status":409}"#
        let answer = ScriptedAnswer(409, ["Content-Type": "application/problem+json"], text: problem)
        let fake = FakeCairn(faults: ["PATCH /v1/uploads/id/manifest": [.answer(answer)]], isNative: true)
        _ = try await put(fake)
        #expect(try completed(fake).bytes == Self.file)
    }

    @Test func `a chunk that the server lost is sent again`() async throws {
        let fake = FakeCairn(faults: ["POST /v1/uploads/id/complete": [.lose(3), .lose(0)]], isNative: true)
        _ = try await put(fake)
        #expect(try completed(fake).bytes == Self.file)
        #expect(fake.now.chunks.count == 13)
    }

    @Test func `an upload that the server forgot is begun again`() async throws {
        let fake = FakeCairn(faults: ["PATCH /v1/uploads/id/manifest": [.forget]], isNative: true)
        _ = try await put(fake)
        #expect(try completed(fake).bytes == Self.file)
    }

    @Test func `a server that states another content id is not believed`() async throws {
        let lie = ScriptedAnswer(201, text: #"{"id":"x","state":"complete","offset":1,"contentId":"00"}"#)
        await #expect {
            try await put(FakeCairn(faults: ["POST /v1/uploads/id/complete": [.answer(lie)]], isNative: true))
        } throws: {
            guard case ClientError.wrongBytes = $0 else { return false }
            return true
        }
    }

    @Test(arguments: ["2-99999999", "x", ""]) func `an answer about other entries is not understood`(ranges: String)
        async throws
    {
        let text = #"{"index":7000000,"count":9,"missing":{"ranges":"\#(ranges)"}}"#
        let fake = FakeCairn(
            faults: ["PATCH /v1/uploads/id/manifest": [.answer(ScriptedAnswer(200, text: text))]], isNative: true)
        await #expect {
            try await put(fake)
        } throws: {
            guard case ClientError.notUnderstood = $0 else { return false }
            return true
        }
    }

    @Test func `over a slow line a break costs only what was on its way`() async throws {
        let bytes = noise(300 * Self.chunk)
        let cuts = [100_000, 5, 3_000_000].map { FakeCairn.Fault.cut(after: $0) }
        let fake = FakeCairn(faults: ["PATCH /v1/uploads/id": cuts], isNative: true)
        var policy = impatient
        policy.slow = .zero
        let receipt = try await put(fake, bytes, policy: policy)
        #expect(try completed(fake).bytes == bytes)
        #expect(fake.now.appended > 3)
        #expect(fake.now.received <= bytes.count + 41 * fake.now.chunks.count, "no byte came twice")
        #expect(receipt.known == 0)
    }

    @Test func `holes are neither sent nor more than one chunk of zeros`() async throws {
        let fake = FakeCairn(isNative: true)
        let receipt = try await withFolder { folder throws in
            let path = try folder.file("a.bin", [1])
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.truncate(atOffset: UInt64(100 * Self.chunk + 5))
            try handle.close()
            return try await withServer(fake) { remote throws(ClientError) in
                try await remote.put(path, metadata: Metadata(name: "a.bin"))
            }
        }
        #expect(fake.now.chunks.count == 3, "the first, one of zeros, and the short last one")
        #expect(try completed(fake).bytes == [1] + [UInt8](repeating: 0, count: 100 * Self.chunk + 4))
        #expect(receipt.length == Int64(100 * Self.chunk + 5) && receipt.known == Int64(98 * Self.chunk))
    }

    @Test func `a file that changes while it is sent is noticed, and nothing is completed`() async throws {
        let fake = FakeCairn(faults: ["POST /v1/uploads/id/chunks": [.mute]], isNative: true)
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", Self.file)
            let events: @Sendable (TransferEvent) -> Void = { event in
                guard case .retrying = event else { return }
                #expect(throws: Never.self) {
                    try FileHandle(forWritingTo: URL(filePath: path)).write(contentsOf: Data([1, 2, 3]))
                }
            }
            try await ScriptedServer.running(fake) { server in
                let address = try #require(ServerAddress(server.address))
                await #expect(throws: ClientError.changed(path: path)) {
                    try await Remote.connected(to: address, policy: impatient, report: events) {
                        remote throws(ClientError) in try await remote.put(path, metadata: Metadata(name: "a.bin"))
                    }
                }
            }
        }
        #expect(!fake.now.uploads.values.contains { $0.isComplete })
    }
}
