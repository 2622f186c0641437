package import CairnContent
package import CairnEngine
import HTTPTypes

extension Problem {
    /// What the engine's refusals are on the wire.
    package init(_ error: UploadError) {
        self =
            switch error {
            case .unknownUpload:
                Problem(.notFound, "unknown-upload", "No such upload", "It was never begun here. Begin a new one.")
            case .gone:
                Problem(.gone, "upload-gone", "Upload is gone", "It was cancelled or has expired. Begin a new one.")
            case .offsetMismatch(let prefix):
                Problem(
                    .conflict, "mismatching-upload-offset", "Wrong offset",
                    "Send the bytes from the offset stated here on."
                ).stating(prefix).with("expected-offset", .number(prefix.offset))
            case .prefixMismatch(let prefix):
                Problem(
                    .preconditionFailed, "prefix-mismatch", "Another prefix",
                    "What is here belongs to another file. Begin a new upload."
                ).stating(prefix)
            case .lengthConflict(let declared, let prefix):
                Problem(
                    .badRequest, "inconsistent-upload-length", "Another length",
                    "The file's length was declared otherwise before, or lies below the offset."
                ).stating(prefix).with("expected", .number(declared))
            case .tooLong(let declared, let prefix):
                Problem(
                    .badRequest, "inconsistent-upload-length", "More bytes than declared",
                    "Nothing past the declared length was kept."
                ).stating(prefix).with("expected", .number(declared))
            case .alreadyComplete(let prefix):
                Problem(.conflict, "completed-upload", "Upload is complete", "It takes no more bytes.").stating(prefix)
            case .digestMismatch(let expected, let actual, let prefix):
                Problem(
                    .unprocessableContent, "digest-mismatch", "Bytes unlike their digest",
                    "Nothing of them was kept. Send them again."
                ).stating(prefix).with("expected", .text(expected)).with("actual", .text(actual)).retryable()
            case .takenOver:
                Problem(.conflict, "taken-over", "Taken over", "A newer request goes on with this upload.")
            case .bodyCut(let prefix):
                Problem(
                    .badRequest, "body-cut", "Body broke off", "What came is kept. Go on from the offset stated here."
                ).stating(prefix).retryable()
            case .stalled(let prefix):
                Problem(
                    .requestTimeout, "stall", "No bytes came", "What came is kept. Go on from the offset stated here."
                ).stating(prefix).retryable()
            case .stopping(let prefix):
                Problem(
                    .serviceUnavailable, "stopping", "Server is stopping",
                    "What came is kept. Go on from the offset stated here when the server is back."
                ).stating(prefix).retryable(after: 5)
            case .limit(let name, let most):
                Problem(.contentTooLarge, "too-large", "Over a limit", "The limit named here is \(most).")
                    .with("limit", .string(name.rawValue)).with("maximum", .number(most))
            case .store(let error): Problem(error)
            case .manifestInvalid(let prefix):
                Problem(
                    .unprocessableContent, "manifest-invalid", "Entries that cannot be",
                    "They leave a gap, are too many, or end elsewhere than the file."
                ).stating(prefix)
            case .manifestConflict(let index, let prefix):
                Problem(
                    .conflict, "manifest-conflict", "Another entry is there",
                    "The file is another one than was begun. Begin anew, or send what belongs there."
                ).stating(prefix).with("index", .number(Int64(index)))
            case .notInManifest(let prefix):
                Problem(
                    .conflict, "not-in-manifest", "Chunk is not named", "Name it in the upload's manifest first."
                ).stating(prefix)
            case .incomplete(let missing, let prefix):
                Problem(
                    .conflict, "upload-incomplete", "Chunks are missing", "Send those named here, then complete."
                ).stating(prefix).with("missing", .missing(missing)).with(
                    "index", .number(Int64(missing.range.lowerBound))
                )
                .with("count", .number(Int64(missing.range.count)))
            case .contentMismatch(let expected, let actual, let prefix):
                Problem(
                    .unprocessableContent, "file-digest-mismatch", "Another file",
                    "What is here is not the file that was declared. The upload stays open."
                ).stating(prefix).with("expected", .text(expected)).with("actual", .text(actual))
            case .frameInvalid(let prefix):
                Problem(
                    .unprocessableContent, "frame-invalid", "No frame",
                    "Lengths that no chunk can have, or an end inside a frame. What came before is kept."
                ).stating(prefix).retryable()
            case .checksumMismatch(let prefix):
                Problem(
                    .unprocessableContent, "digest-mismatch", "Bytes unlike their checksum",
                    "Nothing of them was kept. Send them again."
                ).stating(prefix).retryable()
            case .trailer(let prefix):
                Problem(
                    .badRequest, "bad-trailer", "Bad trailer",
                    "What was announced did not come or cannot be read. Nothing of the body was kept."
                ).stating(prefix).retryable()
            case .fileMismatch(let prefix):
                Problem(
                    .unprocessableContent, "file-digest-mismatch", "File unlike its digest",
                    "The whole file is not what was declared. Begin a new upload."
                ).stating(prefix)
            case .finalUpload:
                Problem(
                    .forbidden, "final-upload", "Made of others", "This upload takes no bytes of its own.")
            case .fallen(let prefix):
                Problem(
                    .gone, "upload-gone", "Bytes were lost", "Acknowledged bytes are gone. Begin a new upload."
                ).stating(prefix)
            }
    }

    /// What a store's failures are on the wire. What happened inside is in the log, not here.
    package init(_ error: StoreError) {
        self =
            switch error {
            case .noSpace:
                Problem(
                    .insufficientStorage, "no-space", "No space left",
                    "Nothing acknowledged is lost. Go on when there is room."
                ).retryable(after: 60)
            case .readOnly:
                Problem(
                    .serviceUnavailable, "read-only", "Server is read-only",
                    "It can promise nothing until it is restarted. Reading goes on."
                ).retryable(after: 60)
            case .damaged(let digest):
                Problem(
                    .serviceUnavailable, "damaged", "Stored bytes are damaged",
                    "They are not served. The file heals when it is uploaded once more."
                ).with("expected", .text(digest))
            case .failed:
                Problem(
                    .serviceUnavailable, "store-failed", "Store failed", "The operation left nothing. Try once more."
                ).retryable(after: 1)
            }
    }

    /// With the offset and the digest that proves it, in the document and in the head.
    private func stating(_ prefix: Prefix) -> Problem {
        with("offset", .number(prefix.offset)).with("prefix", .text(prefix.digest))
            .with(.uploadPrefix, PrefixField(prefix).description)
    }
}

extension UploadError {
    /// The prefix that the refusal states.
    package var prefix: Prefix? {
        switch self {
        case .offsetMismatch(let prefix), .prefixMismatch(let prefix), .lengthConflict(_, let prefix),
            .tooLong(_, let prefix), .alreadyComplete(let prefix), .digestMismatch(_, _, let prefix),
            .bodyCut(let prefix), .stalled(let prefix), .stopping(let prefix), .manifestInvalid(let prefix),
            .manifestConflict(_, let prefix), .notInManifest(let prefix), .incomplete(_, let prefix),
            .contentMismatch(_, _, let prefix), .frameInvalid(let prefix), .checksumMismatch(let prefix),
            .trailer(let prefix), .fileMismatch(let prefix), .fallen(let prefix):
            prefix
        case .unknownUpload, .gone, .takenOver, .limit, .store, .finalUpload: nil
        }
    }
}
