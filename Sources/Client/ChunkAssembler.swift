package import CairnContent
package import NIOCore

/// Puts the parts of a download together to chunks, and hands over none that is not what the manifest names.
package struct ChunkAssembler {
    private let manifest: Manifest
    /// The chunk that is being put together.
    package private(set) var index: Int
    private var open = ByteBuffer()
    /// Whether `open` was handed over; its memory is used again if the receiver has let go of it.
    private var isClosed = false

    /// Begins with the chunk at `index`.
    package init(_ manifest: Manifest, from index: Int) {
        self.manifest = manifest
        self.index = index
    }

    /// Takes from `part` what the open chunk lacks; returns the chunk when it is whole, else nil.
    ///
    /// The bytes are copied once, from the network's small parts into one buffer a chunk.
    /// - Throws: `wrongBytes` when they are not those of the manifest.
    package mutating func take(from part: inout ByteBuffer) throws(ClientError) -> ByteBuffer? {
        guard index < manifest.entries.count else { throw .wrongBytes("more bytes came than were asked for") }
        let entry = manifest.entries[index]
        if isClosed { open.clear() }
        isClosed = false
        open.reserveCapacity(entry.length)
        let lacking = min(entry.length - open.readableBytes, part.readableBytes)
        if var slice = part.readSlice(length: lacking) { open.writeBuffer(&slice) }
        guard open.readableBytes == entry.length else { return nil }
        guard Digest(hashing: open.readableBytesUInt8Span) == entry.digest else {
            throw .wrongBytes("chunk \(index) is not what the manifest names")
        }
        index += 1
        isClosed = true
        return open
    }
}
