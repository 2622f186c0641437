import ArgumentParser
import CairnDialects
import CairnEngine
import CairnTrust

/// `cairn link`: signs the right to bring one file, without a server.
struct Link: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a link with which somebody else can bring exactly one file.",
        discussion: """
            The token is one that was made with --links; it is not part of the link. Whoever has the link begins one \
            upload with it, by any door, and goes on with it: as a token (Authorization: Bearer, --token), or in the \
            address (http://HOST/files/?link=LINK). Whoever opens http://HOST/#link=LINK finds a page for that one file.
            """)

    @Option(help: ArgumentHelp("The token to sign with (default: $CAIRN_TOKEN).", valueName: "token"))
    var token: String?

    @Option(help: ArgumentHelp("The longest file, in bytes.", valueName: "length"))
    var length: Int64

    @Option(
        help: ArgumentHelp(
            "A media type the file may have, such as image/*; several times for more.", valueName: "type"))
    var type: [String] = []

    @Option(help: ArgumentHelp("Hours after which it counts no more.", valueName: "hours"))
    var hours = 24

    @Option(help: "Which file: links of one nonce are the same link (default: random).")
    var nonce: String?

    @Option(help: ArgumentHelp("Print the address of this server's page with the link in it.", valueName: "address"))
    var page: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let text = TrustOptions.credential(token), let token = TokenText(text) else {
            throw ValidationError("Which token? Give --token, or set CAIRN_TOKEN.")
        }
        guard page?.wholeMatch(of: /https?:\/\/[^\s?#]+/) != nil || page == nil else {
            throw ValidationError("--page is an http or https address, such as https://files.example.org/.")
        }
        guard (1...1_000_000).contains(hours) else { throw ValidationError("--hours is 1 to 1000000.") }
        let link = UploadLink(
            token: token.id, nonce: nonce ?? UploadID().description, length: length, types: type,
            expires: Timestamp.now().advanced(by: .seconds(hours * 3600)))
        guard let link else {
            throw ValidationError("A length below zero, a nonce that is no name, or a media type that is none.")
        }
        let signed = link.signed(with: LinkKey(of: token))
        let address = page.map { "\($0)\($0.hasSuffix("/") ? "" : "/")#link=\(signed)" }
        let members: [(String, JSON)] = [
            ("link", .string(signed)), ("nonce", .string(link.nonce)), ("length", .number(link.length)),
            ("types", .array(link.types.map { .string($0) })), ("expires", .number(link.expires.seconds)),
        ]
        Console(output).result(members + (address.map { [("page", .string($0))] } ?? []), address ?? signed)
    }
}
