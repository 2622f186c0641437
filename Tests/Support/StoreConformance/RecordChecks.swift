import CairnContent
import CairnEngine

/// `RecordStore`: publishing and withdrawing can be repeated, as whoever was broken off repeats them.
enum RecordChecks {
    static let all = [
        StoreCheck("a record can be published, and again, and changed") { store in
            let id = UploadID()
            for name in ["a file", "a file", "another file"] { try await store.publish(record(id, named: name)) }
        },
        StoreCheck("a record can be withdrawn, and again, and published anew") { store in
            let id = UploadID()
            try await store.publish(record(id, named: "a file"))
            try await store.withdraw(id, at: Timestamp(seconds: 0))
            try await store.withdraw(id, at: Timestamp(seconds: 0))
            try await store.publish(record(id, named: "a file"))
            try await store.withdraw(id, at: Timestamp(seconds: 0))
        },
        StoreCheck("a record that never was can be withdrawn") { store in
            try await store.withdraw(UploadID(), at: Timestamp(seconds: 0))
        },
        StoreCheck("a record is read as it was published last, until it is withdrawn") { store in
            let (one, other) = (UploadID(), UploadID())
            try await store.publish(record(one, named: "first"))
            try await store.publish(record(one, named: "second"))
            try await store.publish(record(other, named: "other"))
            try expect(try await store.record(of: one), is: record(one, named: "second"))
            try expect(Set(try await store.recorded()), is: [one, other])
            try await store.withdraw(one, at: Timestamp(seconds: 0))
            try expect(try await store.record(of: one), is: nil)
            try expect(try await store.recorded(), is: [other])
        },
        StoreCheck("records from many tasks at once are all published") { store in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask { try await store.publish(record(UploadID(), named: "file \(number)")) }
                }
                try await group.waitForAll()
            }
        },
    ]

    private static func record(_ id: UploadID, named name: String) throws -> FileRecord {
        let digests = (0..<3).map { Digest(hashing: noise($0, 10).span) }
        let entries = digests.map { Entry(digest: $0, length: ChunkSize.minimum.length) }
        return FileRecord(
            id: id, owner: .everyone, created: Timestamp(seconds: 1_700_000_000), metadata: Metadata(name: name),
            manifest: try Manifest(chunkSize: .minimum, entries: entries))
    }
}
