import CairnContent
import CairnDialects
import CairnEngine
import Foundation
import ScriptedServer

/// Entries that were named in one request.
struct FakeSegment: Equatable {
    let index: Int
    let count: Int
    let end: Int?
}

/// A chunk that was brought.
struct FakeChunk: Equatable {
    let digest: Digest
    let wireLength: Int
    let isBlock: Bool
}

extension ScriptedRequest {
    func parameter(_ name: String) -> String? {
        query.split(separator: "&").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    fileprivate var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]  // an empty body says nothing
    }
}

/// The native protocol as spec/native.md has it.
extension FakeCairn.State {
    private static let encodings = #""concurrency":4,"encodings":["lz4"]"#

    /// Nil for what is the same in every dialect.
    mutating func native(_ request: ScriptedRequest, isWhole: Bool) -> ScriptedAnswer? {
        let pieces = request.path.split(separator: "/").map(String.init)
        if request.path == "/v1" {
            return ScriptedAnswer(200, text: #"{"chunkSize":\#(FakeCairn.chunkSize.length),\#(Self.encodings)}"#)
        }
        if request.method == "POST", request.path == "/v1/uploads" { return begin(request) }
        if pieces.count == 3, pieces[1] == "uploads", let answer = member(request, pieces[2], isWhole) { return answer }
        guard pieces.count >= 4, pieces[0] == "v1", pieces[1] == "uploads" else { return nil }
        guard let key = uploads.first(where: { "\($0.value.id)" == pieces[2] })?.key, let upload = uploads[key] else {
            return problem(404, "unknown-upload")
        }
        switch (request.method, pieces[3], pieces.count) {
        case ("PATCH", "manifest", 4): return name(request, key, upload)
        case ("GET", "missing", 4): return missing(request, upload)
        case ("POST", "proofs", 4): return prove(request, key, upload)
        case ("PUT", "chunks", 5): return put(request, key, Digest(pieces[4]), isWhole: isWhole)
        case ("POST", "chunks", 4): return post(request, key, isWhole: isWhole)
        case ("POST", "complete", 4): return complete(request, key)
        default: return nil
        }
    }

    /// A look at one upload, or an append to it.
    private mutating func member(_ request: ScriptedRequest, _ id: String, _ isWhole: Bool) -> ScriptedAnswer? {
        guard let (key, upload) = uploads.first(where: { "\($0.value.id)" == id }) else { return nil }
        switch request.method {
        case "GET": return state(upload, 200)
        case "PATCH":
            guard request["upload-offset"] == "\(upload.offset)" else {
                return problem(409, "mismatching-upload-offset")
            }
            received += request.body.count
            appended += 1
            uploads[key]?.append(request.body)
            return isWhole ? ScriptedAnswer(204) : problem(400, "body-cut")
        default: return nil
        }
    }

    private func problem(_ status: Int, _ name: String, _ members: String = "") -> ScriptedAnswer {
        let text = #"{"type":"/problems/\#(name)","title":"\#(name)","status":\#(status)\#(members)}"#
        return ScriptedAnswer(status, ["Content-Type": "application/problem+json"], text: text)
    }

    private func state(_ upload: FakeUpload, _ status: Int) -> ScriptedAnswer {
        let text = """
            {"id":"\(upload.id)","state":"\(upload.isComplete ? "complete" : "open")","offset":\(upload.offset),\
            "length":\(upload.length.map { "\($0)" } ?? "null"),"prefix":"\(upload.prefix)",\
            "chunkSize":\(FakeCairn.chunkSize.length),"entries":\(upload.named.count),\
            "contentId":\(upload.isComplete ? "\"\(upload.manifest.contentID)\"" : "null")}
            """
        return ScriptedAnswer(status, upload.nativeFields, text: text)
    }

    private mutating func begin(_ request: ScriptedRequest) -> ScriptedAnswer {
        let body = request.json
        let key = body["fileId"] as? String ?? "-"
        let contentID = body["contentId"] as? String
        begun.append(contentID)
        if let upload = uploads[key], body["startOver"] as? Bool != true {
            guard upload.isComplete, let contentID, contentID != "\(upload.manifest.contentID)" else {
                return state(upload, 200)
            }
        }
        if let contentID,
            let same = uploads.values.first(where: { $0.isComplete && "\($0.manifest.contentID)" == contentID })
        {
            uploads[key] = same
            return state(same, 200)
        }
        if let old = uploads[key] { uploads["\(key)-\(old.id)"] = old }
        let upload = FakeUpload(name: body["name"] as? String, length: body["length"] as? Int)
        uploads[key] = upload
        return state(upload, 201)
    }

    private mutating func name(_ request: ScriptedRequest, _ key: String, _ old: FakeUpload) -> ScriptedAnswer {
        var upload = old
        guard let index = request.parameter("index").flatMap({ Int($0) }), index <= upload.named.count else {
            return problem(400, "bad-query")
        }
        let digests = stride(from: 0, to: request.body.count, by: 32).compactMap {
            Digest(bytes: request.body[$0..<min($0 + 32, request.body.count)])
        }
        let end = request.parameter("end").flatMap { Int($0) }
        segments.append(FakeSegment(index: index, count: digests.count, end: end))
        upload.length = end ?? upload.length
        for (place, digest) in digests.enumerated() {
            if index + place == upload.named.count {
                upload.named.append(digest)
                if let bytes = stored[digest], !takesProofs { upload.chunks[digest] = bytes }
            } else if upload.named[index + place] != digest {
                return problem(409, "manifest-conflict", #","index":\#(index + place)"#)
            }
        }
        uploads[key] = upload
        return missing(upload, index..<index + digests.count)
    }

    /// Each answer's own, and good for the next proofs only.
    private var nonce: [UInt8] { Array(repeating: UInt8(truncatingIfNeeded: segments.count), count: 16) }

    private mutating func prove(_ request: ScriptedRequest, _ key: String, _ old: FakeUpload) -> ScriptedAnswer {
        let body = request.json
        let isFresh = body["nonce"] as? String == Data(nonce).base64EncodedString()
        let proofs = body["proofs"] as? [[String: Any]] ?? []
        let indices = proofs.compactMap { $0["index"] as? Int }
        proven.append(indices)
        for (index, proof) in zip(indices, proofs) {
            let digest = old.named[index]
            guard isFresh, let bytes = stored[digest],
                proof["hmac"] as? String
                    == Data(ChunkProof.hmac(nonce, over: bytes.span).bytes).base64EncodedString()
            else { continue }
            uploads[key]?.chunks[digest] = bytes
        }
        return missing(uploads[key] ?? old, 0..<old.named.count)
    }

    private func missing(_ request: ScriptedRequest, _ upload: FakeUpload) -> ScriptedAnswer {
        let index = request.parameter("index").flatMap { Int($0) } ?? 0
        let count = request.parameter("count").flatMap { Int($0) } ?? upload.named.count - index
        return missing(upload, index..<index + count)
    }

    private func missing(_ upload: FakeUpload, _ range: Range<Int>) -> ScriptedAnswer {
        let nonce = takesProofs ? ",\"nonce\":\"\(Data(nonce).base64EncodedString())\"" : ""
        return ScriptedAnswer(
            200, upload.nativeFields, text: "{\(members(upload, range)),\"count\":\(range.count)\(nonce)}")
    }

    private func members(_ upload: FakeUpload, _ range: Range<Int>) -> String {
        let form: String
        switch MissingIndices(range.filter { upload.chunks[upload.named[$0]] == nil }, in: range).form {
        case .ranges(let text): form = #""ranges":"\#(text)""#
        case .bitmap(let bytes): form = #""bitmap":"\#(Data(bytes).base64EncodedString())""#
        }
        return #""index":\#(range.lowerBound),"missing":{\#(form)}"#
    }

    private mutating func put(
        _ request: ScriptedRequest, _ key: String, _ digest: Digest?, isWhole: Bool
    ) -> ScriptedAnswer {
        guard let digest, let upload = uploads[key], upload.named.contains(digest) else {
            return problem(409, "not-in-manifest")
        }
        guard upload.chunks[digest] == nil else { return ScriptedAnswer(200, upload.nativeFields) }
        let isBlock = request["content-encoding"] == "lz4"
        guard isWhole else { return problem(400, "body-cut") }
        guard let verdict = keep(request.body, isBlock: isBlock, digest, upload.length(of: digest), key) else {
            return problem(422, "digest-mismatch")
        }
        return ScriptedAnswer(verdict == .kept ? 201 : 200, upload.nativeFields)
    }

    /// Nil when the bytes are others.
    private mutating func keep(
        _ body: [UInt8], isBlock: Bool, _ digest: Digest, _ length: Int, _ key: String
    ) -> ChunkFrame.Verdict? {
        let plain = isBlock ? ChunkBlock.decode(body.span, to: length) : body
        guard let plain, Digest(hashing: plain.span) == digest else { return nil }
        chunks.append(FakeChunk(digest: digest, wireLength: body.count, isBlock: isBlock))
        uploads[key]?.chunks[digest] = plain
        return .kept
    }

    private mutating func post(_ request: ScriptedRequest, _ key: String, isWhole: Bool) -> ScriptedAnswer {
        var rest = request.body[...]
        var verdicts: [UInt8] = []
        while rest.count >= ChunkFrame.headerLength, let upload = uploads[key] {
            let header = Array(rest.prefix(ChunkFrame.headerLength))
            guard let frame = ChunkFrame(header: header.span) else { return problem(422, "frame-invalid") }
            rest = rest.dropFirst(ChunkFrame.headerLength)
            guard rest.count >= frame.wireLength else { break }
            let body = Array(rest.prefix(frame.wireLength))
            rest = rest.dropFirst(frame.wireLength)
            let digest = frame.entry.digest
            guard upload.chunks[digest] == nil else {
                verdicts.append(ChunkFrame.Verdict.had.rawValue)
                continue
            }
            let verdict = keep(body, isBlock: frame.codec == .lz4, digest, frame.entry.length, key)
            verdicts.append((verdict ?? .wrongBytes).rawValue)
        }
        guard isWhole else { return problem(400, "body-cut") }
        return ScriptedAnswer(200, ["Content-Type": "application/vnd.cairn.verdicts"], verdicts)
    }

    private mutating func complete(_ request: ScriptedRequest, _ key: String) -> ScriptedAnswer {
        guard var upload = uploads[key] else { return problem(404, "unknown-upload") }
        let lacking = upload.named.contains { upload.chunks[$0] == nil }
        guard !lacking else {
            let range = 0..<min(upload.named.count, 8192)
            return problem(409, "upload-incomplete", ",\(members(upload, range))")
        }
        upload.bytes = upload.named.flatMap { upload.chunks[$0] ?? [] }
        upload.isComplete = true
        let wanted = request.json["contentId"] as? String
        guard wanted == nil || wanted == "\(upload.manifest.contentID)" else {
            return problem(422, "file-digest-mismatch")
        }
        uploads[key] = upload
        return state(upload, 201)
    }

    mutating func lose(_ index: Int) {
        for (key, upload) in uploads where index < upload.named.count {
            uploads[key]?.chunks[upload.named[index]] = nil
        }
    }
}

extension FakeUpload {
    /// The prefix: the leading run of chunks that are there.
    fileprivate var offset: Int {
        guard !isComplete else { return bytes.count }
        return named.prefix { chunks[$0] != nil }.reduce(0) { $0 + (chunks[$1]?.count ?? 0) } + tail.count
    }

    /// Bytes at the prefix; whole chunks of them are kept, the rest is the tail.
    fileprivate mutating func append(_ bytes: [UInt8]) {
        tail += bytes
        while let next = named.first(where: { chunks[$0] == nil }), tail.count >= length(of: next) {
            let chunk = Array(tail.prefix(length(of: next)))
            guard Digest(hashing: chunk.span) == next else { return tail = [] }
            chunks[next] = chunk
            tail.removeFirst(chunk.count)
        }
    }

    fileprivate var prefix: Digest {
        guard !isComplete else { return manifest.contentID }
        let there = named.prefix { chunks[$0] != nil }
        return Run(there.map { Entry(digest: $0, length: max(1, chunks[$0]?.count ?? 0)) }).prefixDigest()
    }

    fileprivate var nativeFields: [String: String] {
        ["Upload-Prefix": "\(PrefixField(digest: prefix, offset: Int64(offset), chunkSize: FakeCairn.chunkSize))"]
    }

    fileprivate func length(of digest: Digest) -> Int {
        let chunkLength = FakeCairn.chunkSize.length
        guard let length, digest == named.last, length % chunkLength != 0 else { return chunkLength }
        return length % chunkLength
    }
}
