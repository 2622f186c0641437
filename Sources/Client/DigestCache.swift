import CairnContent
import FoundationEssentials
import NIOPosix

/// Digests of local files, kept from run to run: believed as long as path, length, times and inode are the same
/// (spec/decisions/digest-cache.md).
public struct DigestCache: Sendable {
    private let folder: URL
    private let isTrusted: Bool
    private let lengthLimit: Int

    /// - Parameters:
    ///   - folder: Where the digests are kept; made when it is not there.
    ///   - isTrusted: Whether they are read too; they are always written.
    ///   - lengthLimit: How long all of them may be together, in bytes; the oldest go first.
    public init(folder: String, isTrusted: Bool = true, lengthLimit: Int = 256 << 20) {
        self.folder = URL(filePath: folder)
        self.isTrusted = isTrusted
        self.lengthLimit = lengthLimit
    }

    /// The digests kept for the file as it is now, from its first chunk on; none when nothing vouches for them.
    func entries(of file: LocalFile, _ chunkSize: ChunkSize) async -> [Entry] {
        guard isTrusted else { return [] }
        let record = place(of: file, chunkSize)
        let found = await Self.blocking { try? Data(contentsOf: record) }  // what cannot be read is computed anew
        return found.flatMap { DigestRecord(bytes: Array($0), file.stamp, chunkSize)?.entries } ?? []
    }

    /// Keeps the file's first digests. A file that was just written to may change again within the same tick of its
    /// clock, so it is not vouched for.
    func keep(_ entries: [Entry], of file: LocalFile, _ chunkSize: ChunkSize) async {
        guard file.isSettled, !entries.isEmpty else { return }
        let record = DigestRecord(file.stamp, chunkSize, entries)
        let place = place(of: file, chunkSize)
        await Self.blocking {
            // What cannot be kept is computed anew the next time.
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? Data(record.bytes).write(to: place, options: .atomic)
            shrink()
        }
    }

    /// The digests turned out not to be the file's.
    func forget(_ file: LocalFile) async {
        await Self.blocking {
            for shift in 16...24 {
                guard let chunkSize = ChunkSize(1 << shift) else { continue }
                try? FileManager.default.removeItem(at: place(of: file, chunkSize))  // most were never there
            }
        }
    }

    private func place(of file: LocalFile, _ chunkSize: ChunkSize) -> URL {
        let path = URL(filePath: file.path).standardizedFileURL.path
        let name = Digest(hashing: Array("\(chunkSize.length) \(path)".utf8).span)
        return folder.appending(path: "\(name)")
    }

    private func shrink() {
        // A folder that cannot be listed cannot be shrunk either.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var records = names.compactMap { name -> (place: URL, length: Int, written: Date)? in
            let place = folder.appending(path: name)
            guard let facts = try? FileManager.default.attributesOfItem(atPath: place.path),
                let length = facts[.size] as? Int, let written = facts[.modificationDate] as? Date
            else { return nil }  // another run has just removed it
            return (place, length, written)
        }
        records.sort { $0.written < $1.written }
        var length = records.reduce(0) { $0 + $1.length }
        for record in records.dropLast() where length > lengthLimit {
            try? FileManager.default.removeItem(at: record.place)  // it may be gone
            length -= record.length
        }
    }

    private static func blocking<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in continuation.resume(returning: work()) }
        }
    }
}
