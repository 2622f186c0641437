import AsyncHTTPClient
import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Brings one source to the server in the X-Start-Byte dialect, made verifiable (spec/x-start-byte.md).
///
/// Each try asks what the server has, compares its prefix digest with the source's own, and sends the rest; a broken
/// try is followed by another. Nothing is believed that the digests do not show.
struct Uploader {
    let remote: Remote
    let source: any UploadSource
    let key: FileKey
    let metadata: Metadata
    let tally = Tally()
    private var backoff: Backoff
    /// The highest offset that the server ever answered with, to tell progress from mere repetition.
    private var highest: Int64 = -1
    private var changed = false

    init(remote: Remote, source: any UploadSource, key: FileKey, metadata: Metadata) {
        self.remote = remote
        self.source = source
        self.key = key
        self.metadata = metadata
        backoff = Backoff(remote.policy)
    }

    /// Returns when the file is complete on the server and proven to be the source.
    mutating func run() async throws(ClientError) -> Receipt {
        while true {
            do {
                if let receipt = try await attempt() { return receipt }
            } catch {
                try await remote.pause(&backoff, after: error)
            }
        }
    }

    /// One try; nil when it brought a stream's bytes but could not yet declare their length.
    private mutating func attempt() async throws(Setback) -> Receipt? {
        let standing = try await standing()
        if standing.offset > highest { backoff.progressed() }
        highest = max(highest, standing.offset)
        do {
            let chunkSize = try await chunkSize(standing.chunkSize)
            let own = try await source.prefixDigest(at: standing.offset, chunkSize: chunkSize)
            let start = Start(standing, own: own)
            if start.offset == 0 { _ = try await source.prefixDigest(at: 0, chunkSize: chunkSize) }
            await note(start)
            return try await send(from: start, replacing: start.changed ? standing.id : nil)
        } catch let error as ClientError {
            throw .final(error)
        } catch let setback as Setback {
            throw setback
        } catch {
            throw .final(.cancelled)
        }
    }

    private func standing() async throws(Setback) -> Standing {
        var request = remote.request("/status")
        request.headers.add(name: HTTPField.Name.xFileID.rawName, value: key.description)
        let answer = try await remote.exchange(request, within: remote.policy.stall).successful()
        do { return try Standing(answer) } catch { throw .final(error) }
    }

    /// What an answer stated, else what the server takes for new uploads.
    private func chunkSize(_ stated: ChunkSize?) async throws(ClientError) -> ChunkSize {
        if let stated { return stated }
        return try await remote.chunkSize()
    }

    private mutating func note(_ start: Start) async {
        if start.changed {
            changed = true
            tally.startsOver()
            remote.report(.changed)
        } else if start.offset > 0, await start.offset != source.length {
            remote.report(.resumed(offset: start.offset))
        }
    }
}

extension Uploader {
    private func send(from start: Start, replacing old: UploadID?) async throws -> Receipt? {
        let first = try await source.bytes(at: start.offset)
        let declared = await source.length
        acknowledge(start.offset, of: declared)
        let answer = try await post(request(from: start, first: first, declared: declared), replacing: old)
        guard let declared else { return nil }
        return try await receipt(answer, length: declared, start: start)
    }

    private func request(from start: Start, first: ByteBuffer?, declared: Int64?) -> HTTPClientRequest {
        var request = remote.request("/upload")
        request.method = .POST
        request.headers.add(contentsOf: headers(from: start, declared: declared))
        guard let first else { return request }
        let body = SourceBody(source: source, first: first, offset: start.offset, tally: tally)
        request.body = .stream(body, length: declared.map { .known($0 - start.offset) } ?? .unknown)
        return request
    }

    private func headers(from start: Start, declared: Int64?) -> HTTPHeaders {
        var fields = HTTPFields()
        fields[.xFileID] = key.description
        fields[.xStartByte] = "\(start.offset)"
        fields[.xFileSize] = declared.map { "\($0)" }
        fields[.ifUploadPrefix] = start.prefix.map { PrefixField(digest: $0).description }
        fields[.accept] = "application/problem+json"
        fields[.contentType] = metadata.type
        fields[.contentDisposition] = metadata.name.map { ContentDisposition(attachment: $0).description }
        return HTTPHeaders(fields.map { ($0.name.rawName, $0.value) })
    }

    private func receipt(_ answer: Answer, length: Int64, start: Start) async throws(ClientError) -> Receipt {
        guard let prefix = answer.prefix, prefix.offset == length, let id = answer.location else {
            throw .notUnderstood("it does not say which file it has now")
        }
        let chunkSize = try await chunkSize(prefix.chunkSize)
        let own = try await source.prefixDigest(at: length, chunkSize: chunkSize)
        guard own == prefix.digest else {
            throw .wrongBytes("the server has \(prefix.digest) and not \(own.map { "\($0)" } ?? "the file")")
        }
        try await source.confirm()
        acknowledge(length, of: length)
        return Receipt(
            address: FileAddress(server: remote.server, id: id), contentID: prefix.digest, length: length,
            sent: tally.counts.sent, known: max(0, length - tally.counts.sent), changed: changed, name: metadata.name)
    }

    private func acknowledge(_ offset: Int64, of length: Int64?) {
        guard tally.acknowledged(offset) else { return }
        remote.report(.acknowledged(offset: offset, of: length))
    }
}
