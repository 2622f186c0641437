import CairnClient
import CairnContent
import CairnEngine
import Foundation
import Synchronization
import Testing

@Suite struct `Asking a server` {
    private static let files = (1...3).map { FakeUpload(bytes: content($0), isComplete: true) }

    private static func fake() -> FakeCairn {
        let uploads = files.enumerated().map { ("\($0.offset)", $0.element) } + [("open", FakeUpload(bytes: [1]))]
        return FakeCairn(uploads: Dictionary(uniqueKeysWithValues: uploads))
    }

    @Test func `every page of the list is read`() async throws {
        let seen = Mutex<[String]>([])
        try await withServer(Self.fake()) { remote throws(ClientError) in
            try await remote.files { file in seen.withLock { $0.append(file.id) } }
        }
        #expect(seen.withLock { $0 } == Self.files.map { "\($0.id)" }.sorted())
    }

    @Test func `a removed file is gone, and removing it again says so`() async throws {
        let fake = Self.fake()
        try await withServer(fake) { remote throws(ClientError) in try await remote.remove(Self.files[0].id) }
        #expect(fake.now.uploads.count == 3)
        await #expect(throws: ClientError.notFound) {
            try await withServer(fake) { remote throws(ClientError) in try await remote.remove(Self.files[0].id) }
        }
    }

    @Test func `a comparison tells how much is there, and whether it is the same`() async throws {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", content(200_000))
            let fake = FakeCairn()
            let none = FakeCairn.Fault.cut(after: 0)
            let cut = FakeCairn(faults: ["POST /upload": [.cut(after: 100_000), none, none, none]])
            await #expect(throws: ClientError.self) {
                try await withServer(cut) { remote throws(ClientError) in
                    try await remote.put(path, metadata: Metadata(name: "a.bin"))
                }
            }
            let nothing = try await compare(path, fake)
            #expect(nothing.upload == nil && nothing.agrees == nil)
            let half = try await compare(path, cut)
            #expect(half.upload?.offset == 100_000 && half.upload?.state == "open" && half.agrees == true)
            cut.change { state in
                state.uploads = state.uploads.mapValues { FakeUpload(bytes: $0.bytes.dropLast() + [0]) }
            }
            #expect(try await compare(path, cut).agrees == false)
            #expect(!cut.now.seen.suffix(2).contains("GET /status"))
        }
    }

    private func compare(_ path: String, _ fake: FakeCairn) async throws -> Comparison {
        try await withServer(fake) { remote throws(ClientError) in try await remote.compare(path, name: "a.bin") }
    }

    @Test func `a content id is the same here and there`() async throws {
        try await withFolder { folder throws in
            let path = try folder.file("a", content(200_000))
            let content = try await LocalContent(of: path, chunkSize: .minimum)
            #expect("\(content.contentID)" == "4816a93270c730abf10c3eeb7453351e66da814f3f82d8e9874383c861bf56d4")
        }
    }
}
