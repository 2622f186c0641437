import CairnClient
import CairnContent
import CairnEngine
import Foundation
import ScriptedServer
import Testing

@Suite struct `Putting a file` {
    private static let chunk = FakeCairn.chunkSize.length
    private static let file = content(200_000)

    private func put(
        _ fake: FakeCairn, _ bytes: [UInt8] = Self.file, name: String = "a.bin", policy: RetryPolicy = impatient,
        events: Events = Events()
    ) async throws -> Receipt {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", bytes)
            return try await withServer(fake, policy: policy, events: events) { remote throws(ClientError) in
                try await remote.put(path, metadata: Metadata(name: name))
            }
        }
    }

    /// What a server has that received the first `length` bytes of the file at `path` earlier.
    private func begun(_ path: String, _ bytes: [UInt8], complete: Bool = false) throws -> FakeCairn {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let modified = try #require(attributes[.modificationDate] as? Date)
        let length = try #require(attributes[.size] as? Int)
        let milliseconds = Int64((modified.timeIntervalSince1970 * 1000).rounded(.down))
        let key = FileKey(name: "a.bin", length: Int64(length), modified: milliseconds)
        return FakeCairn(uploads: ["\(key)": FakeUpload(bytes: bytes, isComplete: complete)])
    }

    private func resume(
        _ begun: [UInt8], complete: Bool = false, events: Events = Events()
    ) async throws -> (Receipt, FakeCairn.State) {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", Self.file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: path)
            let fake = try self.begun(path, begun, complete: complete)
            let receipt = try await withServer(fake, events: events) { remote throws(ClientError) in
                try await remote.put(path, metadata: Metadata(name: "a.bin"))
            }
            return (receipt, fake.now)
        }
    }

    @Test func `a whole file arrives, and its content id is known on both sides`() async throws {
        let fake = FakeCairn()
        let receipt = try await put(fake)

        let upload = try #require(fake.now.uploads.values.first)
        #expect(upload.bytes == Self.file)
        #expect(upload.isComplete)
        #expect(receipt.contentID == upload.manifest.contentID)
        #expect(receipt.address.id == upload.id)
        #expect(receipt.length == 200_000 && receipt.sent == 200_000 && receipt.known == 0 && !receipt.changed)
    }

    @Test(arguments: [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 1 << 20, (1 << 20) + 1])
    func `files of every length arrive`(length: Int) async throws {
        let fake = FakeCairn()
        let receipt = try await put(fake, content(length))
        let upload = try #require(fake.now.uploads.values.first)
        #expect(upload.bytes.count == length && upload.isComplete && receipt.length == Int64(length))
    }

    @Test(arguments: ["ünïcode Ω 文件.bin", "photos/2026/a b.jpg", "quote\"d.bin", "100%.txt"])
    func `names in any script arrive as they are`(name: String) async throws {
        let fake = FakeCairn()
        let receipt = try await put(fake, name: name)
        #expect(receipt.name == name)
        #expect(fake.now.uploads.values.first?.name == name)
    }

    @Test(arguments: [1, chunk - 1, chunk, chunk + 1, 199_999])
    func `what is there with the right digest is not sent again`(offset: Int) async throws {
        let (receipt, state) = try await resume(Array(Self.file[..<offset]))
        #expect(receipt.sent == Int64(200_000 - offset) && state.received == 200_000 - offset)
        #expect(state.uploads.values.first?.bytes == Self.file)
        #expect(!receipt.changed)
    }

    @Test func `a file that is there as a whole is known, and no byte is sent`() async throws {
        let (receipt, state) = try await resume(Self.file, complete: true)
        #expect(receipt.known == receipt.length && receipt.sent == 0 && state.received == 0)
    }

    @Test func `other bytes under the same name are not glued onto`() async throws {
        let events = Events()
        let (receipt, state) = try await resume(content(100_000, seed: 4), events: events)
        #expect(receipt.changed && receipt.sent == 200_000)
        #expect(events.all.contains(.changed))
        #expect(state.uploads.values.first?.bytes == Self.file)
    }

    @Test func `more bytes than the file has are not glued onto`() async throws {
        let (receipt, state) = try await resume(Self.file + [1])
        #expect(receipt.changed && state.uploads.values.first?.bytes == Self.file)
    }

    @Test func `the append is guarded by the digest of what is there`() async throws {
        let (_, state) = try await resume(Array(Self.file[..<100_000]))
        #expect(state.appends.first?["if-upload-prefix"] != nil)
        #expect(state.appends.first?["x-start-byte"] == "100000")
        #expect(state.appends.first?["x-file-size"] == "200000")
    }

    @Test func `a cut connection is followed by a question and the rest`() async throws {
        let fake = FakeCairn(faults: ["POST /upload": [.cut(after: 70_000), .cut(after: 30_000)]])
        let receipt = try await put(fake)
        let state = fake.now
        #expect(state.uploads.values.first?.bytes == Self.file)
        #expect(state.appends.map { $0["x-start-byte"] } == ["0", "70000", "100000"])
        #expect(receipt.length == 200_000)
    }

    @Test func `tries count anew whenever there was progress`() async throws {
        let cuts = (0..<10).map { _ in FakeCairn.Fault.cut(after: 1000) }
        let fake = FakeCairn(faults: ["POST /upload": cuts])
        _ = try await put(fake)
        #expect(fake.now.uploads.values.first?.bytes == Self.file)
    }

    @Test func `tries without progress end`() async throws {
        let events = Events()
        let cuts = (0..<10).map { _ in FakeCairn.Fault.cut(after: 0) }
        await #expect(throws: ClientError.self) {
            try await put(FakeCairn(faults: ["POST /upload": cuts]), events: events)
        }
        #expect(events.setbacks.count == impatient.tries - 1)
    }

    @Test func `a server that is busy is asked again when it says`() async throws {
        let busy = ScriptedAnswer(503, ["Retry-After": "3600"], text: "")
        let events = Events()
        var policy = impatient
        policy.firstPause = .zero
        _ = try await put(FakeCairn(faults: ["POST /upload": [.answer(busy)]]), policy: policy, events: events)
        let pauses = events.all.compactMap { if case .retrying(let pause, _) = $0 { pause } else { nil } }
        #expect(pauses == [policy.retryAfterLimit])
    }

    @Test func `a server that stays busy is an error that says so`() async throws {
        let busy = FakeCairn.Fault.answer(ScriptedAnswer(507, ["Content-Type": "text/plain"], text: "No space left"))
        await #expect(throws: ClientError.busy(Refusal(status: 507, problem: nil, text: "No space left"))) {
            try await put(FakeCairn(faults: ["POST /upload": [busy, busy, busy]]))
        }
    }

    @Test func `a refusal ends at once, with the server's own words`() async throws {
        let problem = #"{"type":"/problems/too-large","title":"Over a limit","detail":"The limit is 5.","status":413}"#
        let answer = ScriptedAnswer(413, ["Content-Type": "application/problem+json"], text: problem)
        let events = Events()
        let refusal = Refusal(status: 413, problem: "too-large", text: "Over a limit: The limit is 5.")
        await #expect(throws: ClientError.refused(refusal)) {
            try await put(FakeCairn(faults: ["POST /upload": [.answer(answer)]]), events: events)
        }
        #expect(events.setbacks.isEmpty)
    }

    @Test(arguments: [401, 403])
    func `a missing right is told apart`(status: Int) async throws {
        let answer = FakeCairn.Fault.answer(ScriptedAnswer(status, text: ""))
        await #expect(throws: ClientError.notAllowed(Refusal(status: status, problem: nil, text: ""))) {
            try await put(FakeCairn(faults: ["GET /status": [answer]]))
        }
    }

    @Test func `a server that states another digest in the end is not believed`() async throws {
        await #expect {
            try await put(FakeCairn(faults: ["POST /upload": [.lie]]))
        } throws: {
            guard case ClientError.wrongBytes = $0 else { return false }
            return true
        }
    }

    @Test func `a server that lies about the prefix gets the whole file`() async throws {
        let fake = FakeCairn(faults: ["POST /upload": [.cut(after: 100_000)], "GET /status": [.lie, .lie]])
        let receipt = try await put(fake)
        #expect(receipt.changed && receipt.sent > 200_000)
        #expect(fake.now.uploads.values.first?.bytes == Self.file)
    }

    @Test func `an offset without a digest is no Cairn server`() async throws {
        let answer = ScriptedAnswer(200, text: "1000")
        await #expect {
            try await put(FakeCairn(faults: ["GET /status": [.answer(answer)]]))
        } throws: {
            guard case ClientError.notUnderstood = $0 else { return false }
            return true
        }
    }

    /// A policy that gives up on a silence; long against what a busy machine takes for an answer.
    private var attentive: RetryPolicy {
        var policy = impatient
        policy.tries = 10
        policy.stall = .seconds(2)
        return policy
    }

    @Test func `a connection on which nothing moves counts as broken`() async throws {
        // More than the buffers on the way hold, so that the body cannot end.
        let length = 16 << 20
        let fake = FakeCairn(faults: ["POST /upload": [.silence(after: 100_000)]])
        let events = Events()
        let receipt = try await put(fake, content(length), policy: attentive, events: events)
        #expect(receipt.length == Int64(length))
        #expect(events.setbacks.contains(.unavailable(cause: "nothing moved for 2.0 seconds")))
        #expect(events.all.contains(.acknowledged(offset: 100_000, of: Int64(length))))
    }

    @Test func `an answer that does not come counts as a broken connection`() async throws {
        let events = Events()
        let fake = FakeCairn(faults: ["POST /upload": [.silence(after: 200_000)]])
        let receipt = try await put(fake, policy: attentive, events: events)
        #expect(receipt.length == 200_000 && !events.setbacks.isEmpty)
    }

    @Test func `progress is what the server has`() async throws {
        let events = Events()
        _ = try await put(FakeCairn(faults: ["POST /upload": [.cut(after: 70_000)]]), events: events)
        let offsets = events.all.compactMap { if case .acknowledged(let offset, _) = $0 { offset } else { nil } }
        #expect(offsets == [70_000, 200_000])
    }

    @Test func `a file that is not there is an error of its own`() async throws {
        await #expect {
            try await withServer(FakeCairn()) { remote throws(ClientError) in
                try await remote.put("/nonexistent/file", metadata: Metadata(name: "x"))
            }
        } throws: {
            guard case ClientError.noInput = $0 else { return false }
            return true
        }
    }

    @Test func `a server that is not there is an error of its own`() async throws {
        let address = try #require(ServerAddress("http://127.0.0.1:1"))
        await #expect {
            try await Remote.connected(to: address, policy: impatient) { remote throws(ClientError) in
                try await remote.files { _ in }
            }
        } throws: {
            guard case ClientError.unavailable = $0 else { return false }
            return true
        }
    }
}

