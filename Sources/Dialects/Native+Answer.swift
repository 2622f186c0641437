import CairnContent
import CairnEngine
import FoundationEssentials
import HTTPTypes

extension Native {
    package static func answer(to outcome: Outcome, for request: RequestHead) -> Answer {
        switch outcome {
        case .file(let upload): Download.answer(upload, for: request)
        case .upload(let upload): Answer(.ok, stating(upload), json: state(of: upload))
        case .uploads(let uploads, let state, let hasMore): list(uploads, state, hasMore)
        case .manifest(let manifest, let upload): self.manifest(manifest, upload, request)
        case .cancelled: Answer(.noContent)
        case .capabilities(let limits, let chunkSize, let dedup, let caller):
            Answer(
                .ok, caller == nil ? [:] : [.cacheControl: "no-store"],
                json: .object(
                    capabilities(limits, chunkSize, dedup) + (caller.map { [("caller", json(of: $0))] } ?? [])))
        case .appended(let upload): Answer(.noContent, stating(upload))
        case .native(let outcome): answer(to: outcome)
        case .health(let isWritable): health(isWritable)
        case .refused(let error): Problem(error).answer(for: request.id)
        case .rejected(let error): Problem(error).answer(for: request.id)
        case .prefix, .created, .options, .begun: preconditionFailure("the native dialect asks for no such thing")
        }
    }

    private static func health(_ isWritable: Bool) -> Answer {
        Answer(
            isWritable ? .ok : .serviceUnavailable, [.cacheControl: "no-store"],
            json: .object([("status", .string(isWritable ? "ok" : "read-only"))]))
    }

    static func stating(_ upload: Upload) -> HTTPFields {
        [
            .uploadOffset: "\(upload.offset)", .uploadPrefix: PrefixField(upload).description,
            .cacheControl: "no-store",
        ]
    }

    static func state(of upload: Upload) -> JSON {
        .object(
            [
                ("id", .text(upload.id)), ("state", .string(upload.state == .complete ? "complete" : "open")),
                ("offset", .number(upload.offset)), ("length", .count(length(of: upload))),
                ("prefix", .text(upload.prefix.digest)), ("chunkSize", .number(Int64(upload.chunkSize.length))),
                ("entries", .number(Int64(upload.entryCount))), ("contentId", .text(upload.contentID)),
                ("name", .text(upload.metadata.name)), ("type", .text(upload.metadata.type)),
                ("created", .text(date(upload.created))), ("expires", .text(upload.expires.map(date))),
                ("url", .string("/files/\(upload.id)")),
            ] + damage(of: upload))
    }

    /// Said only of a file that has lost bytes.
    private static func damage(of upload: Upload) -> [(String, JSON)] {
        upload.isDamaged ? [("damaged", .bool(true))] : []
    }

    private static func length(of upload: Upload) -> Int64? {
        upload.state == .complete ? upload.offset : upload.declaredLength
    }

    private static func list(_ uploads: [Upload], _ state: Upload.State, _ hasMore: Bool) -> Answer {
        let name = state == .complete ? "files" : "uploads"
        let page = page(of: uploads)
        let isLast = !hasMore && page.count == uploads.count
        let next: [(String, JSON)] = isLast ? [] : [("next", .text(page.last?.id))]
        return Answer(
            .ok, [.cacheControl: "no-store"], json: .object([(name, .array(page.map(row)))] + next))
    }

    /// The first of `uploads`, as many as make an answer of bearable length; at least one.
    private static func page(of uploads: [Upload]) -> ArraySlice<Upload> {
        var length = 0
        return uploads.prefix { upload in
            defer { length += (upload.metadata.name?.utf8.count ?? 0) + (upload.metadata.type?.utf8.count ?? 0) }
            return length < pageTextLimit
        }
    }

    private static func row(_ upload: Upload) -> JSON {
        .object(
            [
                ("id", .text(upload.id)), ("name", .text(upload.metadata.name)), ("type", .text(upload.metadata.type)),
                ("length", .count(length(of: upload))),
                upload.contentID.map { ("contentId", .text($0)) } ?? ("offset", .number(upload.offset)),
                ("created", .text(date(upload.created))), ("url", .string("/files/\(upload.id)")),
            ] + damage(of: upload))
    }

    private static func manifest(_ manifest: Manifest, _ upload: Upload, _ request: RequestHead) -> Answer {
        var fields = stating(upload)
        fields[.vary] = "Accept"
        let isJSON = request.fields.accepts("application/json")
        fields[.contentType] = isJSON ? "application/json" : "application/vnd.cairn.manifest"
        return Answer(.ok, fields, body: [.bytes(isJSON ? manifest.json : manifest.bytes)])
    }

    private static func capabilities(
        _ limits: Limits, _ chunkSize: ChunkSize, _ dedup: Dedup
    ) -> [(String, JSON)] {
        [
            ("cairn", .number(1)),
            ("dialects", .array(["x-start-byte", "plain", "tus", "ietf", "native"].map { .string($0) })),
            ("chunkSize", .number(Int64(chunkSize.length))), ("encodings", .array([.string("lz4")])),
            ("concurrency", .number(16)), ("durability", .string("synced")), ("dedup", .string(dedup.rawValue)),
            (
                "limits",
                .object([
                    ("length", .number(limits.length)), ("entries", .number(Int64(limits.entries))),
                    ("segment", .number(Int64(limits.segmentCount))), ("frames", .number(limits.framesLength)),
                    ("metadataLength", .number(Int64(limits.metadataLength))),
                    ("ranges", .number(Int64(ByteRanges.countLimit))),
                    ("stallSeconds", .number(limits.stall.components.seconds)),
                    ("idleSeconds", .number(limits.idle.components.seconds)),
                ])
            ),
        ]
    }

    private static func json(of caller: Identity) -> JSON {
        let link = caller.link.map { link in
            JSON.object([
                ("length", .number(link.length)), ("types", .array(link.types.map { .string($0) })),
                ("state", .string(link.state.rawValue)),
            ])
        }
        return .object([
            ("principal", .text(caller.principal)), ("namespace", .text(caller.namespace)),
            ("rights", .array(caller.rights.map { .string($0) })), ("expires", .text(caller.expires.map(date))),
            ("link", link ?? .null),
        ])
    }

    /// RFC 3339, in UTC.
    private static func date(_ moment: Timestamp) -> String {
        Date(timeIntervalSince1970: Double(moment.seconds)).formatted(.iso8601)
    }
}
