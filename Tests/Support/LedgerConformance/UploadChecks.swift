import CairnContent
import CairnEngine

/// `Ledger.upload`: as last committed, field by field.
enum UploadChecks {
    static let all = [
        LedgerCheck("an upload that was never written is nil") { ledger in
            _ = try await ledger.begin()
            try expect(try await ledger.upload(UploadID()), is: nil)
        },
        LedgerCheck("an upload comes back as it was written, in every field") { ledger in
            for (number, upload) in varieties.enumerated() {
                try await ledger.commit([.write(upload, entries: chunks(0..<upload.run.count))])
                try expect(try await ledger.upload(upload.id), is: upload, "variety \(number)")
            }
        },
        LedgerCheck("an upload stands as it was last written, in every field") { ledger in
            let id = UploadID()
            for (number, upload) in varieties.enumerated() {
                let upload = upload.named(id)
                try await ledger.commit([.write(upload, entries: chunks(0..<upload.run.count))])
                try expect(try await ledger.upload(id), is: upload, "variety \(number)")
            }
        },
        LedgerCheck("an upload that ended is still known, as what it became") { ledger in
            for state in [Upload.State.complete, .cancelled, .expired] {
                var upload = try await ledger.begin(0..<2)
                upload.state = state
                upload.run = Run()
                try await ledger.commit([.write(upload, entries: [])])
                try expect(try await ledger.upload(upload.id), is: upload)
            }
        },
        LedgerCheck("names, types and owners come back as they were, whatever their characters") { ledger in
            for text in texts {
                let upload = Upload(
                    id: UploadID(), namespace: .standard, owner: Principal("owner \(text)"), chunkSize: .standard,
                    created: Timestamp(seconds: 0), metadata: Metadata(name: text, type: text))
                try await ledger.commit([.write(upload, entries: [])])
                let found = try await ledger.upload(upload.id)
                try expect(found, is: upload, "\(text.unicodeScalars.prefix(8).map(\.value))")
                // Equal strings may still be different scalars, and a name is kept as it came.
                try expect(found?.metadata.name.map { Array($0.utf8) }, is: Array(text.utf8))
            }
        },
    ]

    private static let texts = [
        "", " ", "a\u{0}b", "\u{0}", "quote ' \" \\ ; -- %_", "ünïcödé", "u\u{308}", "日本語", "مرحبا",
        "\u{202E}txt.exe", "👩‍👩‍👧‍👦", "../../etc/passwd", "line\nbreak\r\ttab", "\u{FFFD}\u{FEFF}\u{10FFFF}",
        String(repeating: "é", count: 4096),
    ]

    /// Uploads that differ in every field, with values at the ends of what a field can hold.
    private static var varieties: [Upload] {
        let metadata = [Metadata(), Metadata(name: "n"), Metadata(type: "t"), Metadata(name: "n", type: "t")]
        let sizes = [ChunkSize.minimum, .standard, .maximum]
        let moments = [0, 1_700_000_000, Int64.max, -1].map(Timestamp.init(seconds:))
        let lengths = [Upload.Length.unknown, .declared(0), .inferred(0), .declared(Limits().length), .inferred(77)]
        let states = [Upload.State.open, .complete, .cancelled, .expired]
        return (0..<20).map { number in
            var upload = Upload(
                id: UploadID(), namespace: .standard, owner: Principal("owner \(number % 3)"),
                chunkSize: sizes[number % 3], created: moments[number % 4], metadata: metadata[number / 2 % 4])
            upload.state = states[number / 3 % 4]
            upload.length = lengths[number % 5]
            upload.run = run(0..<number)
            upload.tail = number.isMultiple(of: 3) ? nil : tail(of: upload.id, number)
            upload.isRagged = number.isMultiple(of: 2)
            upload.acknowledged = upload.offset + Int64(number % 2)
            upload.expires = number % 5 == 0 ? nil : moments[number / 2 % 4]
            return upload
        }
    }

    private static func tail(of upload: UploadID, _ number: Int) -> Tail {
        let lengths = [1, 65_535, Entry.lengthLimit]
        let entry = Entry(digest: chunk(number).entry.digest, length: lengths[number % 3])
        return Tail(entry: entry, name: TailName(upload: upload, generation: [0, 1, .max, 1 << 63][number % 4]))
    }
}

extension Upload {
    /// The same in all but its id, and its tail's name, which holds the id.
    fileprivate func named(_ id: UploadID) -> Upload {
        var upload = Upload(
            id: id, namespace: namespace, owner: owner, chunkSize: chunkSize, created: created, metadata: metadata)
        upload.state = state
        upload.length = length
        upload.run = run
        upload.tail = tail.map {
            Tail(entry: $0.entry, name: TailName(upload: id, generation: $0.name.generation))
        }
        upload.isRagged = isRagged
        upload.acknowledged = acknowledged
        upload.expires = expires
        return upload
    }
}
