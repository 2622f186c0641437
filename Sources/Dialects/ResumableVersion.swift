import CairnContent
import CairnEngine
import HTTPTypes

/// What one interop version of the IETF draft says differently from the others; the one place that knows
/// (spec/ietf.md, "By version").
struct ResumableVersion: Hashable {
    /// As the client sent it; nil when it sent none, as clients of the finished standard do.
    let number: Int64?

    init(in fields: HTTPFields) { number = fields.item(.uploadDraftInteropVersion, Int64.self) }

    private init(_ number: Int64?) { self.number = number }

    /// Those that were published. A number beyond is served as the newest.
    static let known: ClosedRange<Int64> = 3...9

    /// The rules to go by.
    private var rules: Int64 {
        number.map { Self.known.contains($0) ? $0 : Self.known.upperBound } ?? Self.known.upperBound
    }

    /// Whether the client has said which version it speaks, and it is one we know: only such a one gets a 104.
    var isKnown: Bool { number.map(Self.known.contains) ?? false }

    var tellsProgress: Bool { isKnown && rules >= 5 }
    var tellsLimitsEarly: Bool { rules >= 6 }
    /// An append of these needs no media type of its own.
    var takesAnyType: Bool { rules <= 5 }
    /// An upload that is gone is one that never was.
    var knowsNoGone: Bool { rules <= 6 }
    /// Answers to appends that do not end the file are 201.
    var answersCreated: Bool { rules <= 6 }
    /// A 409 says that the upload is incomplete, whatever it is.
    var deniesCompleteness: Bool { rules >= 7 }
    /// More bytes than declared end the upload.
    var endsWhenWrong: Bool { rules >= 7 }
    /// An append to a complete upload is refused even when it brings nothing.
    var refusesRepeats: Bool { (6...8).contains(rules) }

    private var isInverse: Bool { rules == 3 }

    // MARK: Completeness

    /// Whether the body ends the file.
    ///
    /// - Throws: `header` when the request does not say and this version has no rule for that.
    func ending(in fields: HTTPFields) throws(RequestError) -> Append.Ending {
        if isInverse { return fields.item(.uploadIncomplete, Bool.self) ?? false ? .open : .last }
        if let isComplete = fields.item(.uploadComplete, Bool.self) { return isComplete ? .last : .open }
        guard rules <= 6 else { throw .header(.uploadComplete) }
        return .whole
    }

    /// The field that tells whether an upload is complete.
    func completeness(_ isComplete: Bool) -> HTTPFields {
        isInverse
            ? [.uploadIncomplete: isComplete ? "?0" : "?1"] : [.uploadComplete: isComplete ? "?1" : "?0"]
    }

    // MARK: Limits

    /// `Upload-Limit`; `upload` is nil for one that does not exist yet.
    func limits(_ setting: Setting, of upload: Upload?) -> String {
        let length = setting.limits.length(at: upload?.chunkSize ?? setting.chunkSize)
        let base = "max-size=\(length), min-size=0"
        let idle = setting.limits.idle.components.seconds
        let age = upload.map { upload in upload.expires.map { max($0.seconds - setting.moment.seconds, 0) } } ?? idle
        return age.map { "\(base), \(rules == 6 ? "expires" : "max-age")=\($0)" } ?? base
    }
}
