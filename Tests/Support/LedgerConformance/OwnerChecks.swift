import CairnContent
import CairnEngine

/// What one owner has, among others: lists of theirs, and how much it is.
enum OwnerChecks {
    private static func upload(of owner: String, _ number: Int, in namespace: Namespace = .standard) -> Upload {
        var upload = Upload(
            id: UploadID(), namespace: namespace, owner: Principal(owner), chunkSize: .standard,
            created: Timestamp(seconds: Int64(number)), metadata: Metadata())
        upload.length = .declared(Int64(1000 + number))
        return upload
    }

    static let all = [
        LedgerCheck("a list of one owner has theirs alone, in pages and in the order of all") { ledger in
            var written: [Upload] = []
            for number in 0..<30 {
                let upload = upload(of: ["ann", "bob", "ann2"][number % 3], number)
                try await ledger.commit([.write(upload, entries: [])])
                written.insert(upload, at: 0)
            }
            for owner in ["ann", "bob", "ann2", "nobody"].map({ Principal($0) }) {
                var found: [Upload] = []
                while true {
                    let page = try await ledger.uploads(
                        UploadQuery(
                            namespace: .standard, state: .open, owner: owner, after: found.last?.id, limit: 4))
                    found += page
                    if page.count < 4 { break }
                }
                try expect(found, is: written.filter { $0.owner == owner })
            }
        },
        LedgerCheck("an owner has what is open and complete in the namespace, and nothing that has ended") { ledger in
            let owner = Principal("ann")
            var uploads = (0..<4).map { upload(of: "ann", $0) }
            uploads[1].length = .unknown
            uploads[2].state = .cancelled
            uploads += [upload(of: "bob", 4), upload(of: "ann", 5, in: Namespace("other")!)]
            for upload in uploads { try await ledger.commit([.write(upload, entries: [])]) }
            try expect(
                try await ledger.usage(of: owner, in: .standard), is: Usage(length: 1000 + 1003, uploads: 3))
            try expect(try await ledger.usage(of: Principal("nobody"), in: .standard), is: Usage())
            var file = LedgerSamples.upload(0..<3)
            file.state = .complete
            try await ledger.commit([.write(file, entries: chunks(0..<3))])
            try expect(
                try await ledger.usage(of: file.owner, in: .standard), is: Usage(length: file.offset, uploads: 0))
        },
    ]
}
