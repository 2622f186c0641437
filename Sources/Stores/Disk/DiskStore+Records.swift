import CairnContent
package import CairnEngine
import NIOCore

/// Records of complete files: what a lost ledger is made anew from.
extension DiskStore {
    package func publish(_ record: FileRecord) async throws(StoreError) {
        let candidate = try await threads.work.run { [self] () throws(StoreError) in try write(record) }
        for verdict in await cycle.commit([candidate]) { _ = try verdict.get() }
    }

    package func withdraw(_ id: UploadID, at moment: Timestamp) async throws(StoreError) {
        try await setAside([(Folder(of: id), id.description)], at: moment)
    }

    package func recorded() async throws(StoreError) -> [UploadID] {
        var ids: [UploadID] = []
        for part in 0..<Folders.manifestFolderCount {
            ids += try await threads.work.run { [self] () throws(StoreError) in
                do throws(FileSystemError) {
                    return try folders.open(Folder(manifestPart: part)).names().compactMap(UploadID.init)
                } catch { throw error.storeError }
            }
        }
        return ids
    }

    package func record(of id: UploadID) async throws(StoreError) -> FileRecord? {
        try await threads.work.run { [self] () throws(StoreError) in
            do throws(FileSystemError) {
                let file = try folders.open(Folder(of: id)).file(id.description, for: .reading)
                let record = FileRecord(try file.read(min(try file.length(), FileRecord.lengthLimit), at: 0))
                return record?.id == id ? record : nil
            } catch .absent {
                return nil
            } catch {
                throw error.storeError
            }
        }
    }

    private func write(_ record: FileRecord) throws(StoreError) -> Candidate {
        let bytes = record.bytes
        try admission.admit(bytes.readableBytes)
        do {
            let file = try folders.temporary.makeFile()
            try file.write(bytes.readableBytesUInt8Span, at: 0)
            return Candidate(
                .ours(file), Folder(of: record.id), record.id.description, length: bytes.readableBytes,
                accepts: { file throws(FileSystemError) in try file.read(bytes.readableBytes + 1, at: 0) == bytes })
        } catch {
            throw error.storeError
        }
    }
}
