import CairnContent
public import CairnEngine
import HTTPTypes
import NIOHTTP1
public import NIOCore
import _NIOFileSystem

extension Remote {
    /// What the server says of a file.
    public func describe(_ id: UploadID) async throws(ClientError) -> FileDescription {
        try FileDescription(try await ask(.HEAD, "/v1/files/\(id)"))
    }

    /// Brings a file to `path`; what an earlier run left in `<path>.<content id>.part` is verified, not fetched again.
    ///
    /// - Parameter replacing: Whether another file at `path` may be overwritten.
    /// - Returns: The bytes that were fetched.
    public func get(
        _ id: UploadID, _ description: FileDescription, to path: String, replacing: Bool = false
    ) async throws(ClientError) -> Int64 {
        let manifest = try await manifest(of: id, description)
        let stands = try await Self.stands(path)
        if stands, try await LocalFile.opened(path, { file throws(ClientError) in try await file.holds(manifest) }) {
            return 0
        }
        guard !stands || replacing else { throw .exists(path: path) }
        return try await PartialFile.opened(for: path, manifest.contentID) { part throws(ClientError) in
            let fetched = try await fill(part, id, manifest)
            try await part.finish(length: manifest.length, replacing: stands)
            return fetched
        }
    }

    /// Hands a file's bytes to `sink` in order, each chunk verified before its first byte.
    public func get(
        _ id: UploadID, _ description: FileDescription, into sink: (ByteBuffer) async throws(ClientError) -> Void
    ) async throws(ClientError) {
        let manifest = try await manifest(of: id, description)
        var downloader = Downloader(remote: self, id: id, manifest: manifest)
        try await downloader.fetch(0..<manifest.entries.count) { index, chunk throws(ClientError) in
            try await sink(chunk)
            report(.acknowledged(offset: manifest.end(of: index), of: manifest.length))
        }
    }

    private static func stands(_ path: String) async throws(ClientError) -> Bool {
        do {
            return try await FileSystem.shared.info(forFileAt: FilePath(path)) != nil
        } catch {
            throw .failedIO(path: path, reason: error.reason)
        }
    }

    /// Several connections fetch a run of chunks each, and write it where it belongs.
    private func fill(_ part: PartialFile, _ id: UploadID, _ manifest: Manifest) async throws(ClientError) -> Int64 {
        let missing = try await part.missing(of: manifest)
        let lacking = missing.joined().reduce(0) { $0 + Int64(manifest.entries[$1].length) }
        if 0 < lacking, lacking < manifest.length { report(.resumed(offset: manifest.length - lacking)) }
        let work = Watched(DownloadPlan(missing, chunkLength: manifest.chunkSize.length))
        let known = manifest.length - lacking
        let result = await withTaskGroup(of: Result<Void, ClientError>.self) { group -> Result<Void, ClientError> in
            for _ in 0..<Self.fetchLanes {
                group.addTask { await fetch(work, into: part, id, manifest, known: known) }
            }
            for await ended in group {
                guard case .failure = ended else { continue }
                group.cancelAll()
                return ended
            }
            return .success(())
        }
        try result.get()
        return work.now.fetched
    }

    /// How many connections fetch one file.
    private static let fetchLanes = 3

    /// One connection's share of the work: run after run until none is left.
    private func fetch(
        _ work: Watched<DownloadPlan>, into part: PartialFile, _ id: UploadID, _ manifest: Manifest, known: Int64
    ) async -> Result<Void, ClientError> {
        var downloader = Downloader(remote: self, id: id, manifest: manifest)
        do throws(ClientError) {
            while let run = work.change({ $0.next() }) {
                try await downloader.fetch(run) { index, chunk throws(ClientError) in
                    try await part.write(chunk, at: manifest.offset(of: index))
                    let fetched = work.change { $0.fetched(chunk.readableBytes) }
                    report(.acknowledged(offset: known + fetched, of: manifest.length))
                }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// The manifest of a complete file: believed only as far as its root is the content id.
    private func manifest(
        of id: UploadID, _ description: FileDescription
    ) async throws(ClientError) -> Manifest {
        let answer = try await ask(.GET, "/v1/files/\(id)/manifest", accept: Self.manifestType)
        let manifest: Manifest
        do {
            manifest = try Manifest(bytes: answer.body.readableBytesUInt8Span)
        } catch {
            throw .wrongBytes("the manifest is damaged (\(error))")
        }
        guard manifest.contentID == description.contentID, manifest.length == description.length else {
            throw .wrongBytes("the manifest is of another file than \(description.contentID)")
        }
        return manifest
    }

    private static let manifestType = "application/vnd.cairn.manifest, application/problem+json"
}

extension Manifest {
    /// Where the chunk of the entry at `index` ends, in bytes from the start of the file.
    fileprivate func end(of index: Int) -> Int64 { offset(of: index) + Int64(entries[index].length) }
}
