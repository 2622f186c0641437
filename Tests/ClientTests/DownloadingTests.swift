import CairnClient
import CairnContent
import CairnEngine
import Foundation
import NIOCore
import ScriptedServer
import Synchronization
import Testing

@Suite struct `Getting a file` {
    private static let chunk = FakeCairn.chunkSize.length
    private static let upload = FakeUpload(bytes: content(300_000), name: "folder/a.bin", isComplete: true)
    /// What an earlier run leaves of it beside `a`.
    private static let partName = "a.\(upload.manifest.contentID.description.prefix(8)).part"

    private func get(
        _ fake: FakeCairn, to path: String, replacing: Bool = false, events: Events = Events()
    ) async throws -> Int64 {
        try await withServer(fake, events: events) { remote throws(ClientError) in
            let description = try await remote.describe(Self.upload.id)
            return try await remote.get(Self.upload.id, description, to: path, replacing: replacing)
        }
    }

    private func fake(_ faults: [FakeCairn.Fault] = []) -> FakeCairn {
        FakeCairn(uploads: ["x": Self.upload], faults: ["GET /v1/files/id": faults])
    }

    private func expectWrongBytes(_ work: () async throws -> Void) async {
        await #expect {
            try await work()
        } throws: {
            guard case ClientError.wrongBytes = $0 else { return false }
            return true
        }
    }

    @Test func `a file arrives under its name, and nothing else is left`() async throws {
        try await withFolder { folder throws in
            let path = folder.appending(path: "a").path
            #expect(try await get(fake(), to: path) == 300_000)
            #expect(try bytes(at: path) == Self.upload.bytes)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
        }
    }

    @Test(arguments: [0, 1, chunk, chunk + 1])
    func `files of every length arrive`(length: Int) async throws {
        let file = FakeUpload(id: Self.upload.id, bytes: content(length), isComplete: true)
        try await withFolder { folder throws in
            let path = folder.appending(path: "a").path
            #expect(try await get(FakeCairn(uploads: ["x": file]), to: path) == Int64(length))
            #expect(try bytes(at: path) == content(length))
        }
    }

    @Test func `what an earlier run left is verified and not fetched again`() async throws {
        try await withFolder { folder throws in
            var left = Array(Self.upload.bytes[..<200_000])
            left[70_000] ^= 1
            _ = try folder.file(Self.partName, left)
            let path = folder.appending(path: "a").path
            // Chunks 0 and 2 are whole and right; 1 has a wrong byte, 3 is cut, 4 is not there.
            #expect(try await get(fake(), to: path) == Int64(300_000 - 2 * Self.chunk))
            #expect(try bytes(at: path) == Self.upload.bytes)
        }
    }

    @Test func `what was left of another file is not touched`() async throws {
        try await withFolder { folder throws in
            let other = try folder.file("a.00000000.part", [1, 2, 3])
            let path = folder.appending(path: "a").path
            #expect(try await get(fake(), to: path) == 300_000)
            #expect(try bytes(at: other) == [1, 2, 3])
        }
    }

    @Test func `a link where the download would be written is not followed`() async throws {
        try await withFolder { folder throws in
            let other = try folder.file("other", [1, 2, 3])
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(path: Self.partName).path, withDestinationPath: other)
            await #expect(throws: ClientError.self) { try await get(fake(), to: folder.appending(path: "a").path) }
            #expect(try bytes(at: other) == [1, 2, 3])
        }
    }

    @Test func `a longer left-over is cut`() async throws {
        try await withFolder { folder throws in
            _ = try folder.file(Self.partName, Self.upload.bytes + [1, 2, 3])
            let path = folder.appending(path: "a").path
            #expect(try await get(fake(), to: path) == 0)
            #expect(try bytes(at: path) == Self.upload.bytes)
        }
    }

    @Test func `a broken connection is followed by the rest`() async throws {
        let fake = fake([.part(length: 100_000), .part(length: 10)])
        try await withFolder { folder throws in
            let path = folder.appending(path: "a").path
            _ = try await get(fake, to: path)
            #expect(try bytes(at: path) == Self.upload.bytes)
        }
    }

    @Test func `a wrong byte is fetched again, and never kept`() async throws {
        let events = Events()
        try await withFolder { folder throws in
            let path = folder.appending(path: "a").path
            _ = try await get(fake([.spoil(at: 100_000)]), to: path, events: events)
            #expect(try bytes(at: path) == Self.upload.bytes)
            #expect(events.setbacks.count == 1)
        }
    }

    @Test func `a server that goes on sending wrong bytes fails verification`() async throws {
        try await withFolder { folder throws in
            let path = folder.appending(path: "a").path
            await expectWrongBytes {
                _ = try await get(fake([.spoil(at: 1), .spoil(at: 1), .spoil(at: 1)]), to: path)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `a manifest of another file fails verification`() async throws {
        let other = FakeUpload(bytes: content(300_000, seed: 9)).manifest.bytes
        let answer = FakeCairn.Fault.answer(ScriptedAnswer(200, [:], other))
        let fake = FakeCairn(uploads: ["x": Self.upload], faults: ["GET /v1/files/id/manifest": [answer]])
        try await withFolder { folder throws in
            await expectWrongBytes { _ = try await get(fake, to: folder.appending(path: "a").path) }
        }
    }

    @Test func `a damaged manifest fails verification`() async throws {
        let fake = FakeCairn(uploads: ["x": Self.upload], faults: ["GET /v1/files/id/manifest": [.spoil(at: 40)]])
        try await withFolder { folder throws in
            await expectWrongBytes { _ = try await get(fake, to: folder.appending(path: "a").path) }
        }
    }

    @Test func `the same file at that place is left as it is`() async throws {
        try await withFolder { folder throws in
            let path = try folder.file("a", Self.upload.bytes)
            #expect(try await get(fake(), to: path) == 0)
        }
    }

    @Test func `another file at that place is not touched unless that is asked for`() async throws {
        try await withFolder { folder throws in
            let path = try folder.file("a", [1, 2, 3])
            await #expect(throws: ClientError.exists(path: path)) { try await get(fake(), to: path) }
            #expect(try bytes(at: path) == [1, 2, 3])
            _ = try await get(fake(), to: path, replacing: true)
            #expect(try bytes(at: path) == Self.upload.bytes)
        }
    }

    @Test func `a stream of it is verified before it is handed out`() async throws {
        let received = Mutex<[UInt8]>([])
        let fake = fake([.part(length: 100_000), .spoil(at: 70_000)])
        try await withServer(fake) { remote throws(ClientError) in
            let description = try await remote.describe(Self.upload.id)
            try await remote.get(Self.upload.id, description) { chunk throws(ClientError) in
                received.withLock { $0 += chunk.readableBytesView }
            }
        }
        #expect(received.withLock { $0 } == Self.upload.bytes)
    }

    @Test func `the name is the last piece of the file's name`() async throws {
        let description = try await withServer(fake()) { remote throws(ClientError) in
            try await remote.describe(Self.upload.id)
        }
        #expect(description.name == "a.bin" && description.length == 300_000)
    }

    @Test func `a file that is not there is an error of its own`() async throws {
        await #expect(throws: ClientError.notFound) {
            try await withServer(FakeCairn()) { remote throws(ClientError) in try await remote.describe(UploadID()) }
        }
    }
}

@Suite struct `Putting chunks together` {
    @Test(arguments: [1, 7, 65_535, 65_536, 65_537, 200_000])
    func `any split of the bytes gives the same chunks`(length: Int) throws {
        let file = FakeUpload(bytes: content(200_000))
        var assembler = ChunkAssembler(file.manifest, from: 0)
        var chunks: [ByteBuffer] = []
        for start in stride(from: 0, to: 200_000, by: length) {
            var part = ByteBuffer(bytes: file.bytes[start..<min(start + length, 200_000)])
            while part.readableBytes > 0 {
                if let chunk = try assembler.take(from: &part) { chunks.append(chunk) }
            }
        }
        #expect(chunks.map(\.readableBytes) == file.manifest.entries.map(\.length))
        #expect(chunks.flatMap { Array($0.readableBytesView) } == file.bytes)
    }

    @Test func `a byte too many is refused`() throws {
        let file = FakeUpload(bytes: [1, 2, 3])
        var assembler = ChunkAssembler(file.manifest, from: 0)
        var part = ByteBuffer(bytes: [1, 2, 3, 4])
        #expect(try assembler.take(from: &part) != nil)
        #expect(throws: ClientError.self) { try assembler.take(from: &part) }
    }
}
