import ArgumentParser
import CairnServer

/// Who may come to a server.
struct TokenOptions: ParsableArguments {
    @Flag(help: "Without tokens, serve also to other machines: whoever reaches the address may read and write.")
    var open = false

    /// Who may come; refused where everybody could who reaches `host`, unless that is wanted.
    func gate(_ engines: NamespaceEngines, listeningOn host: String, _ data: String) async throws -> Gate {
        let gate: Gate
        do { gate = try await engines.gate() } catch {
            Console.complain("cairn: tokens of \(data): \(error)")
            throw ExitCode(74)
        }
        guard gate.isClosed || open || Self.isLoopback(host) else {
            Console.complain(
                """
                cairn: \(host) is not of this machine only, and there are no tokens: whoever reaches it could read \
                and write. Make a token first (cairn token create NAME --data \(data)), or say --open
                """)
            throw ExitCode(64)
        }
        return gate
    }

    /// Whether only this machine reaches an address; a name other than `localhost` may be any.
    static func isLoopback(_ host: String) -> Bool {
        let isIPv4 =
            host.split(separator: ".", omittingEmptySubsequences: false).count == 4
            && host.allSatisfy { $0.isNumber || $0 == "." } && host.hasPrefix("127.")
        return isIPv4 || host == "::1" || host == "localhost"
    }
}
