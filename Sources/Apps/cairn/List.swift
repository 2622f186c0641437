import ArgumentParser
import CairnClient
import CairnDialects

/// `cairn ls`: the files of a server.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List a server's files.")

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (console, authorities) = (Console(output), server.authorities)
        let token = server.credential
        let address = try server.server()
        let code = await console.forEach([address]) { address throws(ClientError) in
            try await Remote.connected(
                to: address, token: token, policy: .brief, authorities: authorities, report: console.show
            ) {
                remote throws(ClientError) in
                try await remote.files { console.show($0, on: address) }
            }
        }
        try code.end()
    }
}

extension Console {
    fileprivate func show(_ file: ListedFile, on server: ServerAddress) {
        result(
            [
                ("id", .string(file.id)), ("url", .string("\(server)/files/\(file.id)")),
                ("name", file.name.map { .string($0) } ?? .null), ("type", file.type.map { .string($0) } ?? .null),
                ("length", .number(file.length)), ("contentId", .string(file.contentId)),
                ("created", .string(file.created)),
            ],
            "\(file.id)  \(file.created)  \(aligned(ProgressLine.bytes(file.length)))  \(file.name ?? "-")")
    }

    /// At the right of a column that holds every length.
    private func aligned(_ text: String) -> String { String(repeating: " ", count: max(0, 9 - text.count)) + text }
}
