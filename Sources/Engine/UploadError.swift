public import CairnContent

/// Why an upload could not go on. One case for each next step of the caller.
public enum UploadError: Error, Hashable, Sendable {
    /// Never begun here, or not the caller's. Begin again.
    case unknownUpload
    /// Cancelled or expired. Begin again.
    case gone
    /// The bytes do not start where the prefix ends. Resume at its offset.
    case offsetMismatch(Prefix)
    /// The caller's prefix is of another file than ours. Begin a new upload.
    case prefixMismatch(Prefix)
    /// Another length than the one declared before. Send the declared one, or begin again.
    case lengthConflict(declared: Int64, Prefix)
    /// More bytes than declared; nothing past the declared length was kept. Do not retry.
    case tooLong(declared: Int64, Prefix)
    /// The upload is complete and takes no more bytes.
    case alreadyComplete(Prefix)
    /// The bytes are not those the digest names. Nothing of them was kept; send them again.
    case digestMismatch(expected: Digest, actual: Digest, Prefix)
    /// A newer request took the lease. What was acknowledged stays acknowledged.
    case takenOver
    /// The body broke off. What came is kept up to the prefix; resume at its offset.
    case bodyCut(Prefix)
    /// No byte came for `Limits.stall`. What came is kept up to the prefix; resume at its offset.
    case stalled(Prefix)
    /// The server is stopping. What came is kept up to the prefix; resume when it is back.
    case stopping(Prefix)
    /// Over a limit, in the limit's own unit. Do not retry unchanged.
    case limit(Limits.Name, Int64)
    /// The store could not keep the bytes; its own error tells when to retry.
    case store(StoreError)
    /// Entries that no manifest of this upload can have there: a gap before them, too many, of a wrong length.
    case manifestInvalid(Prefix)
    /// Another chunk is known at this index: the file is another one. Begin anew, or send what belongs there.
    case manifestConflict(index: Int, Prefix)
    /// No entry of the upload names the chunk. Name it first.
    case notInManifest(Prefix)
    /// Chunks are missing. Send those, then complete.
    case incomplete(MissingIndices, Prefix)
    /// The file is not the one that was declared. The upload stays open.
    case contentMismatch(expected: Digest, actual: Digest, Prefix)
    /// Lengths that no frame can have; what came before is kept.
    case frameInvalid(Prefix)
    /// The bytes do not come to what was said of them. Nothing of them was kept; send them again.
    case checksumMismatch(Prefix)
    /// What was announced for the end of the body did not come, or cannot be read. Nothing of the body was kept.
    case trailer(Prefix)
    /// The whole file does not come to what was declared of it. It stays incomplete; do not retry.
    case fileMismatch(Prefix)
    /// The upload is made of others and takes no bytes of its own.
    case finalUpload
    /// Fewer bytes are here than were acknowledged, and the caller's protocol cannot say so. Begin again.
    case fallen(Prefix)
}
