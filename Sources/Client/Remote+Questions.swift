import AsyncHTTPClient
import CairnContent
import CairnDialects
public import CairnEngine
import NIOHTTP1

extension Remote {
    /// The upload that a client calls `key`, or nil when there is none. Takes nothing over.
    public func look(_ key: FileKey) async throws(ClientError) -> UploadState? {
        let request = HTTPClientRequest(url: server.url("/v1/uploads?file-id=\(PercentCoding.encode(key.description))"))
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
        repeat {
            let query = after.map { "?after=\(PercentCoding.encode($0))" } ?? ""
            let page = try await ask(.GET, "/v1/files\(query)").decoded(as: FilePage.self)
            page.files.forEach(body)
            after = page.next
        } while after != nil
    }

    /// Cancels an open upload, or removes a file.
    public func remove(_ id: UploadID) async throws(ClientError) {
        _ = try await ask(.DELETE, "/v1/uploads/\(id)")
    }

    /// The chunk size of uploads that the server begins.
    func chunkSize() async throws(ClientError) -> ChunkSize {
        let capabilities = try await ask(.GET, "/v1").decoded(as: Capabilities.self)
        guard let chunkSize = ChunkSize(capabilities.chunkSize) else {
            throw .notUnderstood("its chunk size is \(capabilities.chunkSize)")
        }
        return chunkSize
    }

    private struct Capabilities: Decodable {
        let chunkSize: Int
    }
}
