import ArgumentParser
import CairnClient
import CairnDisk
import CairnDialects
import CairnEngine
import Foundation

/// `cairn put`: files onto a server.
struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files, folders, or standard input; run it again to go on.",
        discussion: """
            What the server has already is not sent again, when its digest shows that it is the same. Files in a \
            folder keep their path below it as their name.
            """)

    @Argument(help: ArgumentHelp("Files and folders; - is standard input.", valueName: "file"))
    var inputs: [String]

    @Option(help: "The name on the server, for one file or standard input.")
    var name: String?

    @Option(help: ArgumentHelp("The media type to serve the files with.", valueName: "media-type"))
    var type: String?

    @Flag(help: "Read and digest everything anew, whatever earlier runs have kept.")
    var noCache = false

    @Option(help: ArgumentHelp("How many connections send a file (default: as many as help).", valueName: "n"))
    var connections: Int?

    @OptionGroup var server: ServerOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard name == nil || inputs.count == 1 else { throw ValidationError("--name is for one file.") }
        guard connections.map((1...64).contains) ?? true else { throw ValidationError("--connections is 1 to 64.") }
        guard inputs.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("- can be read only once.") }
    }

    func run() async throws {
        ProcessLimits.keepBuffers()
        let console = Console(output)
        let (address, token) = (try server.server(), server.credential)
        let (inputs, name, metadata) = (inputs, name, Metadata(type: type))
        let cache = DigestCache.standard(isTrusted: !noCache)
        let code = try await Remote.connected(
            to: address, token: token, policy: retry.policy, connections: connections, cache: cache,
            authorities: server.authorities, report: console.show
        ) { remote in
            await Putting(remote: remote, console: console, name: name, metadata: metadata).put(inputs)
        }
        try code.end()
    }
}

/// The work of `cairn put` on one server.
private struct Putting: Sendable {
    let remote: Remote
    let console: Console
    /// Overrides the file's own name.
    let name: String?
    let metadata: Metadata

    func put(_ inputs: [String]) async -> ExitCode {
        var sources: [Source] = []
        for input in inputs { sources += await found(at: input) }
        return await console.inOrder(sources, atATime: 32) { source throws(ClientError) in
            guard let file = try source.get() else { return try await putStandardInput() }
            return try await put(file)
        } then: {
            show($0)
        }
    }

    /// A file, nil for standard input, or why there is none.
    private typealias Source = Result<LocalEntry?, ClientError>

    private func found(at input: String) async -> [Source] {
        guard input != "-" else { return [.success(nil)] }
        do {
            let tree = try await LocalTree(at: input)
            for skipped in tree.skipped { console.note("\(skipped.path): skipped, \(skipped.reason)") }
            return tree.files.map { .success($0) } + tree.unreadable.map { .failure($0) }
        } catch {
            return [.failure(error)]
        }
    }

    private func put(_ file: LocalEntry) async throws(ClientError) -> Receipt {
        let metadata = metadata.named(name ?? file.name)
        console.begin(metadata.name ?? file.path)
        return try await remote.put(file.path, metadata: metadata)
    }

    private func putStandardInput() async throws(ClientError) -> Receipt {
        let metadata = name.map(metadata.named) ?? metadata
        console.begin(name ?? "standard input")
        return try await remote.put(stream: StandardInput.read, metadata: metadata)
    }

    private func show(_ receipt: Receipt) {
        console.result(
            [
                ("id", .string("\(receipt.address.id)")), ("url", .string("\(receipt.address)")),
                ("contentId", .string("\(receipt.contentID)")), ("length", .number(receipt.length)),
                ("sent", .number(receipt.sent)), ("known", .number(receipt.known)),
                ("name", receipt.name.map { .string($0) } ?? .null),
            ],
            "\(receipt.address)  \(receipt.name ?? "-")  \(receipt.words)")
    }
}

extension Receipt {
    fileprivate var words: String {
        let all = ProgressLine.bytes(length)
        if sent == 0 && length > 0 { return "\(all), all of it known" }
        if known == 0 { return "\(all) sent" }
        return "\(ProgressLine.bytes(known)) of \(all) known, \(ProgressLine.bytes(sent)) sent"
    }
}

extension Metadata {
    /// With a name; control characters in it, which no server takes, become `_`.
    fileprivate func named(_ name: String) -> Metadata {
        let scalars = name.unicodeScalars.map { $0.properties.generalCategory == .control ? "_" as Unicode.Scalar : $0 }
        return Metadata(name: String(String.UnicodeScalarView(scalars)), type: type)
    }
}

extension DigestCache {
    /// In `$XDG_CACHE_HOME/cairn`, else `~/.cache/cairn`; none for one who has neither.
    fileprivate static func standard(isTrusted: Bool) -> DigestCache? {
        let environment = ProcessInfo.processInfo.environment
        let folder = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let folder = folder ?? environment["HOME"].map({ "\($0)/.cache" }) else { return nil }
        return DigestCache(folder: "\(folder)/cairn/digests", isTrusted: isTrusted)
    }
}
