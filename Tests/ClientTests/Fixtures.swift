import CairnClient
import Foundation
import ScriptedServer
import Synchronization

/// The bytes of the vectors in spec/prefix-digest.md: byte i is (7i + 3) mod 251.
func content(_ length: Int, seed: Int = 3) -> [UInt8] { (0..<length).map { UInt8((7 * $0 + seed) % 251) } }

/// A folder that is there while `body` runs.
func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // what is left, the system removes
    return try await body(folder)
}

extension URL {
    /// Writes a file of this name in the folder, and returns its path.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }
}

/// The bytes of the file at `path`.
func bytes(at path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

/// What a transfer reported.
final class Events: Sendable {
    private let list = Mutex<[TransferEvent]>([])

    var all: [TransferEvent] { list.withLock { $0 } }

    @Sendable func add(_ event: TransferEvent) { list.withLock { $0.append(event) } }

    /// The causes of the tries that failed.
    var setbacks: [ClientError] {
        all.compactMap { event in
            guard case .retrying(_, let cause) = event else { return nil }
            return cause
        }
    }
}

/// A policy that loses no time, and takes no line for slow because the machine is.
let impatient: RetryPolicy = {
    var policy = RetryPolicy()
    policy.tries = 3
    policy.firstPause = .microseconds(1)
    policy.retryAfterLimit = .milliseconds(5)
    policy.slow = .seconds(3600)
    return policy
}()

/// Runs a fake server and a client of it while `body` runs.
func withServer<Result: Sendable>(
    _ fake: FakeCairn, policy: RetryPolicy = impatient, events: Events = Events(), cache: DigestCache? = nil,
    _ body: @Sendable (Remote) async throws(ClientError) -> Result
) async throws -> Result {
    try await ScriptedServer.running(fake) { server in
        guard let address = ServerAddress(server.address) else { preconditionFailure("\(server.address)") }
        return try await Remote.connected(to: address, policy: policy, cache: cache, report: events.add, body)
    }
}
