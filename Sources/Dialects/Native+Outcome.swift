import CairnContent
import CairnEngine
import FoundationEssentials
import HTTPTypes

/// How the native dialect's own outcomes are told.
extension Native {
    static func answer(to outcome: NativeOutcome) -> Answer {
        var fields = stating(outcome.upload)
        switch outcome {
        case .begun(let upload, let isNew):
            fields[.location] = "/v1/uploads/\(upload.id)"
            return Answer(isNew ? .created : .ok, fields, json: state(of: upload))
        case .segment(let segment): return Answer(.ok, fields, json: json(of: segment))
        case .put(_, let wasThere): return Answer(wasThere ? .ok : .created, fields)
        case .framed(_, let verdicts):
            fields[.contentType] = "application/vnd.cairn.verdicts"
            return Answer(.ok, fields, body: [.bytes(verdicts.map(\.rawValue))])
        case .completed(let file, let isNew):
            fields[.location] = "/files/\(file.id)"
            fields[.eTag] = file.contentID.map { "\"\($0)\"" }
            return Answer(isNew ? .created : .ok, fields, json: state(of: file))
        case .proof(let file, let question, let count, let entry, let path):
            return Answer(.ok, fields, json: json(of: file, question, count, entry, path))
        }
    }

    private static func json(of segment: Segment) -> JSON {
        let upload = segment.upload
        return .object(
            [
                ("offset", .number(upload.offset)), ("prefix", .text(upload.prefix.digest)),
                ("entries", .number(Int64(upload.entryCount))),
                ("index", .number(Int64(segment.missing.range.lowerBound))),
                ("count", .number(Int64(segment.missing.range.count))), ("missing", .missing(segment.missing)),
            ] + (segment.nonce.map { [("nonce", .string(Data($0).base64EncodedString()))] } ?? []))
    }

    private static func json(
        of file: Upload, _ question: ProofQuestion, _ count: Int, _ entry: Entry?, _ path: [Digest]
    ) -> JSON {
        let asked: (String, JSON) =
            switch question {
            case .inclusion(let index): ("index", .number(Int64(index)))
            case .consistency(let count): ("from", .number(Int64(count)))
            }
        let what = entry.map { entry in
            [("digest", JSON.text(entry.digest)), ("length", .number(Int64(entry.length)))]
        }
        return .object(
            [asked, ("entries", .number(Int64(count))), ("root", .text(file.prefix.digest))]
                + (what ?? []) + [("path", .array(path.map { .text($0) }))])
    }
}
