import CairnProcess
import Foundation
import Testing

/// Makes a token of a data directory, and returns it as its holder sends it, with its id.
func makeToken(
    _ name: String, in folder: TemporaryFolder, _ options: String...
) async throws -> (text: String, id: String) {
    let made = try await CairnProcess.run(
        ["token", "create", name, "--data", folder.path("data"), "--json"] + options)
    try #require(made.status == 0, "\(made.errors)")
    let object = try made.object()
    return (try #require(object["token"] as? String), try #require(object["id"] as? String))
}

/// Uploads a file as the holder of a token, and returns what the command says of it.
func put(_ file: String, to server: ServerProcess, as token: String) async throws -> [String: Any] {
    let put = try await CairnProcess.run(
        "put", file, "--to", server.url, "--json", environment: ["CAIRN_TOKEN": token])
    try #require(put.status == 0, "\(put.errors)")
    return try put.object()
}
