import CairnContent
import CairnEngine
import LedgerConformance

/// What the steps are given: the same in every run.
enum Material {
    static let length = 1 << 20

    /// Bytes that do not compress.
    static let noise: [UInt8] = {
        var state: UInt64 = 1
        return (0..<length).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }()

    /// Lines of a log, and bytes of which nothing is to be said.
    static let lines: [UInt8] = Array(
        (0...).lazy.flatMap { "10.0.0.\($0 % 251) GET /files/\($0 * 7919 % 9973) 200 \($0 % 4096)\n".utf8 }.prefix(
            length))
    static let zeros = [UInt8](repeating: 0, count: length)

    static func entries(_ count: Int) -> [Entry] {
        (0..<count).map {
            Entry(digest: LedgerSamples.chunk($0 % 4096).entry.digest, length: ChunkSize.minimum.length)
        }
    }
}
