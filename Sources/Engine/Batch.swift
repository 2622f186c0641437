import CairnContent

/// What one request hands over to be made durable and acknowledged together.
struct Batch: Sendable {
    /// The index of the first chunk in the upload's manifest.
    var firstIndex: Int
    var chunks: [VerifiedChunk] = []
    /// The bytes after the last chunk, when they are durable already.
    var tail: Tail?
    /// Set when this batch completes the file.
    var sealing: Upload.Length?
    /// No batch of this request follows.
    var isLast = false
    /// Bytes in `chunks`.
    var length = 0

    mutating func add(_ chunk: VerifiedChunk) {
        chunks.append(chunk)
        length += chunk.entry.length
    }
}

extension Upload {
    /// The upload once `chunks` follow its run and `tail` follows them.
    func advanced(by chunks: [StoredChunk], tail: Tail?, at moment: Timestamp, _ limits: Limits) -> Upload {
        var next = self
        for chunk in chunks { next.run.append(chunk.entry) }
        next.tail = tail
        next.acknowledged = max(acknowledged, next.offset)
        next.expires = moment.advanced(by: limits.idle)
        return next
    }

    /// The complete file that this upload becomes.
    func sealed(_ length: Length) -> Upload {
        var sealed = self
        sealed.state = .complete
        sealed.length = length
        sealed.expires = nil
        return sealed
    }
}
