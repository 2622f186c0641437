import AsyncHTTPClient
import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import NIOCore
import NIOHTTP1

/// Brings what is no longer than a chunk in one request, after a question whether it is there.
struct WholePut: Sendable {
    let remote: Remote
    let key: FileKey
    let metadata: Metadata
    let bytes: ByteBuffer

    /// Nil when it should be brought by the way that resumes: a part of it is there, or the request broke off.
    func run() async throws(ClientError) -> Receipt? {
        let found = try await remote.look(key, contentID)
        if let found, found.state == "complete", found.prefix == "\(contentID)", let id = UploadID(found.id) {
            return receipt(id, sent: 0, changed: false)
        }
        guard found == nil || found?.state == "complete" else { return nil }
        if found != nil { remote.report(.changed) }
        let answer: Answer
        do {
            answer = try await remote.exchange(request).successful()
        } catch .final(let error) {
            throw error
        } catch {
            return nil
        }
        guard let id = answer.location, let prefix = answer.prefix else {
            throw .notUnderstood("it does not say which file it has now")
        }
        guard prefix.digest == contentID, prefix.offset == length else {
            throw .wrongBytes("the server has \(prefix.digest) and not \(contentID)")
        }
        remote.report(.acknowledged(offset: length, of: length))
        return receipt(id, sent: length, changed: found != nil)
    }

    private var length: Int64 { Int64(bytes.readableBytes) }

    private var contentID: Digest {
        let digest = Digest(hashing: bytes.readableBytesUInt8Span)
        return Run(bytes.readableBytes == 0 ? [] : [Entry(digest: digest, length: bytes.readableBytes)]).prefixDigest()
    }

    private var request: HTTPClientRequest {
        var fields = HTTPFields()
        fields[.xFileID] = key.description
        fields[.xStartByte] = "0"
        fields[.xFileSize] = "\(length)"
        fields[.accept] = "application/problem+json"
        fields[.contentType] = metadata.type
        fields[.contentDisposition] = metadata.name.map { ContentDisposition(attachment: $0).description }
        var request = remote.request("/upload")
        request.method = .POST
        request.headers.add(contentsOf: fields.map { ($0.name.rawName, $0.value) })
        request.body = .bytes(bytes)
        return request
    }

    private func receipt(_ id: UploadID, sent: Int64, changed: Bool) -> Receipt {
        Receipt(
            address: FileAddress(server: remote.server, id: id), contentID: contentID, length: length, sent: sent,
            known: length - sent, changed: changed, name: metadata.name)
    }
}
