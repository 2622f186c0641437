package import HTTPTypes

/// Why a request is not a command. One case for each thing the caller has to mend.
package enum RequestError: Error, Hashable, Sendable {
    /// The named field is malformed, out of range, or sent twice.
    case header(HTTPField.Name)
    /// The path is malformed: a bad escape, a control character, an id that is none.
    case path
    /// The query is malformed.
    case query
    /// Nothing is served under this path.
    case unknownPath
    /// X-Start-Byte needs `X-File-Id` to append.
    case noFileID
    /// The path knows only these methods.
    case method([HTTPRequest.Method])
    /// A body of this media type is not a file.
    case mediaType
    /// A body in a content coding is not the file.
    case contentCoding
    /// More bytes than any file may have, in bytes.
    case length(limit: Int64)
    /// `Expect` asks for something other than `100-continue`.
    case expectation
    /// The message cannot be told from the next one: its length is ambiguous or its syntax broken.
    case framing
    /// The header section is longer than the limit, in bytes.
    case headerTooLong(limit: Int)
    /// `If-Match` names another file than the one that is here.
    case precondition
    /// No byte of the range is there. The bytes end at `length`.
    case range(length: Int64)
    /// The body is not what the request says it is; the member or part that is wrong.
    case body(String)
    /// The body is longer than such a body may be, in bytes.
    case bodyTooLong(limit: Int)
    /// tus of another version than 1.0.0, or of none.
    case tusVersion
    /// The lengths that the request states contradict each other.
    case inconsistentLength
    /// The operator's hook does not let the upload begin; why, in its words.
    case hook(String)
    /// The operator's hook gave no answer, so that the upload does not begin.
    case hookFailed
    /// Bytes of an append under another media type; the one they must have.
    case appendType(String)
    /// Nobody who is known here sends it: without a token, with a wrong one, or with one that counts no more.
    case unauthorized
    /// Who sends it may not do this; one of these rights would be needed, in their words.
    case forbidden([String])
    /// More than the principal may have at once, in bytes.
    case quota(limit: Int64, used: Int64)
    /// More open uploads than the principal may have at once.
    case openUploads(limit: Int)
    /// What others of the principal's requests bring just now would be too much together with this.
    case quotaInUse
    /// Where bytes are counted, one says before how many come.
    case lengthNeeded
    /// The file is longer than the link allows, in bytes.
    case linkLength(limit: Int64)
    /// The link has brought its file already.
    case linkUsed
}
