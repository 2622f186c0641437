import AsyncHTTPClient
import CairnContent
import CairnDialects
public import CairnEngine
import NIOHTTP1

extension Remote {
    /// The upload that a client calls `key`, or nil when there is none. Takes nothing over.
    public func look(_ key: FileKey) async throws(ClientError) -> UploadState? { try await look(key, nil) }

    /// The upload that a client calls `key`, else a complete file of that content id.
    func look(_ key: FileKey, _ contentID: Digest?) async throws(ClientError) -> UploadState? {
        let content = contentID.map { "&content-id=\($0)" } ?? ""
        let path = "/v1/uploads?file-id=\(PercentCoding.encode(key.description))\(content)"
        let request = self.request(path)
        do {
            return try await exchange(request, within: policy.stall).successful().decoded(as: UploadState.self)
        } catch let setback as Setback {
            return try Self.absent(setback)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .cancelled
        }
    }

    private static func absent(_ setback: Setback) throws(ClientError) -> UploadState? {
        switch setback {
        case .final(.notFound): return nil
        case .final(let error), .passing(let error, _): throw error
        }
    }

    /// Calls `body` with every complete file, page by page.
    public func files(_ body: (ListedFile) -> Void) async throws(ClientError) {
        var after: String?
        var seen: Set<String?> = []
        repeat {
            let query = after.map { "?after=\(PercentCoding.encode($0))" } ?? ""
            let page = try await ask(.GET, "/v1/files\(query)").decoded(as: FilePage.self)
            page.files.forEach(body)
            after = page.next
            // A server that comes back to the same place would be asked for ever.
        } while after != nil && seen.insert(after).inserted
    }

    /// Cancels an open upload, or removes a file.
    public func remove(_ id: UploadID) async throws(ClientError) {
        _ = try await ask(.DELETE, "/v1/uploads/\(id)")
    }
}