@Suite struct `A file that changes while it is sent` {
    /// Cuts the first append, and changes the file before the second.
    private func put(_ change: @escaping @Sendable (String) throws -> Void) async throws {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", content(200_000))
            let fake = FakeCairn(faults: ["POST /upload": [.cut(after: 70_000)]])
            let events: @Sendable (TransferEvent) -> Void = {
                if case .retrying = $0 { #expect(throws: Never.self) { try change(path) } }
            }
            try await ScriptedServer.running(fake) { server in
                let address = try #require(ServerAddress(server.address))
                _ = try await Remote.connected(to: address, policy: impatient, report: events) {
                    remote throws(ClientError) in try await remote.put(path, metadata: Metadata(name: "a.bin"))
                }
            }
        }
    }

    private func expectChange(_ change: @escaping @Sendable (String) throws -> Void) async {
        await #expect {
            try await put(change)
        } throws: {
            guard case ClientError.changed = $0 else { return false }
            return true
        }
    }

    @Test func `growing is found`() async {
        await expectChange { path in
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data([1, 2, 3]))
        }
    }

    @Test func `shrinking is found`() async {
        await expectChange { try FileHandle(forWritingTo: URL(filePath: $0)).truncate(atOffset: 150_000) }
    }

    @Test func `writing in place is found`() async {
        await expectChange { try FileHandle(forWritingTo: URL(filePath: $0)).write(contentsOf: Data([1, 2, 3])) }
    }

    @Test func `being replaced is found`() async {
        await expectChange { path in
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            try FileManager.default.removeItem(atPath: path)
            try Data(content(200_000, seed: 5)).write(to: URL(filePath: path))
            let modified = attributes[.modificationDate] ?? Date()
            try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: path)
        }
    }
}
