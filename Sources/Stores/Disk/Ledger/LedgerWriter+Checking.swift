import CairnContent
import CairnEngine
import GRDB

/// What is written of chunks that were looked at again (spec/checking.md).
extension LedgerWriter {
    func verify(_ digests: [Digest], in namespace: Namespace, at moment: Timestamp) throws {
        let namespace = try row(of: namespace)
        for digest in digests {
            try run(
                """
                UPDATE chunk SET verified = ?
                WHERE namespace = ? AND digest = ? AND state = \(ChunkState.live.rawValue)
                """, [moment.seconds, namespace, digest.data])
        }
    }

    func damage(_ digests: [Digest], in namespace: Namespace, at moment: Timestamp) throws {
        let namespace = try row(of: namespace)
        for digest in digests {
            try run(
                """
                UPDATE chunk SET state = \(ChunkState.damaged.rawValue), verified = ?
                WHERE namespace = ? AND digest = ? AND state = \(ChunkState.live.rawValue)
                """, [moment.seconds, namespace, digest.data])
        }
    }
}
