import CairnClient
import CairnContent
import CairnEngine
import NIOCore
import ScriptedServer
import Synchronization
import Testing

@Suite struct `Putting a stream` {
    /// A stream of the bytes, in parts of up to `part` bytes.
    private func stream(_ bytes: [UInt8], part: Int) -> @Sendable () async throws(ClientError) -> ByteBuffer {
        let rest = Mutex(bytes[...])
        return {
            rest.withLock { rest in
                defer { rest = rest.dropFirst(part) }
                return ByteBuffer(bytes: rest.prefix(part))
            }
        }
    }

    private func put(
        _ fake: FakeCairn, _ bytes: [UInt8], part: Int = 10_000, events: Events = Events()
    ) async throws -> Receipt {
        let input = stream(bytes, part: part)
        return try await withServer(fake, events: events) { remote throws(ClientError) in
            try await remote.put(stream: input, metadata: Metadata(name: "stdin"))
        }
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func `streams of every length arrive, and their length is declared in the end`(length: Int) async throws {
        let fake = FakeCairn()
        let receipt = try await put(fake, content(length))
        let state = fake.now
        #expect(state.uploads.values.first?.bytes == content(length))
        #expect(receipt.length == Int64(length) && receipt.sent == Int64(length))
        #expect(state.appends.last?["x-file-size"] == "\(length)")
        #expect(state.appends.dropLast().allSatisfy { $0["x-file-size"] == nil })
    }

    @Test func `a cut stream goes on where the server acknowledged`() async throws {
        let fake = FakeCairn(faults: ["POST /upload": [.cut(after: 70_000), .cut(after: 1)]])
        let receipt = try await put(fake, content(200_000))
        let state = fake.now
        #expect(state.uploads.values.first?.bytes == content(200_000))
        #expect(receipt.contentID == state.uploads.values.first?.manifest.contentID)
    }

    @Test func `two streams never share a name`() async throws {
        let fake = FakeCairn()
        _ = try await put(fake, [1])
        _ = try await put(fake, [1])
        #expect(fake.now.uploads.count == 2)
    }

    @Test func `a server that lost what it had gets it again while it is held`() async throws {
        let nothing = FakeCairn.Fault.answer(ScriptedAnswer(200, text: "0"))
        let fake = FakeCairn(faults: ["POST /upload": [.cut(after: 70_000)], "GET /status": [nothing, nothing]])
        let receipt = try await put(fake, content(200_000))
        #expect(receipt.length == 200_000)
        #expect(fake.now.uploads.values.first?.bytes == content(200_000))
    }

    @Test func `bytes that are no longer held are an error that says from where`() async throws {
        let input = stream(content(300_000), part: 1000)
        let source = StreamSource(chunkSize: .minimum, windowLength: 65_536, input: input)
        var offset: Int64 = 0
        while let part = try await source.bytes(at: offset) { offset += Int64(part.readableBytes) }
        await #expect(throws: ClientError.streamLost(offset: 100_000)) { try await source.bytes(at: 100_000) }
        await #expect(throws: ClientError.streamLost(offset: 100_000)) {
            try await source.prefixDigest(at: 100_000, chunkSize: .minimum)
        }
        // The window begins with a chunk, so a digest at its start needs nothing before it.
        let own = try await source.prefixDigest(at: 200_000, chunkSize: .minimum)
        #expect("\(own.map { "\($0)" } ?? "")" == "4816a93270c730abf10c3eeb7453351e66da814f3f82d8e9874383c861bf56d4")
    }
}

@Suite struct `A stream's window` {
    @Test func `what is held can be read from any offset`() {
        var window = StreamWindow()
        for start in stride(from: 0, to: 100, by: 10) {
            window.append(ByteBuffer(bytes: content(100)[start..<start + 10]))
        }
        for offset in 0..<100 {
            let bytes = window.bytes(at: Int64(offset)).map { Array($0.readableBytesView) }
            #expect(bytes == Array(content(100)[offset..<(offset / 10 + 1) * 10]))
        }
        #expect(window.bytes(at: 100) == nil)
    }

    @Test(arguments: [(-1, 0), (0, 0), (9, 0), (10, 10), (15, 10), (99, 90), (100, 100), (500, 100)])
    func `only whole parts before the offset are let go`(offset: Int, start: Int) {
        var window = StreamWindow()
        for _ in 0..<10 { window.append(ByteBuffer(bytes: content(10))) }
        window.drop(before: Int64(offset))
        #expect(window.range == Int64(start)..<100)
        #expect((window.bytes(at: Int64(start)) == nil) == (start == 100))
        #expect(window.bytes(at: Int64(start - 1)) == nil)
    }

    @Test func `it goes on behind what was let go`() {
        var window = StreamWindow()
        window.append(ByteBuffer(bytes: [1, 2]))
        window.drop(before: 2)
        window.append(ByteBuffer(bytes: [3]))
        #expect(window.range == 2..<3 && window.bytes(at: 2) == ByteBuffer(bytes: [3]))
    }
}
