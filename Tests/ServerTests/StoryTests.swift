import CairnEngine
import Randomness
import RawHTTP
import Testing

/// One file, brought in pieces by whatever dialect comes to hand, and cut anywhere.
private struct Story {
    enum Door: CaseIterable { case xStartByte, tus, ietf, native }

    let server: TestServer
    let content: [UInt8]
    let name: String
    var path = ""

    // MARK: Beginning

    mutating func begin(_ door: Door) async throws {
        switch door {
        case .xStartByte:
            // The first byte begins it, and the name finds it again.
            let connection = try await server.open()
            try await connection.send(request("POST /upload", startByte(0), length: content.count))
            connection.push(Array(content.prefix(1)))
            try await connection.finish()
            _ = try await connection.readFinal()
            let upload = try await server.engine.upload(named: UploadKey(name, of: .everyone), for: .everyone)
            path = "/files/\(try #require(upload).id)"
        case .tus:
            path = try Self.path(
                try await server.ask("POST /files", ["Tus-Resumable": "1.0.0", "Upload-Length": "\(content.count)"]))
        case .ietf:
            let fields = ["Upload-Complete": "?0", "Upload-Length": "\(content.count)"]
            path = try Self.path(try await server.ask("POST /files", fields, body: []))
        case .native:
            let body = Array(#"{"length":\#(content.count)}"#.utf8)
            path = try Self.path(try await server.ask("POST /v1/uploads", body: body))
        }
    }

    private var nativePath: String { "/v1/uploads/\(path.dropFirst("/files/".count))" }

    private static func path(_ answer: RawResponse) throws -> String {
        "/files/" + (try #require(answer["location"]?.split(separator: "/").last, "\(answer)"))
    }

    private func startByte(_ offset: Int) -> [String: String] {
        ["X-File-Id": name, "X-Start-Byte": "\(offset)", "X-File-Size": "\(content.count)"]
    }

    // MARK: Going on

    func offset(_ door: Door) async throws -> Int {
        switch door {
        case .xStartByte: Int(try await server.status(name)) ?? -1
        case .tus: try await offset(["Tus-Resumable": "1.0.0"], status: 200)
        case .ietf: try await offset(["Upload-Draft-Interop-Version": "8"], status: 204)
        case .native:
            try await server.ask("HEAD \(nativePath)")["upload-offset"].flatMap { Int($0) } ?? -1
        }
    }

    private func offset(_ fields: [String: String], status: Int) async throws -> Int {
        let answer = try await server.ask("HEAD \(path)", fields)
        #expect(answer.status == status)
        return answer["upload-offset"].flatMap { Int($0) } ?? -1
    }

    /// Sends `length` bytes from `offset` on; `cutting`, more are promised than come. Returns the status, if one came.
    func send(_ length: Int, from offset: Int, by door: Door, cutting: Bool) async throws -> Int? {
        let isLast = !cutting && offset + length == content.count
        let rest = content.count - offset
        let promised = cutting || door == .xStartByte ? rest : length
        var fields: [String: String]
        var line = "PATCH \(path)"
        switch door {
        case .xStartByte: (line, fields) = ("POST /upload", startByte(offset))
        case .tus:
            fields = ["Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"]
            fields["Upload-Offset"] = "\(offset)"
        case .ietf:
            fields = ["Upload-Complete": isLast || cutting ? "?1" : "?0", "Content-Type": "application/partial-upload"]
            fields["Upload-Offset"] = "\(offset)"
        case .native: (line, fields) = ("PATCH \(nativePath)", ["Upload-Offset": "\(offset)"])
        }
        let connection = try await server.open()
        try await connection.send(request(line, fields, length: promised))
        connection.push(Array(content[offset..<offset + length]))
        guard promised == length else {
            try await connection.finish()
            _ = try? await connection.readFinal()  // a cut body may be answered or not
            return nil
        }
        let answer = try await connection.readFinal()
        try await connection.close()
        return answer.status
    }
}

@Suite struct `One upload through many doors` {
    @Test func `is the same file after 500 random stories, and its offset never falls`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let counts = try await withThrowingTaskGroup(of: (requests: Int, cuts: Int).self) { group in
            for part in 0..<4 { group.addTask { try await stories(125, seed: seed &+ UInt64(part)) } }
            return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.requests, $0.1 + $1.cuts) }
        }
        print("500 stories: \(counts.0) requests, \(counts.1) of them cut, seed \(seed)")
    }

    private func stories(_ count: Int, seed: UInt64) async throws -> (requests: Int, cuts: Int) {
        try await TestServer.run { server async throws in
            var (requests, cuts) = (0, 0)
            var random = SeededGenerator(seed: seed)
            for number in 0..<count {
                let content = random.bytes(Int.random(in: 1...300_000, using: &random))
                var story = Story(server: server, content: content, name: "story-\(number)")
                let first = Story.Door.allCases.randomElement(using: &random) ?? .tus
                // Only a client of X-Start-Byte knows its own name for the upload.
                let doors = first == .xStartByte ? Story.Door.allCases : [.tus, .ietf, .native]
                try await story.begin(first)
                let (some, cut) = try await play(story, doors, &random, "seed \(seed), story \(number)")
                requests += some
                cuts += cut
            }
            return (requests, cuts)
        }
    }

    private func play(
        _ story: Story, _ doors: [Story.Door], _ random: inout SeededGenerator, _ place: Comment
    ) async throws -> (requests: Int, cuts: Int) {
        var (requests, cuts, highest) = (0, 0, 0)
        while true {
            let asking = doors.randomElement(using: &random) ?? .tus
            let offset = try await story.offset(asking)
            #expect(offset >= highest && offset <= story.content.count, place)
            highest = offset
            requests += 1
            let rest = story.content.count - offset
            let isCut = rest > 0 && Bool.random(using: &random)
            let door = doors.randomElement(using: &random) ?? .tus
            // A body of X-Start-Byte always goes to the end.
            let isWhole = !isCut && (door == .xStartByte || Int.random(in: 0..<4, using: &random) == 0)
            let length = isWhole ? rest : Int.random(in: 0...(isCut ? rest - 1 : rest), using: &random)
            let status = try await story.send(length, from: offset, by: door, cutting: isCut)
            if isCut { cuts += 1 } else { #expect(status.map { (200..<300).contains($0) } == true, place) }
            let whole = try await story.server.ask("GET \(story.path)")
            guard whole.status == 200 else { continue }
            #expect(whole.body == story.content, place)
            return (requests, cuts)
        }
    }
}
