import CairnClient
import Dispatch
import Foundation
import NIOCore

/// The process's standard streams, read and written where blocking is allowed.
enum StandardInput {
    private static let queue = DispatchQueue(label: "standard input")

    /// What is there, up to 1 MiB; waits for the first byte, and returns none at the end.
    static func read() async throws(ClientError) -> ByteBuffer {
        let result = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { try FileHandle.standardInput.read(upToCount: 1 << 20) })
            }
        }
        switch result {
        case .success(let bytes): return ByteBuffer(bytes: bytes ?? Data())
        case .failure(let error): throw .failedIO(path: "standard input", reason: error.localizedDescription)
        }
    }
}

/// See `StandardInput`.
enum StandardOutput {
    private static let queue = DispatchQueue(label: "standard output")

    static func write(_ bytes: ByteBuffer) async throws(ClientError) {
        let data = Data(bytes.readableBytesView)
        let result = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { try FileHandle.standardOutput.write(contentsOf: data) })
            }
        }
        do { try result.get() } catch {
            throw .failedIO(path: "standard output", reason: error.localizedDescription)
        }
    }
}
