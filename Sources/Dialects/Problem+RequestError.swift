import HTTPTypes

extension Problem {
    /// What is said of a request that is no command.
    package init(_ error: RequestError) {
        self =
            switch error {
            case .header(let name):
                Problem(
                    .badRequest, "bad-header", "Bad \(name.rawName)",
                    "The field is malformed, out of range or sent twice."
                ).with("field", .string(name.rawName))
            case .path:
                Problem(.badRequest, "bad-path", "Bad path", "An upload's id is 32 lower-case hex digits.")
            case .query:
                Problem(.badRequest, "bad-query", "Bad query", "A parameter is malformed or comes twice.")
            case .unknownPath: Problem(.notFound, "unknown-path", "Nothing here", "Nothing is served under this path.")
            case .noFileID:
                Problem(.badRequest, "bad-header", "No file id", "Name the file in X-File-Id.")
                    .with("field", .string(HTTPField.Name.xFileID.rawName))
            case .method(let allowed): Self.method(allowed)
            case .mediaType:
                Problem(
                    .unsupportedMediaType, "unsupported-media", "Not a file", "Send the file itself as the body.")
            case .contentCoding:
                Problem(
                    .unsupportedMediaType, "unsupported-encoding", "Content coding not supported",
                    "Send the file's own bytes."
                ).with(.acceptEncoding, "identity")
            case .length(let limit):
                Problem(.contentTooLarge, "too-large", "Over a limit", "No file is longer than \(limit) bytes.")
                    .with("limit", .string("length")).with("maximum", .number(limit))
            case .expectation:
                Problem(
                    .expectationFailed, "expectation", "Expectation not met", "Only 100-continue can be expected.")
            case .framing:
                Problem(
                    .badRequest, "bad-framing", "Bad message",
                    "Its syntax is broken, or its length is not told in one way.")
            case .headerTooLong(let limit):
                Problem(
                    .requestHeaderFieldsTooLarge, "header-too-long", "Header too long",
                    "The header section may have \(limit) bytes."
                ).with("limit", .string("header")).with("maximum", .number(Int64(limit)))
            case .precondition:
                Problem(.preconditionFailed, "other-file", "Another file", "If-Match names another file than this one.")
            case .range(let length):
                Problem(
                    .rangeNotSatisfiable, "bad-range", "Nothing in that range", "The bytes end at \(length)."
                ).with("length", .number(length)).with(.contentRange, "bytes */\(length)")
            case .body(let part):
                Problem(.badRequest, "bad-body", "Bad body", "It is malformed, or a part of it is out of range.")
                    .with("part", .string(part))
            case .bodyTooLong(let limit):
                Problem(.contentTooLarge, "too-large", "Over a limit", "Such a body may have \(limit) bytes.")
                    .with("limit", .string("body")).with("maximum", .number(Int64(limit)))
            case .tusVersion:
                Problem(
                    .preconditionFailed, "unsupported-version", "tus version not served",
                    "Send Tus-Resumable: 1.0.0 with every request."
                ).with(.tusVersion, Tus.version)
            case .inconsistentLength:
                Problem(
                    .badRequest, "inconsistent-upload-length", "Lengths disagree",
                    "Upload-Length, Content-Length and Upload-Complete contradict each other.")
            case .hook(let reason):
                Problem(.forbidden, "refused-by-hook", "Not allowed here", Self.spoken(reason))
            case .hookFailed:
                Problem(.serviceUnavailable, "hook-failed", "Cannot be decided now", "Try again in a moment.")
                    .retryable(after: 5)
            case .appendType(let type):
                Problem(
                    .unsupportedMediaType, "unsupported-media", "Not the type of an append", "Send it as \(type)."
                ).with(.acceptPatch, type)
            case .unauthorized:
                Problem(
                    .unauthorized, "unauthorized", "Who are you?",
                    "Send a token that counts here: Authorization: Bearer <token>."
                ).with(.wwwAuthenticate, "Bearer realm=\"cairn\"")
            case .quota, .openUploads, .quotaInUse, .lengthNeeded, .linkLength, .linkUsed: Self.allowance(error)
            case .forbidden(let rights):
                Problem(
                    .forbidden, "forbidden", "Not allowed",
                    "The token lacks the right to do this: \(rights.joined(separator: " or "))."
                ).with("rights", .array(rights.map { .string($0) }))
            }
    }

    /// What somebody else's program says, short and without control characters.
    private static func spoken(_ reason: String) -> String {
        let visible = reason.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(200)
        return visible.isEmpty ? "The operator does not take this file." : String(String.UnicodeScalarView(visible))
    }

    /// What is over the allowance of a token or of a link.
    private static func allowance(_ error: RequestError) -> Problem {
        switch error {
        case .quota(let limit, let used):
            Problem(
                .contentTooLarge, "quota", "Over your quota",
                "You may have \(limit) bytes here and have \(used). Remove something first."
            ).with("limit", .string("bytes")).with("maximum", .number(limit)).with("used", .number(used))
        case .openUploads(let limit):
            Problem(
                .tooManyRequests, "quota", "Too many open uploads",
                "You may have \(limit) at once. Complete or cancel one first."
            ).with("limit", .string("uploads")).with("maximum", .number(Int64(limit))).retryable(after: 60)
        case .quotaInUse:
            Problem(
                .tooManyRequests, "busy", "Near your quota", "Other requests of yours may use up what is left of it."
            ).with("limit", .string("bytes")).retryable(after: 1)
        case .lengthNeeded:
            Problem(
                .lengthRequired, "length-needed", "How long is it?",
                "Your bytes are counted: send Content-Length, or the file's length.")
        case .linkLength(let limit):
            Problem(
                .contentTooLarge, "too-large", "Over a limit", "The link allows a file of \(limit) bytes."
            ).with("limit", .string("link")).with("maximum", .number(limit))
        case .linkUsed:
            Problem(.conflict, "link-used", "Link is used up", "It has brought its file. Ask for another link.")
        default: preconditionFailure("no allowance is in question")
        }
    }

    private static func method(_ allowed: [HTTPRequest.Method]) -> Problem {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        return Problem(.methodNotAllowed, "method", "Method not allowed", "This path knows \(names).")
            .with(.allow, names)
    }
}
