import ArgumentParser
import Foundation

/// `cairn serve`: a server over one data directory.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a data directory over HTTP.",
        discussion: """
            A browser that opens the address finds a page to upload with. Requests are logged on standard error. \
            SIGTERM and SIGINT end running requests, keep what they brought, and stop. Without tokens (`cairn token`) \
            whoever reaches the address may read and write, so it is one of this machine only.
            """)

    @Option(
        help: ArgumentHelp(
            "A file of settings, a line each: name = value (default: $CAIRN_SERVE_CONFIGURATION).", valueName: "file"))
    var configuration: String?

    @Flag(help: "Print each setting and where it comes from, and serve nothing.")
    var printConfiguration = false

    @OptionGroup(title: "Settings")
    var given: ServeOptions

    func run() async throws {
        let layers = try layers()
        if printConfiguration { return Console.print("\(layers)") }
        do {
            let options = try ServeOptions.parse(try layers.arguments())
            try options.checkTogether()
            try await Serving(options).run()
        } catch let error as ConfigurationError {
            try fail("\(error)")
        } catch let error as ValidationError {
            try fail(error.message)
        }
    }

    private func fail(_ text: String) throws -> Never {
        Console.complain("cairn: \(text)")
        throw ExitCode(64)
    }

    /// Everything that this server is told, each value checked where it stands.
    private func layers() throws -> Layers {
        let environment = ProcessInfo.processInfo.environment
        do {
            let layers = try Layers(
                Settings(of: ServeOptions.self), arguments: Array(CommandLine.arguments.dropFirst(2)),
                environment: environment, file: configuration ?? environment["CAIRN_SERVE_CONFIGURATION"])
            try layers.check(as: ServeOptions.self)
            return layers
        } catch {
            try fail("\(error)")
        }
    }
}
