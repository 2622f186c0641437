public import CairnEngine
public import NIOCore

extension Remote {
    /// Brings the file at `path` here, from where an earlier run got to.
    ///
    /// - Parameter metadata: Its name also finds the earlier run, together with the file's length and time.
    public func put(_ path: String, metadata: Metadata) async throws(ClientError) -> Receipt {
        try await LocalFile.opened(path) { file async throws(ClientError) in
            try await FilePut(remote: self, file: file, metadata: metadata).run()
        }
    }

    /// Brings a stream of unknown length here; it survives broken connections, but not the end of this process.
    ///
    /// - Parameter input: The next bytes of the stream, none at its end.
    public func put(
        stream input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer, metadata: Metadata
    ) async throws(ClientError) -> Receipt {
        var generator = SystemRandomNumberGenerator()
        return try await put(stream: input, metadata: metadata, key: FileKey(using: &generator))
    }
}
