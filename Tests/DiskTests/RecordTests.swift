import CairnContent
import CairnDisk
import CairnEngine
import NIOCore
import Testing

@Suite struct `A file record` {
    private let fileSystem = SimulatedFileSystem()

    @Test func `reads back as it was written`() throws {
        let id = UploadID()
        let plain = try record(id, named: "a file")
        let ragged = FileRecord(
            id: id, owner: Principal("someone"), created: Timestamp(seconds: -1),
            metadata: Metadata(name: "Größe/€.txt\u{0}\"", type: "text/plain"),
            manifest: try Manifest(chunkSize: .minimum, entries: [Entry(of: noise(1, 10)), Entry(of: noise(2, 20))]))
        let empty = FileRecord(
            id: id, owner: .everyone, created: Timestamp(seconds: 0), metadata: Metadata(),
            manifest: try Manifest(chunkSize: .standard, entries: []))
        for record in [plain, ragged, empty] { #expect(FileRecord(record.bytes) == record) }
    }

    @Test func `has one coding, so that equal records are equal files`() throws {
        let id = UploadID()
        #expect(try record(id, named: "a file").bytes == record(id, named: "a file").bytes)
    }

    @Test func `is refused whichever bit is flipped and wherever it is cut`() throws {
        let good = Array(try record(named: "a file").bytes.readableBytesView)
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << (bit % 8)
            #expect(FileRecord(ByteBuffer(bytes: bad)) == nil, "bit \(bit)")
        }
        for length in 0..<good.count {
            #expect(FileRecord(ByteBuffer(bytes: good.prefix(length))) == nil, "\(length) bytes")
        }
        #expect(FileRecord(ByteBuffer(bytes: good + [0])) == nil)
    }

    @Test func `whose digest is right and whose content is not is refused without a trap`() throws {
        let good = Array(try record(named: "a file").bytes.readableBytesView.dropLast(32))
        for place in 0..<good.count {
            for value in [0, 0xFF, good[place] ^ 1] as [UInt8] where value != good[place] {
                var content = good
                content[place] = value
                let bytes = content + Digest(hashing: content.span).bytes
                if let read = FileRecord(ByteBuffer(bytes: bytes)) { #expect(FileRecord(read.bytes) == read) }
            }
        }
    }

    @Test func `is published in the order of every file: data, name, directory`() async throws {
        try await withStore(on: fileSystem) { store in
            let record = try record(named: "a file")
            let calls = CallLog(fileSystem)
            try await store.publish(record)
            #expect(calls.effects == [.makeFile, .write, .syncData, .link, .syncDirectory])
            #expect(try await store.record(of: record.id) == record)
        }
    }

    @Test func `that stands there already is kept, and one that differs is replaced`() async throws {
        try await withStore(on: fileSystem) { store in
            let id = UploadID()
            for name in ["a file", "a file", "another name"] {
                try await store.publish(try record(id, named: name))
                #expect(try await store.record(of: id) == record(id, named: name))
            }
        }
    }

    @Test func `is withdrawn into the trash, which is durable before it is gone`() async throws {
        try await withStore(on: fileSystem) { store in
            let known = try record(named: "a file")
            try await store.publish(known)
            let calls = CallLog(fileSystem)
            try await store.withdraw(known.id, at: Timestamp(seconds: 5))
            #expect(calls.effects == [.rename, .syncDirectory, .syncDirectory])
            #expect(calls.all.last { $0.operation == .syncDirectory }?.subject.contains("manifests") == true)
            #expect(try await store.record(of: known.id) == nil)
            let trash = try fileSystem.root("/data").directory("trash").directory("\(known.id.description.prefix(2))")
            #expect(try trash.names() == ["\(known.id).5"])
        }
    }

    @Test func `that is gone already is withdrawn durably all the same`() async throws {
        try await withStore(on: fileSystem) { store in
            let known = try record(named: "a file")
            try await store.publish(known)
            try await store.withdraw(known.id, at: Timestamp(seconds: 5))
            let calls = CallLog(fileSystem)
            try await store.withdraw(known.id, at: Timestamp(seconds: 5))
            #expect(calls.effects.filter { $0 == .syncDirectory }.count == 2)
        }
    }
}
