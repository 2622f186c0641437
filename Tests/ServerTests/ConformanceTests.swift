import Testing

/// The scripts of `spec/conformance` against a server, over sockets. Each case names the section it is about.
@Suite struct `Conformance to the protocols` {
    private static let tus = WireCase.script("tus.txt")
    private static let ietf = WireCase.script("ietf.txt")
    private static let digests = WireCase.script("digests.txt")

    @Test func `there are 150 cases and more for each protocol, with names of their own`() {
        #expect(Self.tus.count >= 150 && Self.ietf.count >= 150 && Self.digests.count >= 30)
        for cases in [Self.tus, Self.ietf, Self.digests] { #expect(Set(cases.map(\.name)).count == cases.count) }
        print("\(Self.tus.count) tus, \(Self.ietf.count) IETF and \(Self.digests.count) digest cases")
    }

    @Test(arguments: tus) func `tus 1.0.0 is answered as its script says`(wireCase: WireCase) async throws {
        try await TestServer.run { server async throws in
            var runner = WireRunner(server, own: ["Tus-Resumable": "1.0.0"])
            try await runner.run(wireCase)
        }
    }

    @Test(arguments: ietf) func `IETF resumable uploads are answered as their script says`(wireCase: WireCase)
        async throws
    {
        try await TestServer.run { server async throws in
            var runner = WireRunner(server, own: [:])
            try await runner.run(wireCase)
        }
    }

    @Test(arguments: digests) func `digests are answered as their script says`(wireCase: WireCase) async throws {
        try await TestServer.run { server async throws in
            var runner = WireRunner(server, own: [:])
            try await runner.run(wireCase)
        }
    }
}
