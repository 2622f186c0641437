import CairnContent
import NIOCore
import Synchronization

/// The chunk of nothing but zeros, which a hole in a file reads as; digested once for each length.
enum Zeros {
    private static let digests = Mutex<[Int: Digest]>([:])

    static func digest(of length: Int) -> Digest {
        digests.withLock { digests in
            if let digest = digests[length] { return digest }
            let digest = Digest(hashing: ByteBuffer(repeating: 0, count: length).readableBytesUInt8Span)
            digests[length] = digest
            return digest
        }
    }
}
