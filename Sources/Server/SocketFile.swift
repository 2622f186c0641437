import FoundationEssentials
import NIOCore
import NIOPosix

/// A socket of the file system to listen at, and who may connect: those who may write to it.
public struct SocketFile: Hashable, Sendable {
    /// Where it stands.
    public let path: String
    /// Permissions, as of `chmod`.
    public let mode: Int

    /// - Parameter mode: Its permissions, from 0 to 0o777; its owner's and group's unless told otherwise.
    public init(path: String, mode: Int = 0o660) {
        self.path = path
        self.mode = mode
    }

    /// Makes sure that nobody listens there and that nothing else would be lost: a socket left by a server that is gone
    /// is replaced.
    func claim() async throws(SocketError) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // it need not be there
        guard let attributes else { return }
        guard attributes[.type] as? FileAttributeType == .typeSocket else { throw .notASocket(path) }
        guard await isDead() else { throw .inUse(path) }
    }

    /// Whether the socket refuses everyone: its server is gone.
    private func isDead() async -> Bool {
        do {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path).get().close()
            return false
        } catch let error as IOError {
            return error.errnoCode == ECONNREFUSED
        } catch {
            return false
        }
    }

    /// Lets in whom `mode` says, once the socket is there.
    func open() throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)  // one that stays is replaced by the next server
    }
}

/// Why a socket of the file system cannot be listened at.
public enum SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another server answers there.
    case inUse(String)
    /// Something else stands there, and stays.
    case notASocket(String)

    /// What is wrong, with the path, in one sentence.
    public var description: String {
        switch self {
        case .inUse(let path): "a server listens at \(path) already"
        case .notASocket(let path): "\(path) is no socket"
        }
    }
}

extension SocketAddress {
    /// Who is at the other end, as it is logged and trusted: an IP address, or `unix` for a process of this machine.
    var peer: String? { if case .unixDomainSocket = self { "unix" } else { ipAddress } }
}
