@testable import CairnContent
@testable import CairnDialects
@testable import CairnEngine
import Foundation
import HTTPTypes

/// What may become of a request: its command, each outcome that such a command can have, each answer.
struct Exchanges {
    let head: RequestHead
    /// Which of the engine's refusals it meets.
    let choice: Int

    func run() {
        do throws(RequestError) {
            let dialect = try Doors.dialect(of: head)
            let outcomes: [Outcome]
            do throws(RequestError) {
                let command = try dialect.command(in: head)
                claim((try? dialect.command(in: head)) == command, "a request has one meaning")
                check(command)
                outcomes = self.outcomes(of: command)
            } catch { outcomes = [.rejected(error)] }
            for outcome in outcomes {
                check(dialect.answer(to: outcome, for: head).with(CrossOrigin.fields(for: head)))
            }
            for upload in Samples.uploads(Metadata()) where dialect == IETF.self || dialect == Tus.self {
                _ = dialect.interim(upload, isBeginning: true, for: head)
                _ = dialect.interim(upload, isBeginning: false, for: head)
            }
        } catch { check(Problem(error).answer(for: head.id)) }
    }

    // MARK: Commands

    private func check(_ command: Command) {
        switch command {
        case .append(let append, _), .create(let append): check(append)
        case .begin(let beginning), .join(_, let beginning):
            check(beginning.metadata)
            check(beginning.declaredLength)
            if let append = beginning.append { check(append) }
        case .list(_, _, let limit): claim((1...Native.pageLimit).contains(limit), "a page is bounded")
        case .native(.name(_, let index, let end, _)):
            claim((0...Manifest.countLimit).contains(index), "an index is in a manifest")
            check(end)
        case .native(.missing(_, let range)):
            claim(
                range.lowerBound <= Manifest.countLimit && range.count <= Limits().segmentCount, "a segment is bounded")
        case .native(.put(let put, _)): check(put.bodyLength)
        case .native(.frames(_, let length)): check(length)
        default: break
        }
    }

    private func check(_ append: Append) {
        claim(append.offset >= 0, "an offset is no debt")
        check(append.declaredLength)
        check(append.bodyLength)
        check(append.metadata)
        for checksum in append.checksums + append.fileChecksums {
            claim(checksum.bytes.count == checksum.algorithm.length, "a checksum has its length")
        }
        for upload in Samples.uploads(append.metadata) { try? append.check(against: upload, Limits()) }
    }

    private func check(_ length: Int64?) {
        claim((0...999_999_999_999_999).contains(length ?? 0), "a length has at most fifteen digits")
    }

    private func check(_ metadata: Metadata) {
        claim(metadata.name?.hasControlCharacter != true, "a name has no control characters")
        claim(metadata.type.map(MediaType.isValid) ?? true, "a type is one")
    }

    // MARK: Outcomes

    private func outcomes(of command: Command) -> [Outcome] {
        let uploads = Samples.uploads(metadata(of: command))
        let refusal = Samples.refusals[choice % Samples.refusals.count]
        let refusals = [Outcome.refused(refusal)]
        switch command {
        case .resume(let target):
            return uploads.map { .prefix($0) } + refusals
                + (target.map { if case .id = $0 { true } else { false } } == true ? [] : [.prefix(nil)])
        case .append: return uploads.map { .appended($0) } + refusals
        case .create: return uploads.map { .created($0) } + refusals
        case .look, .native(.find): return uploads.map { .upload($0) } + refusals
        case .fetch: return uploads.map { $0.state == .complete ? .file($0) : .prefix($0) } + refusals
        case .read: return uploads.map { .file($0) } + refusals
        case .manifest: return uploads.map { .manifest(Samples.manifest, of: $0) }
        case .list(let state, _, _): return [true, false].map { .uploads(uploads, state: state, hasMore: $0) }
        case .cancel: return [.cancelled] + refusals
        case .capabilities:
            let link = Identity.Link(length: 9, types: ["image/*"], state: .open)
            let guest = Identity(principal: nil, namespace: nil, rights: ["put"], expires: nil, link: link)
            return Dedup.allCases.flatMap { dedup in
                [nil, guest].map { .capabilities(Limits(), .standard, dedup, to: $0) }
            }
        case .health: return [.health(isWritable: true), .health(isWritable: false)]
        case .life: return [.health(isWritable: true)]
        case .options: return [.options]
        case .native(let command): return uploads.map { .native(outcome(of: command, $0)) } + refusals
        case .begin, .join:
            return uploads.flatMap { [.begun($0, nil), .begun($0, refusal)] } + refusals
        }
    }

