import ArgumentParser
import CairnClient
import CairnContent
import CairnDialects

/// `cairn id`: what a server would call a file, computed here.
struct Identify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "id", abstract: "Compute the content id of files, without a server.",
        discussion: "It equals the server's when both cut the file into chunks of one size.")

    @Argument var files: [String]

    @Option(help: ArgumentHelp("Bytes, or 64K to 16M: a power of two.", valueName: "length"))
    var chunkSize = ChunkSize.standard

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let console = Console(output)
        let code = await console.forEach(files) { file throws(ClientError) in
            console.begin(file)
            let content = try await LocalContent(of: file, chunkSize: chunkSize, report: console.show)
            console.result(
                [
                    ("path", .string(file)), ("contentId", .string("\(content.contentID)")),
                    ("length", .number(content.length)), ("chunkSize", .number(Int64(chunkSize.length))),
                ],
                "\(content.contentID)  \(file)")
        }
        try code.end()
    }
}
