package import CairnContent
package import CairnEngine

/// What only the native dialect asks for (spec/native.md). What a body says comes beside it.
package enum NativeCommand: Hashable, Sendable {
    /// Begin an upload, or find the one begun before.
    case begin
    /// The upload of the client's own name, or a file of that content id; disturbs nobody.
    case find(name: String?, Digest?)
    /// Names entries from an index on; with an end they end the file at that length.
    case name(UploadID, index: Int, end: Int64?, NamesForm)
    case prove(UploadID)
    /// Which entries are missing.
    case missing(UploadID, Range<Int>)
    case put(Put, to: UploadID)
    case frames(UploadID, bodyLength: Int64?)
    case complete(UploadID)
    case proof(UploadID, ProofQuestion)
}

/// How a body names entries.
package enum NamesForm: Hashable, Sendable {
    /// 32 bytes a digest.
    case binary
    case json
}

/// What a proof is to show of a file's manifest (RFC 9162, section 2.1).
package enum ProofQuestion: Hashable, Sendable {
    /// That the entry at this index is in it.
    case inclusion(Int)
    /// That it begins with the first so many entries.
    case consistency(Int)
}

/// How the native dialect's own commands end.
package enum NativeOutcome: Sendable {
    case begun(Upload, isNew: Bool)
    case segment(Segment)
    case put(Upload, wasThere: Bool)
    case framed(Upload, [ChunkFrame.Verdict])
    case completed(Upload, isNew: Bool)
    case proof(Upload, ProofQuestion, count: Int, entry: Entry?, path: [Digest])
}

extension NativeOutcome {
    /// The upload it speaks of.
    package var upload: Upload {
        switch self {
        case .begun(let upload, _), .put(let upload, _), .framed(let upload, _), .completed(let upload, _),
            .proof(let upload, _, _, _, _):
            upload
        case .segment(let segment): segment.upload
        }
    }
}
