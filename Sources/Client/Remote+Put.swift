public import CairnEngine
public import NIOCore

extension Remote {
    /// Brings the file at `path` here, from where an earlier run got to.
    ///
    /// - Parameter metadata: Its name also finds the earlier run, together with the file's length and time.
    public func put(_ path: String, metadata: Metadata) async throws(ClientError) -> Receipt {
        try await LocalFile.opened(path) { file async throws(ClientError) in
            let key = FileKey(name: metadata.name ?? path, length: file.length, modified: file.stamp.modified)
            var uploader = Uploader(
                remote: self, source: FileSource(file, report: report), key: key, metadata: metadata)
            return try await uploader.run()
        }
    }

    /// Brings a stream of unknown length here; it survives broken connections, but not the end of this process.
    ///
    /// - Parameter input: The next bytes of the stream, none at its end.
    public func put(
        stream input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer, metadata: Metadata
    ) async throws(ClientError) -> Receipt {
        var generator = SystemRandomNumberGenerator()
        let source = StreamSource(chunkSize: try await chunkSize(), input: input)
        var uploader = Uploader(
            remote: self, source: source, key: FileKey(using: &generator), metadata: metadata)
        return try await uploader.run()
    }
}
