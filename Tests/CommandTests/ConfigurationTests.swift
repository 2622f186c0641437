import CairnProcess
import Foundation
import Testing

@Suite struct `The settings of a server` {
    /// The printed settings by name: value, and where it comes from.
    private func settings(_ process: CairnProcess) -> [String: (value: String, place: String)] {
        var settings: [String: (value: String, place: String)] = [:]
        for line in process.text.split(separator: "\n") {
            guard let found = line.wholeMatch(of: /([a-z-]+) = (.*?) +# (.*)/) else { continue }
            settings[String(found.1)] = (String(found.2), String(found.3))
        }
        return settings
    }

    @Test func `come from flags, over the environment, over a file, over defaults`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "cairn.conf",
            """
            # A server of ours.
            data = /srv/a b/cairn   # with a blank in it

            listen = 127.0.0.1:1
            limit-idle = 3
            limit-trash=4
            page = false
            trusted-proxy = 10.0.0.1
            trusted-proxy = 10.0.0.2
            """.utf8)
        let run = try await CairnProcess.run(
            "serve", "--configuration", file, "--limit-idle", "5", "--force", "--print-configuration",
            environment: ["CAIRN_SERVE_LISTEN": "127.0.0.1:2", "CAIRN_SERVE_LIMIT_IDLE": "6"])
        #expect(run.status == 0, "\(run.errors)")
        let found = settings(run)
        #expect(found["data"]! == ("/srv/a b/cairn", "\(file):2"))
        #expect(found["listen"]! == ("127.0.0.1:2", "CAIRN_SERVE_LISTEN"))
        #expect(found["limit-idle"]! == ("5", "--limit-idle"))
        #expect(found["limit-trash"]! == ("4", "\(file):6"))
        #expect(found["page"]! == ("false", "\(file):7"))
        #expect(found["force"]! == ("true", "--force"))
        #expect(found["chunk-size"]! == ("4M", "default") && found["plain-http"]! == ("false", "default"))
        #expect(run.text.contains("trusted-proxy = 10.0.0.1 ") && run.text.contains("trusted-proxy = 10.0.0.2 "))
        #expect(run.text.contains("# tls-key is not set") && found["no-page"] == nil && found["help"] == nil)
    }

    @Test func `that are printed are a file that says the same`() async throws {
        let folder = try TemporaryFolder()
        let first = try await CairnProcess.run(
            "serve", "--data", "/srv/x", "--no-page", "--trusted-proxy", "10.0.0.1", "--dedup=off",
            "--print-configuration")
        let file = try folder.file("printed", first.output)
        let second = try await CairnProcess.run(
            "serve", "--print-configuration", environment: ["CAIRN_SERVE_CONFIGURATION": file])
        #expect(second.status == 0, "\(second.errors)")
        #expect(settings(first).mapValues(\.value) == settings(second).mapValues(\.value))
    }

    @Test func `of an upper layer replace a list below, and do not join it`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("c", "trusted-proxy = 10.0.0.1\ntrusted-proxy = 10.0.0.2\n".utf8)
        let run = try await CairnProcess.run(
            "serve", "--configuration", file, "--print-configuration",
            environment: ["CAIRN_SERVE_TRUSTED_PROXY": "10.0.0.3, 10.0.0.4"])
        let lines = run.text.split(separator: "\n").filter { $0.hasPrefix("trusted-proxy") }
        #expect(lines.count == 2 && lines[0].contains("10.0.0.3 ") && lines[1].contains("10.0.0.4 "))
    }

    @Test(arguments: [
        ("nonsense = 1", ":1: there is no setting nonsense"), ("\n\nlisten", ":3: a line is name = value"),
        ("listen = nowhere", ":1: The value 'nowhere' is invalid"), ("limit-idle = many", ":1: The value 'many'"),
        ("limit-idle = 0", ":1: --limit-idle is 1 to 1000000"), ("page = yes", ":1: page is true or false, not yes"),
        ("chunk-size = 3M", ":1: The value '3M'"), ("listen = 127.0.0.1:1\nlisten = 127.0.0.1:2", ":2: listen stands"),
        ("listen =", ":1: listen has no value"), ("configuration = x", ":1: there is no setting"),
        ("= 1", ":1: there is no setting"), ("no-page = true", ":1: there is no setting"),
    ])
    func `that a file has wrong are refused with their line`(text: String, fault: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("c", text.utf8)
        for last in ["--print-configuration", "--data=\(folder.path("data"))"] {
            let run = try await CairnProcess.run("serve", "--configuration", file, last)
            #expect(run.status == 64 && run.errors.contains("\(file)\(fault)"), "\(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
    }

    @Test func `that the environment has wrong are refused by their name`() async throws {
        for (name, value) in [("LISTEN", "x"), ("NONSENSE", "1"), ("PAGE", "1"), ("LIMIT_IDLE", ""), ("DATA", " ")] {
            let run = try await CairnProcess.run("serve", environment: ["CAIRN_SERVE_\(name)": value])
            #expect(run.status == 64 && run.errors.contains("cairn: CAIRN_SERVE_\(name): "), "\(run.errors)")
        }
    }

    @Test func `that belong together are seen together, wherever they stand`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("c", "tls-key = /nowhere/key.pem\ndata = \(folder.path("data"))\n".utf8)
        let half = try await CairnProcess.run("serve", "--configuration", file)
        #expect(half.status == 64 && half.errors.contains("belong together"))
        let whole = try await CairnProcess.run(
            "serve", "--configuration", file, environment: ["CAIRN_SERVE_TLS_CERTIFICATE": "/nowhere/cert.pem"])
        #expect(whole.status == 66 && whole.errors.contains("cannot read /nowhere/cert.pem"), "\(whole.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
    }

    @Test func `without TLS reach this machine only, unless it is said`() async throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        let open = try await CairnProcess.run("serve", "--data", data, "--listen", "0.0.0.0:0")
        #expect(open.status == 64 && open.errors.contains("--plain-http"))
        #expect(!FileManager.default.fileExists(atPath: data))
    }

    @Test func `in a file that is not there, too long or no text are refused`() async throws {
        let folder = try TemporaryFolder()
        let long = try folder.file("long", Array(repeating: UInt8(ascii: "#"), count: 70_000))
        let binary = try folder.file("binary", [0xFF, 0xFE, 0x00])
        for file in [folder.path("none"), long, binary] {
            let run = try await CairnProcess.run("serve", "--configuration", file)
            #expect(run.status == 64 && run.errors.contains(file), "\(run.errors)")
        }
    }
}
