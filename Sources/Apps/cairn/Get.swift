import ArgumentParser
import CairnClient
import CairnDisk
import CairnDialects

/// `cairn get`: a file from a server, verified chunk by chunk.
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a file; run it again to go on.",
        discussion: """
            The bytes are written to FILE.<content id>.part and verified chunk by chunk; when all are there and \
            durable, it becomes FILE.
            """)

    @Argument(help: ArgumentHelp("The file's URL, or its id on the server.", valueName: "url"))
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to; - is standard output (default: the file's own name, here).", valueName: "file"))
    var output: String?

    @Flag(help: "Overwrite another file at that place.")
    var force = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var shown: OutputOptions

    func run() async throws {
        ProcessLimits.keepBuffers()
        let (console, authorities) = (Console(shown), server.authorities)
        let token = server.credential
        let address = try server.file(file)
        let (output, force) = (output, force)
        let code = await console.forEach([address]) { address throws(ClientError) in
            try await Remote.connected(
                to: address.server, token: token, policy: retry.policy, authorities: authorities, report: console.show
            ) {
                remote throws(ClientError) in
                let description = try await remote.describe(address.id)
                console.begin(description.name ?? "\(address.id)")
                guard output != "-" else {
                    return try await remote.get(address.id, description, into: StandardOutput.write)
                }
                let path = output ?? description.name ?? "\(address.id)"
                let fetched = try await remote.get(address.id, description, to: path, replacing: force)
                console.show(description, from: address, at: path, fetched: fetched)
            }
        }
        try code.end()
    }
}

extension Console {
    fileprivate func show(
        _ description: FileDescription, from address: FileAddress, at path: String, fetched: Int64
    ) {
        result(
            [
                ("id", .string("\(address.id)")), ("url", .string("\(address)")),
                ("contentId", .string("\(description.contentID)")), ("length", .number(description.length)),
                ("fetched", .number(fetched)), ("path", .string(path)),
            ],
            "\(path)  \(ProgressLine.bytes(description.length)), \(ProgressLine.bytes(fetched)) fetched, verified")
    }
}
