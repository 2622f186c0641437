import CairnServer
import Logging
import Metrics
import RawHTTP
import ServiceLifecycle
import Testing

@Suite struct `Metrics as text` {
    @Test func `families and series stand in order, each with its kind`() {
        let registry = MetricsRegistry()
        Counter(label: "b.count", dimensions: [("way", "up"), ("at", "here")], factory: registry).increment(by: 3)
        Counter(label: "b.count", dimensions: [("at", "here"), ("way", "up")], factory: registry).increment()
        Gauge(label: "a-level", factory: registry).record(2.5)
        let spread = Recorder(label: "c", dimensions: [("of", "x")], aggregate: true, factory: registry)
        for value in [1, 2, 3, 20_000] { spread.record(value) }
        let text = registry.text()
        #expect(
            text.hasPrefix(
                """
                # TYPE a_level gauge
                a_level 2.5
                # TYPE b_count counter
                b_count{at="here",way="up"} 4
                # TYPE c histogram
                c_bucket{of="x",le="1"} 1
                c_bucket{of="x",le="2"} 2
                c_bucket{of="x",le="4"} 3

                """))
        #expect(
            text.hasSuffix(
                """
                c_bucket{of="x",le="16384"} 3
                c_bucket{of="x",le="+Inf"} 4
                c_sum{of="x"} 20006
                c_count{of="x"} 4
                # TYPE cairn_metrics_dropped gauge
                cairn_metrics_dropped 0

                """))
    }

    @Test func `times are in seconds`() {
        let registry = MetricsRegistry()
        Timer(label: "t", factory: registry).recordNanoseconds(1_500_000_000)
        #expect(registry.text().contains("t_bucket{le=\"1\"} 0\nt_bucket{le=\"2.5\"} 1\n"))
        #expect(registry.text().contains("t_sum 1.5\nt_count 1\n"))
    }

    @Test func `names and values are made fit for the format`() {
        let registry = MetricsRegistry()
        Counter(label: "9 é{}\n", dimensions: [("a b", "q\"\\\n")], factory: registry).increment()
        #expect(registry.text().contains(#"_9______{a_b="q\"\\\n"} 1"#) || registry.text().contains(#"a_b="q\"\\\n""#))
    }

    @Test func `one name has one kind, and there is an end to series`() {
        let registry = MetricsRegistry()
        Counter(label: "x", factory: registry).increment()
        Timer(label: "x", factory: registry).recordNanoseconds(1)
        #expect(registry.text().contains("cairn_metrics_dropped 1"))
        for index in 0..<5000 { Counter(label: "y", dimensions: [("i", "\(index)")], factory: registry).increment() }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("y{") } == 4095 && lines.last == "cairn_metrics_dropped 906")
    }
}

@Suite struct `/metrics` {
    private func value(_ name: String, in text: String) -> Int? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    @Test func `tells of requests by dialect and status, of bytes both ways, of uploads and problems`() async throws {
        let registry = MetricsRegistry()
        try await TestServer.run {
            $0.metrics = registry
        } _: { server async throws in
            _ = try await server.ask("PUT /files/a", body: bytes(0..<1000))
            _ = try await server.ask("POST /upload", ["X-File-Id": "a", "X-Start-Byte": "7"], body: [1])
            _ = try await server.ask("GET /nowhere")
            let answer = try await server.ask("GET /metrics")
            #expect(answer.status == 200 && answer["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let text = answer.text
            #expect(value(#"cairn_requests_total{dialect="plain",status="201"}"#, in: text) == 1)
            #expect(value(#"cairn_requests_total{dialect="xstartbyte",status="400"}"#, in: text) == 1)
            #expect(value(#"cairn_requests_total{dialect="none",status="404"}"#, in: text) == 1)
            #expect(value(#"cairn_received_bytes_total{dialect="plain"}"#, in: text) == 1000)
            #expect(value(#"cairn_sent_bytes_total{dialect="plain"}"#, in: text) ?? 0 > 0)
            #expect(value(#"cairn_request_seconds_count{dialect="plain"}"#, in: text) == 1)
            #expect(value(#"cairn_uploads_total{event="completed"}"#, in: text) == 1)
            #expect(value(#"cairn_problems_total{problem="mismatching-upload-offset"}"#, in: text) == 1)
            #expect(value(#"cairn_problems_total{problem="unknown-path"}"#, in: text) == 1)
            let head = try await RawConnection.ask(server.port, request("HEAD /metrics"))
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(try await server.ask("POST /metrics", body: []).status == 404)
        }
    }

    @Test(arguments: ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via", "X-Real-IP"])
    func `is not there for those for whom a proxy asks`(field: String) async throws {
        let registry = MetricsRegistry()
        try await TestServer.run {
            $0.metrics = registry
        } _: { server async throws in
            let answer = try await server.ask("GET /metrics", [field: "for=1.2.3.4"])
            #expect(answer.status == 404 && !answer.text.contains("cairn_"))
        }
    }

    @Test func `is not there unless the server has it`() async throws {
        try await TestServer.run { server async throws in
            #expect(try await server.ask("GET /metrics").status == 404)
        }
    }

    @Test func `may have an address of its own, where nothing else is`() async throws {
        let registry = MetricsRegistry()
        Counter(label: "seen", factory: registry).increment()
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = MetricsServer(registry, host: "127.0.0.1", port: 0) { port.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [server], logger: .init(label: "test")))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var listening = ports.makeAsyncIterator()
            let port = try #require(await listening.next())
            let answer = try await RawConnection.ask(port, request("GET /metrics"))
            #expect(answer.status == 200 && answer.text.contains("seen 1\n"))
            #expect(try await RawConnection.ask(port, request("GET /files")).status == 404)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
