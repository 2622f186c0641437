import ArgumentParser
import CairnClient
import CairnDialects

/// `cairn rm`: files, or uploads that are not finished, from a server.
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove files, or cancel uploads.")

    @Argument(help: ArgumentHelp("URLs, or ids on the server.", valueName: "url"))
    var files: [String]

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (console, authorities) = (Console(output), server.authorities)
        let token = server.credential
        let addresses = try files.map(server.file)
        let code = await console.forEach(addresses) { address throws(ClientError) in
            try await Remote.connected(
                to: address.server, token: token, policy: .brief, authorities: authorities, report: console.show
            ) {
                remote throws(ClientError) in
                try await remote.remove(address.id)
            }
            console.result(
                [("id", .string("\(address.id)")), ("url", .string("\(address)")), ("removed", .bool(true))],
                "\(address)  removed")
        }
        try code.end()
    }
}
