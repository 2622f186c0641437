public import ArgumentParser
public import CairnClient
public import CairnContent
import CairnEngine
import Foundation

/// Which server is meant.
struct ServerOptions: ParsableArguments {
    @Option(
        name: [.customLong("to"), .customLong("from")],
        help: ArgumentHelp("The server (default: $CAIRN_URL).", valueName: "url"))
    var address: ServerAddress?

    @OptionGroup var trust: TrustOptions

    var authorities: String? { trust.authorities }
    var credential: String? { trust.credential }

    /// The address of the option, else of the environment.
    func server() throws -> ServerAddress {
        if let address { return address }
        guard let text = ProcessInfo.processInfo.environment["CAIRN_URL"], !text.isEmpty else {
            throw ValidationError("Which server? Give --to <url>, or set CAIRN_URL.")
        }
        guard let address = ServerAddress(text) else {
            throw ValidationError("CAIRN_URL is not the address of a server: \(text)")
        }
        return address
    }

    /// The file that `text` means: a URL, or an id on the server.
    func file(_ text: String) throws -> FileAddress {
        if let address = FileAddress(text) { return address }
        guard let id = UploadID(text) else { throw ValidationError("Neither the URL nor the id of a file: \(text)") }
        return FileAddress(server: try server(), id: id)
    }
}

/// Whom to believe, and how to be believed.
struct TrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificates (PEM) of those who may vouch for the server (default: $SSL_CERT_FILE, else the system's).",
            valueName: "file"))
    var ca: String?

    /// The file of the option, else of the environment; nil for the system's.
    var authorities: String? {
        if let ca { return ca }
        let path = ProcessInfo.processInfo.environment["SSL_CERT_FILE"] ?? ""
        return path.isEmpty ? nil : path
    }

    @Option(help: ArgumentHelp("What shows the server who you are (default: $CAIRN_TOKEN).", valueName: "token"))
    var token: String?

    func validate() throws {
        guard credential.map({ $0.utf8.allSatisfy { (0x21..<0x7F).contains($0) } }) ?? true else {
            throw ValidationError("A token is of visible ASCII characters.")
        }
    }

    /// The token of the option, else of the environment.
    var credential: String? { Self.credential(token) }

    static func credential(_ token: String?) -> String? {
        let text = token ?? ProcessInfo.processInfo.environment["CAIRN_TOKEN"] ?? ""
        return text.isEmpty ? nil : text
    }
}

/// How results are shown.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but results and errors.")
    var quiet = false
}

/// How patient a transfer is.
struct RetryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Tries in a row that may fail without progress.", valueName: "n"))
    var tries = RetryPolicy().tries

    func validate() throws {
        guard (1...1_000_000).contains(tries) else { throw ValidationError("--tries is 1 to 1000000.") }
    }

    var policy: RetryPolicy {
        var policy = RetryPolicy()
        policy.tries = tries
        return policy
    }
}

extension RetryPolicy {
    /// For questions that somebody waits for.
    static let brief: RetryPolicy = {
        var policy = RetryPolicy()
        policy.tries = 3
        return policy
    }()
}

extension ServerAddress: ExpressibleByArgument {}

extension ChunkSize: ExpressibleByArgument {
    /// Bytes, or KiB and MiB as `64K` and `4M`.
    public init?(argument: String) {
        let shift = argument.hasSuffix("K") ? 10 : argument.hasSuffix("M") ? 20 : 0
        let digits = shift == 0 ? argument : String(argument.dropLast())
        guard let count = Int(digits), (1...Self.maximum.length).contains(count) else { return nil }
        self.init(count << shift)
    }

    public var defaultValueDescription: String { "\(length >> 20)M" }
}
