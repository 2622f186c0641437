import ArgumentParser
import CairnClient
import CairnDialects
import CairnDisk
import CairnEngine
import CairnTrust
import Foundation

/// `cairn token`: who may come to the server of a data directory.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Say who may come to a server, and what they may.",
        discussion: """
            A running server takes each change over within a second. Once there was a token it stays so that one is \
            needed, also when the last is revoked.
            """,
        subcommands: [Create.self, ListTokens.self, Revoke.self])
}

/// Where tokens are.
struct TokenPlace: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory.", valueName: "folder"))
    var data: String

    /// - Parameter making: Whether a directory that is absent is made.
    func file(making: Bool) throws -> SettingsFile {
        guard making || FileManager.default.fileExists(atPath: data) else {
            Console.complain("cairn: \(data): no such folder. Give the one that `cairn serve --data` was given")
            throw ExitCode(66)
        }
        return try Self.reporting {
            try SettingsFile(TokenTable.fileName, inFolder: data, limit: TokenTable.fileLimit)
        }
    }

    static func table(_ file: SettingsFile) throws -> TokenTable {
        try reporting { try file.read().map { try TokenTable(json: $0) } ?? TokenTable() }
    }

    /// Changes the tokens durably, all or nothing.
    static func change(_ file: SettingsFile, _ change: (inout TokenTable) throws -> Void) throws {
        try reporting {
            try file.update { bytes in
                var table = try bytes.map { try TokenTable(json: $0) } ?? TokenTable()
                try change(&table)
                return table.json
            }
        }
    }

    private static func reporting<Value>(_ work: () throws -> Value) throws -> Value {
        do { return try work() } catch let error as DiskError {
            Console.complain("cairn: \(error.advice)")
            throw error.exitCode
        } catch let error as TokenFileError {
            Console.complain("cairn: \(Advice.on(error))")
            throw ExitCode(74)
        }
    }
}

extension TokenCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token, and print it: this once, for only its digest is kept.")

        @Argument(help: "What the token is called: letters, digits, dots, - and _.")
        var name: String

        @OptionGroup var place: TokenPlace

        @Option(help: "Whose uploads its holder has (default: the token's name). A new token of a principal goes on.")
        var principal: String?

        @Option(help: "The namespace it is for: what is in one is never seen, or shared, in another.")
        var namespace = Namespace.standard.description

        @Option(help: ArgumentHelp("Of put, get, list, delete and admin, with commas between.", valueName: "rights"))
        var rights = "put,get,list,delete"

        @Option(help: ArgumentHelp("Days after which it counts no more.", valueName: "days"))
        var days: Int?

        @Option(help: ArgumentHelp("Bytes its principal may have here at once.", valueName: "length"))
        var limitLength: Int64?

        @Option(help: ArgumentHelp("Uploads its principal may have open at once.", valueName: "n"))
        var limitUploads: Int?

        @Option(help: ArgumentHelp("Bytes its principal may bring a second; 65536 at least.", valueName: "length"))
        var limitRate: Int64?

        @Flag(help: "Let its holder sign upload links (cairn link); then a key for them is kept beside the digest.")
        var links = false

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (limitLength ?? 0) >= 0, (limitUploads ?? 0) >= 0,
                (limitRate ?? Allowance.rateMinimum) >= Allowance.rateMinimum
            else { throw ValidationError("A limit is out of range.") }
            guard Token.isName(name), principal.map(Token.isName) ?? true else {
                throw ValidationError("A name is 1 to 64 letters, digits, dots, - and _.")
            }
            guard Namespace(namespace) != nil else {
                throw ValidationError("A namespace is 1 to 64 small letters, digits and -.")
            }
            guard let rights = Rights(words: rights.split(separator: ",")), !rights.isEmpty else {
                throw ValidationError("--rights is some of put,get,list,delete,admin.")
            }
            guard days.map((1...100_000).contains) ?? true else { throw ValidationError("--days is 1 to 100000.") }
        }

        func run() async throws {
            let text = TokenText()
            guard let token = token(text) else { throw ValidationError("There can be no such token.") }
            try TokenPlace.change(try place.file(making: true)) { table in
                guard table.add(token) else {
                    Console.complain("cairn: there is a token \(name) already, or there are too many")
                    throw ExitCode(64)
                }
            }
            Console(output).result(token.members + [("token", .string(text.description))], text.description)
        }

        private func token(_ text: TokenText) -> Token? {
            guard let namespace = Namespace(namespace), let rights = Rights(words: rights.split(separator: ",")) else {
                return nil
            }
            let now = Timestamp.now()
            return Token(
                id: text.id, name: name, principal: principal ?? name, namespace: namespace, rights: rights,
                allowance: Allowance(length: limitLength, uploads: limitUploads, rate: limitRate), created: now,
                expires: days.map { now.advanced(by: .seconds($0 * 24 * 3600)) }, digest: text.digest,
                linkKey: links ? LinkKey(of: text) : nil)
        }
    }

    struct ListTokens: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Show who may come.")

        @OptionGroup var place: TokenPlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let console = Console(output)
            for token in try TokenPlace.table(try place.file(making: false)).all {
                console.result(token.members, token.words)
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a token back: a second later it counts no more, and its running requests are cut.")

        @Argument(help: "The token's name or id.")
        var token: String

        @OptionGroup var place: TokenPlace
        @OptionGroup var output: OutputOptions

        func run() async throws {
            var gone: Token?
            try TokenPlace.change(try place.file(making: false)) { table in
                gone = table.remove(token)
                guard gone != nil else {
                    Console.complain("cairn: there is no token \(token)")
                    throw ExitCode(66)
                }
            }
            if let gone { Console(output).result(gone.members, "\(gone.name) counts no more") }
        }
    }
}

extension Token {
    fileprivate var members: [(String, JSON)] {
        [
            ("id", .string(id)), ("name", .string(name)), ("principal", .string(principal)),
            ("namespace", .string(namespace.description)), ("rights", .array(rights.words.map { .string($0) })),
            ("limits", .object(limits)),
            ("links", .bool(linkKey != nil)), ("created", .number(created.seconds)),
            ("expires", expires.map { .number($0.seconds) } ?? .null),
        ]
    }

    private var limits: [(String, JSON)] {
        [("length", allowance.length), ("uploads", allowance.uploads.map(Int64.init)), ("rate", allowance.rate)]
            .map { ($0.0, $0.1.map { .number($0) } ?? .null) }
    }

    fileprivate var words: String {
        let end = expires.map { "  until \(Date(timeIntervalSince1970: Double($0.seconds)).formatted(.iso8601))" } ?? ""
        return "\(name)  \(namespace)/\(principal)  \(rights.words.joined(separator: ","))\(end)"
    }
}
