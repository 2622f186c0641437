import ArgumentParser
import CairnClient
import CairnDialects

/// `cairn status`: how far the server is with a local file.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how much of a file the server has, and whether it is the same file.",
        discussion: "Takes nothing over: an upload that runs goes on undisturbed.")

    @Argument var file: String

    @Option(help: "The name that it was put under.")
    var name: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (console, authorities) = (Console(output), server.authorities)
        let token = server.credential
        let address = try server.server()
        let name = name
        let code = await console.forEach([file]) { file throws(ClientError) in
            try await Remote.connected(
                to: address, token: token, policy: .brief, authorities: authorities, report: console.show
            ) {
                remote throws(ClientError) in
                guard let local = try await LocalTree(at: file).files.first, local.path == file else {
                    throw .noInput(path: file, reason: "not a regular file")
                }
                console.begin(local.name)
                let comparison = try await remote.compare(file, name: name ?? local.name)
                console.show(comparison, name: name ?? local.name, on: address)
            }
        }
        try code.end()
    }
}

extension Console {
    fileprivate func show(_ comparison: Comparison, name: String, on server: ServerAddress) {
        let upload = comparison.upload
        let address = upload.flatMap { FileAddress("\(server)/files/\($0.id)") }
        result(
            [
                ("name", .string(name)), ("state", .string(upload?.state ?? "unknown")),
                ("offset", .number(upload?.offset ?? 0)), ("length", .number(comparison.length)),
                ("matches", comparison.agrees.map { .bool($0) } ?? .null),
                ("id", upload.map { .string($0.id) } ?? .null), ("url", address.map { .string("\($0)") } ?? .null),
            ],
            "\(name)  \(comparison.words)")
    }
}

extension Comparison {
    fileprivate var words: String {
        guard let upload else { return "the server has nothing of it" }
        let amount = "\(ProgressLine.bytes(upload.offset)) of \(ProgressLine.bytes(length))"
        let proof =
            switch agrees {
            case true?: "the same bytes as here"
            case false?: "other bytes than here"
            case nil: "not compared"
            }
        return "\(upload.state), \(amount), \(proof)"
    }
}
