/// An upload as the server describes it, without being disturbed.
public struct UploadState: Hashable, Sendable, Decodable {
    /// 32 hex digits.
    public let id: String
    /// `open` or `complete`.
    public let state: String
    /// Verified and durable, in bytes.
    public let offset: Int64
    /// Declared length in bytes; nil while unknown.
    public let length: Int64?
    /// The prefix digest at `offset`, 64 hex digits.
    public let prefix: String
    /// In bytes; nil when the upload was joined from others.
    public let chunkSize: Int?
    /// The file's name; nil when its client told none.
    public let name: String?
    /// Its media type (RFC 9110, section 8.3); nil when its client told none.
    public let type: String?
}

/// A complete file as the server lists it.
public struct ListedFile: Hashable, Sendable, Decodable {
    /// 32 hex digits.
    public let id: String
    /// The file's name; nil when its client told none.
    public let name: String?
    /// Its media type (RFC 9110, section 8.3); nil when its client told none.
    public let type: String?
    /// In bytes.
    public let length: Int64
    /// 64 hex digits.
    public let contentId: String
    /// When its upload began: RFC 3339, UTC.
    public let created: String
}

/// A part of a list, in the order of ids.
struct FilePage: Decodable {
    let files: [ListedFile]
    let next: String?
}
