package import HTTPTypes

/// The fields that HTTPTypes has no name for (spec/http.md, "Header fields"; spec/x-start-byte.md).
extension HTTPField.Name {
    package static let xFileID = Self("X-File-Id")!
    package static let xFileSize = Self("X-File-Size")!
    package static let xStartByte = Self("X-Start-Byte")!
    package static let uploadPrefix = Self("Upload-Prefix")!
    package static let ifUploadPrefix = Self("If-Upload-Prefix")!
    package static let uploadOffset = Self("Upload-Offset")!
    package static let uploadLength = Self("Upload-Length")!
    package static let contentDigest = Self("Content-Digest")!
    static let uploadComplete = Self("Upload-Complete")!
    static let uploadIncomplete = Self("Upload-Incomplete")!
    static let uploadDraftInteropVersion = Self("Upload-Draft-Interop-Version")!
    static let tusResumable = Self("Tus-Resumable")!
    static let uploadDeferLength = Self("Upload-Defer-Length")!
    static let uploadConcat = Self("Upload-Concat")!
    static let uploadMetadata = Self("Upload-Metadata")!
    static let tusVersion = Self("Tus-Version")!
    static let tusExtension = Self("Tus-Extension")!
    static let tusMaxSize = Self("Tus-Max-Size")!
    static let tusChecksumAlgorithm = Self("Tus-Checksum-Algorithm")!
    static let uploadChecksum = Self("Upload-Checksum")!
    static let uploadExpires = Self("Upload-Expires")!
    static let uploadLimit = Self("Upload-Limit")!
    package static let reprDigest = Self("Repr-Digest")!
    static let unencodedDigest = Self("Unencoded-Digest")!
    static let forwarded = Self("Forwarded")!
    static let xForwardedProto = Self("X-Forwarded-Proto")!
    static let xForwardedHost = Self("X-Forwarded-Host")!
    package static let wantContentDigest = Self("Want-Content-Digest")!
    package static let wantReprDigest = Self("Want-Repr-Digest")!
    static let acceptPatch = Self("Accept-Patch")!
    static let methodOverride = Self("X-HTTP-Method-Override")!
}
