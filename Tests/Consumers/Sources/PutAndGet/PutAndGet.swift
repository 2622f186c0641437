import CairnClient
import CairnEngine

/// Puts a file on a server and gets it back:
///
///     PutAndGet SERVER TOKEN FILE COPY
@main struct PutAndGet {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 4, let server = ServerAddress(arguments[1]) else {
            return print("usage: PutAndGet SERVER TOKEN FILE COPY")
        }
        do {
            let receipt = try await put(arguments[3], to: server, token: arguments[2])
            print("\(receipt.address)  \(receipt.contentID)  \(receipt.sent) sent, \(receipt.known) known")
            let fetched = try await get(receipt.address, token: arguments[2], to: arguments[4])
            print("\(fetched) fetched")
        } catch ClientError.notAllowed(let refusal) {
            print("not allowed: \(refusal.status)")
        }
    }

    static func put(_ path: String, to server: ServerAddress, token: String) async throws -> Receipt {
        try await Remote.connected(to: server, token: token) { remote throws(ClientError) in
            try await remote.put(path, metadata: Metadata(name: "film.mkv", type: "video/x-matroska"))
        }
    }

    static func get(_ address: FileAddress, token: String, to path: String) async throws -> Int64 {
        try await Remote.connected(to: address.server, token: token) { remote throws(ClientError) in
            let file = try await remote.describe(address.id)
            return try await remote.get(address.id, file, to: path)
        }
    }
}