    private func outcome(of command: NativeCommand, _ upload: Upload) -> NativeOutcome {
        switch command {
        case .begin, .find: .begun(upload, isNew: true)
        case .name, .prove: .segment(Segment(upload: upload, missing: MissingIndices([1, 2], in: 0..<9), nonce: [1]))
        case .missing(_, let range):
            .segment(Segment(upload: upload, missing: MissingIndices(range, in: range), nonce: nil))
        case .put: .put(upload, wasThere: upload.state == .open)
        case .frames: .framed(upload, ChunkFrame.Verdict.allCases)
        case .complete: .completed(upload, isNew: true)
        case .proof(_, let question):
            .proof(upload, question, count: 2, entry: Samples.manifest.entries[0], path: [upload.prefix.digest])
        }
    }

    private func metadata(of command: Command) -> Metadata {
        switch command {
        case .append(let append, _), .create(let append): append.metadata
        case .begin(let beginning), .join(_, let beginning): beginning.metadata
        default: Metadata(name: "Größe/€ \"\\.txt", type: "text/html; a=\"b\"")
        }
    }

    // MARK: Answers

    private func check(_ answer: Answer) {
        claim((100..<600).contains(answer.head.status.code), "a status is one")
        let length = answer.body.reduce(0) { $0 + $1.length }
        if let stated = answer.head.headerFields[.contentLength] {
            claim(stated == "\(length)", "Content-Length is true")
        }
        var bytes: [UInt8] = []
        var fileLength: Int64 = 0
        for part in answer.body {
            switch part {
            case .bytes(let part): bytes += part
            case .file(let range):
                claim(range.lowerBound >= 0 && range.upperBound <= Samples.length, "a file is read within its length")
                fileLength += range.upperBound - range.lowerBound
            }
        }
        claim(fileLength <= Samples.length, "no more than a file is sent")
        if answer.head.headerFields[.contentType]?.hasSuffix("json") == true, !bytes.isEmpty {
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            claim(isJSON, "JSON is JSON: \(String(decoding: bytes, as: UTF8.self))")
        }
    }
}

/// Uploads, and refusals of them, for answers to speak of.
enum Samples {
    static let manifest: Manifest = {
        let entries = [65_536, 1000].map { Entry(digest: Digest(hashing: [UInt8]().span), length: $0) }
        guard let manifest = try? Manifest(chunkSize: .minimum, entries: entries) else {
            preconditionFailure("two entries make a manifest")
        }
        return manifest
    }()

    /// Of the longest of them, in bytes.
    static let length: Int64 = 66_536

    static func uploads(_ metadata: Metadata) -> [Upload] {
        var empty = Upload(
            id: UploadID(bytes: Array(repeating: 7, count: 16)) ?? UploadID(), namespace: .standard, owner: .everyone,
            chunkSize: .minimum, created: Timestamp(seconds: 1_700_000_000), metadata: metadata)
        empty.expires = Timestamp(seconds: 1_800_000_000)
        var open = empty
        open.run.append(manifest.entries[0])
        open.length = .declared(length)
        open.terms = Terms(metadata: "filename eA==", concat: "partial", checksums: [Checksum(manifest.contentID)])
        var file = open
        file.run.append(manifest.entries[1])
        file.state = .complete
        file.expires = nil
        return [empty, open, file]
    }

    static let refusals: [UploadError] = {
        let prefix = Prefix(offset: 5, digest: manifest.contentID)
        return [
            .unknownUpload, .gone, .offsetMismatch(prefix), .prefixMismatch(prefix), .takenOver, .bodyCut(prefix),
            .lengthConflict(declared: 1, prefix), .tooLong(declared: 1, prefix), .alreadyComplete(prefix),
            .digestMismatch(expected: prefix.digest, actual: prefix.digest, prefix), .stalled(prefix),
            .stopping(prefix), .limit(.length, 1), .limit(.metadataLength, 1), .store(.noSpace), .store(.readOnly),
            .store(.damaged(prefix.digest)), .store(.failed("x")), .manifestInvalid(prefix),
            .manifestConflict(index: 1, prefix), .notInManifest(prefix),
            .incomplete(MissingIndices([1], in: 0..<9), prefix), .checksumMismatch(prefix), .trailer(prefix),
            .contentMismatch(expected: prefix.digest, actual: prefix.digest, prefix), .frameInvalid(prefix),
            .fileMismatch(prefix), .finalUpload, .fallen(prefix),
        ]
    }()
}
