import CairnEngine
import RawHTTP
import Testing

@Suite struct `When the store fails` {
    private static let reasons: [StoreError: String] = [
        .noSpace: "No space left", .readOnly: "Server is read-only", .failed("secret cause"): "Store failed",
    ]
    private static let names: [StoreError: String] = [
        .noSpace: "no-space", .readOnly: "read-only", .failed("secret cause"): "store-failed",
    ]

    /// So far apart that none falls into a request: what a failure keeps is then exact.
    private static let checkpoint = Duration.seconds(30)

    @Test(arguments: FailingStore.Step.allCases, [StoreError.noSpace, .readOnly, .failed("secret cause")])
    func `the answer says so, and the offset is what it was`(step: FailingStore.Step, error: StoreError) async throws {
        try await TestServer.run(checkpoint: Self.checkpoint) { server async throws in
            let fields = ["X-File-Id": "a", "X-File-Size": "70010"]
            _ = try await server.ask("POST /upload", fields, body: bytes(0..<70_000))
            let before = try await server.holdings(of: ["a"])
            server.failing.fail(at: step, with: error)
            let next = fields.merging(["X-Start-Byte": "70000"]) { $1 }
            // Bytes up to the end become a chunk and a file; fewer become a tail.
            let body = bytes(70_000..<(step == .persist ? 70_005 : 70_010))
            let answer = try await server.ask("POST /upload", next, body: body)
            #expect(answer.status == (error == .noSpace ? 507 : 503))
            #expect(answer.reason == Self.reasons[error] && answer.body.isEmpty && answer["retry-after"] != nil)
            #expect(try await server.status("a") == "70000")
            #expect(try await server.holdings(of: ["a"]).uploads == before.uploads)
            let health = try await server.ask("GET /health").status
            #expect(health == (error == .readOnly ? 503 : 200))

            server.failing.heal()
            let again = try await server.ask("POST /upload", next, body: bytes(70_000..<70_010))
            #expect(again.status == 200 && again.text == "Success 70010")
            #expect(try await server.ask("GET \(try #require(again["location"]))").body == bytes(0..<70_010))
        }
    }

    @Test(arguments: [StoreError.noSpace, .readOnly, .failed("secret cause")])
    func `a problem says so to those who ask for one`(error: StoreError) async throws {
        try await TestServer.run(checkpoint: Self.checkpoint) { server async throws in
            server.failing.fail(at: .write, with: error)
            let fields = ["X-File-Id": "a", "Accept": "application/problem+json"]
            let answer = try await server.ask("POST /upload", fields, body: [1, 2, 3])
            #expect(answer.status == (error == .noSpace ? 507 : 503))
            #expect(answer.text.contains("/problems/\(Self.names[error] ?? "")\""))
            #expect(!answer.text.contains("cause"))  // what happened inside is in the log
            #expect(try await server.status("a") == "0")
        }
    }

    @Test(arguments: [FailingStore.Step.write, .commit, .publish])
    func `a plain upload leaves no file`(step: FailingStore.Step) async throws {
        try await TestServer.run(checkpoint: Self.checkpoint) { server async throws in
            server.failing.fail(at: step, with: .noSpace)
            let answer = try await server.ask("PUT /files/a", body: bytes(0..<10))
            #expect(answer.status == 507 && answer.text.contains("/problems/no-space\""))
            #expect(try await server.holdings().uploads.isEmpty)
            server.failing.heal()
            #expect(try await server.ask("PUT /files/a", body: bytes(0..<10)).status == 201)
        }
    }
}
