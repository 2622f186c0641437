import CairnClient
import CairnContent
import CairnEngine
import Foundation
import ScriptedServer
import Testing

@Suite struct `Digests kept from run to run` {
    private static let chunk = FakeCairn.chunkSize.length
    private static let file = noise(8 * chunk)

    /// Puts the file twice with a change between; returns how often bytes of it had to be compared or digested to find
    /// out what it is: a put that knows the digests begins with the content id.
    private func begins(
        settled: Bool = true, trusted: Bool = true, limit: Int = 256 << 20,
        _ change: (URL, String) throws -> Void = { _, _ in }
    ) async throws -> [Bool] {
        try await withFolder { folder throws in
            let path = try folder.file("a.bin", Self.file)
            let kept = folder.appending(path: "cache")
            // However long this test waits for its turn, such a file has only just been written.
            let soon = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: 3600)]
            if !settled { try FileManager.default.setAttributes(soon, ofItemAtPath: path) }
            if settled { try await Task.sleep(for: .milliseconds(2100)) }
            let fake = FakeCairn(isNative: true)
            for isFirst in [true, false] {
                let cache = DigestCache(folder: kept.path, isTrusted: isFirst || trusted, lengthLimit: limit)
                try await withServer(fake, cache: cache) { remote throws(ClientError) in
                    _ = try await remote.put(path, metadata: Metadata(name: "a.bin"))
                }
                if isFirst { try change(kept, path) }
            }
            return fake.now.begun.map { $0 != nil }
        }
    }

    @Test func `vouch for a file that nobody has touched`() async throws {
        #expect(try await begins() == [false, true])
    }

    @Test func `do not vouch for a file that was just written`() async throws {
        #expect(try await begins(settled: false) == [false, false])
    }

    @Test func `are passed over when they are distrusted`() async throws {
        #expect(try await begins(trusted: false) == [false, false])
    }

    @Test func `do not vouch for a file whose time was set back`() async throws {
        let begins = try await begins { _, path in
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            try FileHandle(forWritingTo: URL(filePath: path)).write(contentsOf: Data([1, 2, 3]))
            let date = try #require(attributes[.modificationDate] as? Date)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        #expect(begins.last == false)
    }

    @Test(arguments: [0, 10, 60, 100, 300]) func `are not believed when they are damaged`(place: Int) async throws {
        let begins = try await begins { cache, _ in
            let record = try #require(try FileManager.default.contentsOfDirectory(atPath: cache.path).first)
            var bytes = try Data(contentsOf: cache.appending(path: record))
            bytes[place] ^= 1
            try bytes.write(to: cache.appending(path: record))
        }
        #expect(begins == [false, false])
    }

    @Test func `are bounded, and the oldest go first`() async throws {
        let begins = try await begins(limit: 400) { cache, _ in
            try Data(repeating: 0, count: 10_000).write(to: cache.appending(path: "old"))
            let date = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1)]
            try FileManager.default.setAttributes(date, ofItemAtPath: cache.appending(path: "old").path)
        }
        #expect(begins == [false, true])
    }
}
