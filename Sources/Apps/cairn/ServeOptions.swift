public import ArgumentParser
import CairnContent
public import CairnEngine
import CairnDialects
import CairnServer
import Logging

/// The settings of `cairn serve`, each an option, a variable and a line of a file (`Settings`).
struct ServeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to listen: host:port, of which port 0 takes a free one, or unix:path.", valueName: "address"))
    var listen = ListenAddress.network(host: "127.0.0.1", port: 8080)

    @Option(help: ArgumentHelp("Who may connect to a unix socket, as of chmod.", valueName: "mode"))
    var socketMode = FileMode(bits: 0o660)

    @Option(help: ArgumentHelp("The data directory; made when it is absent.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The chunk size of new uploads: 64K to 16M.", valueName: "length"))
    var chunkSize = ChunkSize.standard

    @Option(help: ArgumentHelp("The longest file, in bytes.", valueName: "length"))
    var limitLength = Limits().length

    @Option(help: ArgumentHelp("Hours after which an unfinished upload without news expires.", valueName: "hours"))
    var limitIdle = Int(Limits().idle / .seconds(3600))

    @Option(help: ArgumentHelp("Hours that what was reclaimed stays in the trash; 0 is none.", valueName: "hours"))
    var limitTrash = Int(Limits().trash / .seconds(3600))

    @Option(
        help: ArgumentHelp(
            "Hours within which every chunk is read and verified again; 0 is never.", valueName: "hours"))
    var scrubHours = 720

    @Option(help: ArgumentHelp("Hours between two copies of the ledger in backup/; 0 is none.", valueName: "hours"))
    var backupHours = 24

    @Option(help: ArgumentHelp("The most connections at once.", valueName: "n"))
    var limitConnections = UploadServer.Configuration().connections

    @Option(
        help: ArgumentHelp(
            "Which chunks a client need not send: off (those of the same upload), prove (its own, and others with a "
                + "proof), trust (all); prove with tokens, else trust.",
            valueName: "mode"))
    var dedup: Dedup?

    @Flag(help: "Without tokens, serve also to other machines: whoever reaches the address may read and write.")
    var open = false

    @Option(
        help: ArgumentHelp(
            "A proxy whose Forwarded or X-Forwarded fields are believed; may be given several times.", valueName: "ip"))
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            "A certificate (PEM) with those of its issuers: TLS is spoken, and read anew when the file changes.",
            valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key (PEM).", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "Serve without TLS also where other machines reach the address.")
    var plainHttp = false

    @Option(
        help: ArgumentHelp(
            "Asked before an upload begins: an executable by its full path, or a URL to post to.", valueName: "hook"))
    var hookBefore: HookTarget?

    @Option(help: ArgumentHelp("Told when a file is complete or bytes were refused.", valueName: "hook"))
    var hookAfter: HookTarget?

    @Option(help: ArgumentHelp("What posts are signed with: a file of 16 to 64 bytes.", valueName: "file"))
    var hookSecret: String?

    @Option(help: ArgumentHelp("Seconds that a hook may take, 1 to 600.", valueName: "seconds"))
    var hookTimeout = 10

    @Option(
        help: ArgumentHelp(
            "An origin whose pages may use this server, such as https://example.org; may be given several times. Also: "
                + "* for any, at /files only; none.", valueName: "origin"))
    var allowOrigin = ["*"]

    @Option(help: ArgumentHelp("How to log on standard error.", valueName: "format"))
    var logFormat = LogFormat.text

    @Option(help: ArgumentHelp("What to log: that and all that is more severe.", valueName: "level"))
    var logLevel = Logger.Level.info

    @Flag(inversion: .prefixedNo, help: "Count, and serve the figures at /metrics to callers on this machine.")
    var metrics = true

    @Option(
        help: ArgumentHelp("Serve /metrics at that host:port instead, to whoever reaches it.", valueName: "address"))
    var metricsListen: ListenAddress?

    @Flag(inversion: .prefixedNo, help: "Serve the page at /, where a browser uploads.")
    var page = true

    @Flag(help: "Serve also from a file system whose syncs promise nothing, such as NFS or an overlay.")
    var force = false

    /// Each value by itself; what belongs together is for `Serve` to see, when all of it is known.
    func validate() throws {
        guard allowOrigin.allSatisfy({ $0 == "*" || $0 == "none" || Origins.isOrigin($0) }) else {
            throw ValidationError("--allow-origin is an origin as browsers write it, * or none.")
        }
        guard limitLength >= 0 else { throw ValidationError("--limit-length is 0 or more.") }
        for (name, value, range) in [
            ("limit-idle", limitIdle, 1...1_000_000), ("limit-trash", limitTrash, 0...1_000_000),
            ("limit-connections", limitConnections, 1...1_000_000), ("scrub-hours", scrubHours, 0...1_000_000),
            ("backup-hours", backupHours, 0...1_000_000),
            ("hook-timeout", hookTimeout, 1...600),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(range.lowerBound) to \(range.upperBound).")
        }
    }
}

extension ServeOptions {
    var origins: Origins {
        allowOrigin == ["*"] ? .any : .listed(Set(allowOrigin.filter { $0 != "none" }))
    }

    /// What only all values together can show.
    func checkTogether() throws {
        guard data != nil else { throw ValidationError("Which data directory? Give --data <folder>.") }
        guard metrics || metricsListen == nil else {
            throw ValidationError("--metrics-listen needs --metrics.")
        }
        if case .socket? = metricsListen { throw ValidationError("--metrics-listen is host:port.") }
        guard allowOrigin.count == 1 || allowOrigin.allSatisfy(Origins.isOrigin) else {
            throw ValidationError("--allow-origin * or none stands alone.")
        }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        guard listen.exposure.permits(isProtected: tlsCertificate != nil, isAllowed: plainHttp) else {
            throw ValidationError(
                "Other machines reach \(listen). Give --tls-certificate and --tls-key, or --plain-http to do without.")
        }
    }
}

extension Dedup: ExpressibleByArgument {}
