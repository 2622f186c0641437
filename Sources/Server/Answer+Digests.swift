import CairnContent
import CairnDialects
import CairnEngine
import HTTPTypes
import Logging

extension RequestHead {
    /// Whether the client asks for a digest of what it gets (RFC 9530, section 4).
    var wantsDigest: Bool {
        fields.wantedAlgorithm(.wantReprDigest) ?? fields.wantedAlgorithm(.wantContentDigest) != nil
    }
}

extension Answer {
    /// The answer with the digests its request wants: of the whole file, and of the bytes this answer sends.
    ///
    /// The bytes are read for it, but where the digest is known; when they cannot be, the answer goes without, and the
    /// body tells what is wrong.
    func stating(_ request: RequestHead, of upload: Upload, _ routes: UploadRoutes) async -> Answer {
        guard head.status == .ok || head.status == .partialContent else { return self }
        var fields: HTTPFields = [:]
        do throws(UploadError) {
            if upload.state == .complete, let algorithm = request.fields.wantedAlgorithm(.wantReprDigest) {
                fields[.reprDigest] = try await Self.digest(algorithm, 0..<upload.offset, upload, routes)
            }
            if body.count == 1, case .file(let range) = body[0],
                let algorithm = request.fields.wantedAlgorithm(.wantContentDigest)
            {
                fields[.contentDigest] = try await Self.digest(algorithm, range, upload, routes)
            }
        } catch { routes.note(error) }
        return with(fields)
    }

    private static func digest(
        _ algorithm: Checksum.Algorithm, _ range: Range<Int64>, _ upload: Upload, _ routes: UploadRoutes
    ) async throws(UploadError) -> String? {
        try await routes.engine.checksums([algorithm], over: range, of: upload).first.map(DigestField.text)
    }
}
