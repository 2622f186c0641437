import CairnContent
import CairnEngine
import Foundation
import GRDB

/// An upload as a row: the one place that knows the order of its columns.
///
/// GRDB ends a text at its first NUL. So the owner, on whom rights rest, is kept as bytes, and metadata as JSON, where
/// a NUL is escaped.
enum UploadRow {
    private static let columns = [
        "id", "namespace", "owner", "chunk_size", "created", "metadata", "state", "length", "inferred", "run_count",
        "run_length", "run_peaks", "tail_length", "tail_digest", "tail_generation", "ragged", "acknowledged", "expires",
        "named_count", "content_id", "terms",
    ]

    /// Writes a row, new or not.
    static let upsert = """
        INSERT INTO upload (\(columns.joined(separator: ", ")))
        VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (id) DO UPDATE SET \(columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    /// What `upload(_:)` reads; the namespace by its name.
    static let selection =
        columns.map {
            $0 == "namespace" ? "(SELECT name FROM namespace WHERE namespace.id = upload.namespace)" : $0
        }.joined(separator: ", ") + ", \(isDamaged)"

    /// Few chunks are damaged, if any, so all of them are looked through.
    private static let isDamaged = """
        upload.state = \(Upload.State.complete.rawValue) AND EXISTS (
            SELECT 1 FROM chunk INDEXED BY damaged CROSS JOIN entry INDEXED BY reference ON entry.chunk = chunk.id
            WHERE chunk.state = \(ChunkState.damaged.rawValue) AND entry.upload = upload.row)
        """

    static func arguments(_ upload: Upload, namespace: Int64) throws -> StatementArguments {
        let (length, isInferred) = columns(of: upload.length)
        guard upload.tail.map({ $0.name.upload == upload.id }) ?? true else {
            throw LedgerRefusal(reason: "a tail of another upload")
        }
        return [
            Data(upload.id.bytes), namespace, Data(upload.owner.description.utf8), upload.chunkSize.length,
            upload.created.seconds, String(decoding: try JSONEncoder().encode(upload.metadata), as: UTF8.self),
            upload.state.rawValue, length, isInferred, upload.run.count, upload.run.length,
            Data(upload.run.peaks.bytes), upload.tail?.entry.length, upload.tail?.entry.digest.data,
            upload.tail.map { Int64(bitPattern: $0.name.generation) }, upload.isRagged, upload.acknowledged,
            upload.expires?.seconds, upload.namedCount, upload.contentID?.data, try terms(upload.terms),
        ]
    }

    /// The upload of a row of `selection`; a damaged row throws.
    static func upload(_ row: Row) throws -> Upload {
        let id = try parse(UploadID(bytes: row.decode(Data.self, atIndex: 0)), "id")
        var upload = Upload(
            id: id, namespace: try parse(Namespace(row.decode(String.self, atIndex: 1)), "namespace"),
            owner: Principal(String(decoding: try row.decode(Data.self, atIndex: 2), as: UTF8.self)),
            chunkSize: try parse(ChunkSize(row.decode(Int.self, atIndex: 3)), "chunk_size"),
            created: Timestamp(seconds: try row.decode(Int64.self, atIndex: 4)),
            metadata: try JSONDecoder().decode(Metadata.self, from: Data(row.decode(String.self, atIndex: 5).utf8)))
        upload.state = try parse(Upload.State(rawValue: row.decode(Int.self, atIndex: 6)), "state")
        upload.length = try length(row)
        upload.run = try run(row)
        upload.tail = try tail(row, of: id)
        upload.isRagged = try row.decode(Bool.self, atIndex: 15)
        upload.acknowledged = try row.decode(Int64.self, atIndex: 16)
        upload.expires = try row.decode(Int64?.self, atIndex: 17).map(Timestamp.init(seconds:))
        upload.namedCount = try row.decode(Int.self, atIndex: 18)
        if let terms = try row.decode(String?.self, atIndex: 20) {
            upload.terms = try JSONDecoder().decode(Terms.self, from: Data(terms.utf8))
        }
        upload.isDamaged = try row.decode(Bool.self, atIndex: columns.count)
        return upload
    }

    /// Nil for those of most uploads, which ask for nothing.
    private static func terms(_ terms: Terms) throws -> String? {
        terms == Terms() ? nil : String(decoding: try JSONEncoder().encode(terms), as: UTF8.self)
    }

    private static func columns(of length: Upload.Length) -> (length: Int64?, isInferred: Bool) {
        switch length {
        case .unknown: (nil, false)
        case .declared(let length): (length, false)
        case .inferred(let length): (length, true)
        }
    }

    private static func length(_ row: Row) throws -> Upload.Length {
        guard let length = try row.decode(Int64?.self, atIndex: 7) else { return .unknown }
        return try row.decode(Bool.self, atIndex: 8) ? .inferred(length) : .declared(length)
    }

    private static func run(_ row: Row) throws -> Run {
        let (count, length) = (try row.decode(Int.self, atIndex: 9), try row.decode(Int64.self, atIndex: 10))
        return try parse(Run(count: count, length: length, peaks: row.decode(Data.self, atIndex: 11)), "run_peaks")
    }

    private static func tail(_ row: Row, of id: UploadID) throws -> Tail? {
        guard let length = try row.decode(Int?.self, atIndex: 12) else { return nil }
        let digest = try parse(Digest(row.decode(Data.self, atIndex: 13)), "tail_digest")
        let generation = UInt64(bitPattern: try row.decode(Int64.self, atIndex: 14))
        let entry = try parse(Entry(checking: digest, length: length), "tail_length")
        return Tail(entry: entry, name: TailName(upload: id, generation: generation))
    }

    private static func parse<Value>(_ value: Value?, _ column: String) throws -> Value {
        guard let value else { throw LedgerRefusal(reason: "damaged: the column \(column) of an upload") }
        return value
    }
}
