import CairnContent
import CairnEngine
import Randomness
import RawHTTP
import Testing

/// The story of spec/native.md over real sockets: name, ask, put, complete.
@Suite struct `A native upload over sockets` {
    private static let seeds: [UInt64] = [1, 2, 3, .random(in: 0...UInt64.max)]

    @Test(arguments: seeds)
    func `in any order over several connections makes the identical file`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let file = Self.file(of: 12, &random)
        try await TestServer.run { server async throws in
            var client = try await DrawingClient(server, file, seed: seed)
            try await client.run()
            #expect(try await server.holds(file, as: client.id))
            #expect(server.store.chunkCount == Set(file.digests).count && server.store.tailCount == 0)
        }
    }

    @Test(arguments: seeds)
    func `by three clients at once, ahead of the names, makes the identical file`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let file = Self.file(of: 8, &random)
        let orders = (0..<3).map { _ in file.chunks.indices.shuffled(using: &random) }
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":\#(file.content.count)}"#).id
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in orders { group.addTask { try await Self.bring(file, order, to: id, server) } }
                for index in file.chunks.indices {
                    let answer = try await server.name([file.digests[index]], from: index, in: id)
                    #expect(answer.status == 200, "\(answer.text)")
                }
                try await group.waitForAll()
            }
            #expect(try await server.missing(in: id) == [])
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    /// Puts every chunk, each as often as it takes until it is named.
    private static func bring(_ file: CutFile, _ order: [Int], to id: String, _ server: TestServer) async throws {
        for index in order {
            var answer = try await server.put(file.chunks[index], as: file.digests[index], in: id)
            while answer.problem == "not-in-manifest" {
                try await Task.sleep(for: .milliseconds(1))
                answer = try await server.put(file.chunks[index], as: file.digests[index], in: id)
            }
            #expect(answer.status == 200 || answer.status == 201, "\(answer.text)")
        }
    }

    /// So many whole chunks and a short one; some are random, some shrink, and one comes twice.
    private static func file(of count: Int, _ random: inout SeededGenerator) -> CutFile {
        var content: [UInt8] = []
        for index in 0..<count {
            let isRandom = index.isMultiple(of: 2)
            content += isRandom ? random.bytes(65_536) : [UInt8](repeating: UInt8(index), count: 65_536)
        }
        return CutFile(content + content.suffix(65_536) + random.bytes(1234))
    }

    @Test(arguments: [[:], ["Expect": "100-continue"]] as [[String: String]])
    func `answers a chunk it has before the body comes`(fields: [String: String]) async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            try await server.put(file, 0, in: id)
            let connection = try await server.open()
            let line = "PUT /v1/uploads/\(id)/chunks/\(file.digests[0])"
            try await connection.send(request(line, fields, length: 65_536))
            let answer = try await connection.read()
            #expect(answer.status == 200 && answer["upload-offset"] == "65536" && answer["connection"] == "close")
            #expect(try await connection.readToEnd() == [])
        }
    }

    @Test func `asks for the body of a chunk it lacks`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            let connection = try await server.open()
            let line = "PUT /v1/uploads/\(id)/chunks/\(file.digests[3])"
            try await connection.send(request(line, ["Expect": "100-continue"], length: 3392))
            #expect(try await connection.read().status == 100)
            try await connection.send(file.chunks[3])
            #expect(try await connection.read().status == 201)
        }
    }

    @Test func `keeps nothing of a chunk that breaks off`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            let connection = try await server.open()
            try await connection.send(request("PUT /v1/uploads/\(id)/chunks/\(file.digests[0])", length: 65_536))
            try await connection.send(Array(file.chunks[0][..<40_000]))
            try await connection.finish()
            let answer = try await connection.readFinal()
            #expect(answer.status == 400 && answer.problem == "body-cut")
            #expect(try await server.missing(in: id) == [0, 1, 2, 3])
            #expect(server.store.chunkCount == 0 && server.store.tailCount == 0)
        }
    }

    @Test func `sends a chunk once that stands at several indices`() async throws {
        let file = CutFile([UInt8](repeating: 7, count: 3 * 65_536))
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":196608}"#).id
            _ = try await server.name(file.digests, in: id)
            #expect(try await server.put(file, 0, in: id) == 196_608)
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
            #expect(server.store.chunkCount == 1)
        }
    }

    @Test func `needs no length until its end is named`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            #expect(try await server.name(file.digests[..<3], in: id).status == 200)
            #expect(try await server.state(of: id).length == nil)
            #expect(try await server.name(file.digests[3...], from: 3, end: 200_000, in: id).status == 200)
            #expect(try await server.state(of: id).length == 200_000)
            for index in [3, 1, 0, 2] { try await server.put(file, index, in: id) }
            let answer = try await server.complete(id, #"{"length":200000,"contentId":"\#(file.contentID)"}"#)
            #expect(answer.status == 201 && answer["location"] == "/files/\(id)")
            #expect(answer["etag"] == "\"\(file.contentID)\"")
            #expect(try await server.complete(id).status == 200)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `tells what is missing as ranges or as bits, whichever is shorter`() async throws {
        let file = CutFile((UInt8(0)..<40).flatMap { [UInt8](repeating: $0, count: 65_536) })
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            let named: NativeSegment = try await server.name(file.digests, in: id).json()
            #expect(named.missing.ranges == "0-39" && named.index == 0 && named.count == 40 && named.entries == 40)
            for index in stride(from: 0, to: 40, by: 2) { try await server.put(file, index, in: id) }
            let path = "GET /v1/uploads/\(id)/missing"
            let all: NativeSegment = try await server.ask(path).json()
            #expect(all.missing.bitmap == "VVVVVVU=" && all.missing.ranges == nil)
            #expect(all.missingIndices == Array(stride(from: 1, to: 40, by: 2)))
            let part: NativeSegment = try await server.ask(path + "?index=7&count=2").json()
            #expect(part.index == 7 && part.count == 2 && part.missingIndices == [7])
            let last: NativeSegment = try await server.ask(path + "?index=39&count=5").json()
            #expect(last.index == 39 && last.count == 1 && last.missingIndices == [39])
            let none: NativeSegment = try await server.ask(path + "?index=1000").json()
            #expect(none.count == 0 && none.missing.ranges == "")
        }
    }
}

@Suite struct `What a native client begins with` {
    @Test func `a content id that is here completes at once, with no byte sent`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let first = try #require(try await server.ask("PUT /files/a.bin", body: file.content)["location"])
            let chunkCount = server.store.chunkCount
            let body = #"{"contentId":"\#(file.contentID)","name":"b.bin","fileId":"b"}"#
            let answer = try await server.ask("POST /v1/uploads", body: Array(body.utf8))
            let copy: NativeState = try answer.json()
            #expect(answer.status == 200 && copy.state == "complete" && copy.length == 200_000)
            #expect(copy.name == "b.bin" && "/files/\(copy.id)" != first)
            #expect(try await server.ask("DELETE \(first)").status == 204)
            #expect(try await server.holds(file, as: copy.id))
            #expect(server.store.chunkCount == chunkCount)
            let found: NativeState = try await server.ask("GET /v1/uploads?content-id=\(file.contentID)").json()
            #expect(found.id == copy.id)
            #expect(try await server.status("b") == "200000")
        }
    }

    @Test func `a content id that is not here, or of another length, begins as usual`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let begin = #"{"contentId":"\#(file.contentID)"}"#
            #expect(try await server.ask("POST /v1/uploads", body: Array(begin.utf8)).status == 201)
            _ = try await server.ask("PUT /files/a.bin", body: file.content)
            let other = #"{"contentId":"\#(file.contentID)","length":5}"#
            let answer = try await server.ask("POST /v1/uploads", body: Array(other.utf8))
            #expect(answer.status == 201)
            #expect(try answer.json(as: NativeState.self).state == "open")
        }
    }

    @Test func `a file id finds the upload again, and later the file`() async throws {
        let file = CutFile(mask: 0)
        let begin = #"{"fileId":"ф-200000-1","length":200000}"#
        try await TestServer.run { server async throws in
            let upload = try await server.begin(begin)
            _ = try await server.name(file.digests, in: upload.id)
            try await server.put(file, 2, in: upload.id)
            let again = try await server.ask("POST /v1/uploads", body: Array(begin.utf8))
            let found: NativeState = try again.json()
            #expect(again.status == 200 && found.id == upload.id && found.entries == 4 && found.offset == 0)
            #expect(again["location"] == "/v1/uploads/\(upload.id)")
            let look: NativeState = try await server.ask("GET /v1/uploads?file-id=%D1%84-200000-1").json()
            #expect(look == found)
            for index in [0, 1, 3] { try await server.put(file, index, in: upload.id) }
            _ = try await server.complete(upload.id)
            let last = try await server.begin(#"{"fileId":"ф-200000-1","contentId":"\#(file.contentID)"}"#)
            #expect(last.id == upload.id && last.state == "complete")
        }
    }

    @Test func `a start over ends an open upload and leaves a file`() async throws {
        try await TestServer.run { server async throws in
            let first = try await server.begin(#"{"fileId":"a","length":5}"#)
            let second = try await server.begin(#"{"fileId":"a","length":5,"startOver":true}"#)
            #expect(second.id != first.id)
            #expect(try await server.ask("GET /v1/uploads/\(first.id)").status == 410)
            #expect(try await server.append([1, 2, 3, 4, 5], at: 0, in: second.id).status == 204)
            #expect(try await server.state(of: second.id).state == "complete")
            let third = try await server.begin(#"{"fileId":"a","length":5,"startOver":true}"#)
            #expect(third.id != second.id && third.state == "open")
            #expect(try await server.ask("GET /files/\(second.id)").body == [1, 2, 3, 4, 5])
        }
    }

    @Test(arguments: [#"{"fileId":"a","length":6}"#, #"{"fileId":"a","chunkSize":131072}"#])
    func `another length or chunk size is another upload, and ends the open one`(other: String) async throws {
        try await TestServer.run { server async throws in
            let first = try await server.begin(#"{"fileId":"a","length":5}"#)
            #expect(try await server.begin(other).id != first.id)
            #expect(try await server.ask("GET /v1/uploads/\(first.id)").status == 410)
        }
    }
}

@Suite struct `Proofs of a file's manifest` {
    private struct Proof: Decodable {
        let entries: Int
        let root: Digest
        let digest: Digest?
        let length: Int?
        let path: [Digest]
    }

    @Test(arguments: [1, 65_536, 65_537, 400_000])
    func `show that every entry is in it and that it begins with each of its beginnings`(length: Int) async throws {
        let file = CutFile(bytes(0..<length))
        try await TestServer.run { server async throws in
            let location = try #require(try await server.ask("PUT /files/a.bin", body: file.content)["location"])
            for (index, entry) in file.entries.enumerated() {
                let proof: Proof = try await server.ask("GET /v1\(location)/proof?index=\(index)").json()
                #expect(proof.root == file.contentID && proof.entries == file.entries.count)
                #expect(proof.digest == entry.digest && proof.length == entry.length)
                let holds = MerkleTree.verifyInclusion(
                    of: entry, at: index, count: proof.entries, proof: proof.path, root: proof.root)
                #expect(holds, "index \(index)")
            }
            for count in 1...file.entries.count {
                let proof: Proof = try await server.ask("GET /v1\(location)/proof?from=\(count)").json()
                let old = MerkleTree.root(of: file.entries.prefix(count))
                let holds = MerkleTree.verifyConsistency(
                    from: count, old, to: proof.entries, file.contentID, proof: proof.path)
                #expect(holds && proof.root == file.contentID && proof.digest == nil, "from \(count)")
            }
        }
    }
}

/// A client that draws by lot what to do next and over which connection, and knows what must come of it.
private struct DrawingClient {
    private let server: TestServer
    private let file: CutFile
    private var random: SeededGenerator
    private var connections: [RawConnection] = []
    private(set) var id = ""
    private var named = 0
    private var kept: Set<Digest> = []

    init(_ server: TestServer, _ file: CutFile, seed: UInt64) async throws {
        self.server = server
        self.file = file
        random = SeededGenerator(seed: seed)
        for _ in 0..<4 { connections.append(try await server.open()) }
    }

    mutating func run() async throws {
        try await begin(expecting: 201)
        while true {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: try await begin(expecting: 200)
            case 1, 2: try await name()
            case 3, 4: try await put()
            case 5, 6: try await sendFrames()
            default: if try await complete() { return }
            }
        }
    }

    private mutating func ask(
        _ line: String, _ fields: [String: String] = [:], body: [UInt8]
    ) async throws -> RawResponse {
        let place = Int.random(in: 0..<connections.count, using: &random)
        let connection = connections[place]
        connection.push(wire(request(line, fields, length: body.count)) + body)
        let answer = try await connection.readFinal()
        if answer["connection"] == "close" {
            try await connection.close()
            connections[place] = try await server.open()
        }
        return answer
    }

    private mutating func begin(expecting status: Int) async throws {
        let body = #"{"fileId":"drawn","length":\#(file.content.count)}"#
        let answer = try await ask("POST /v1/uploads", body: Array(body.utf8))
        #expect(answer.status == status, "\(answer.text)")
        let state: NativeState = try answer.json()
        #expect(id.isEmpty || id == state.id)
        #expect(state.entries == named)
        id = state.id
    }

    private mutating func name() async throws {
        let first = Int.random(in: 0...named, using: &random)
        let end = min(first + Int.random(in: 0...5, using: &random), file.entries.count)
        let digests = file.digests[first..<end]
        let isJSON = Bool.random(using: &random)
        let json = #"{"digests":[\#(digests.map { "\"\($0)\"" }.joined(separator: ","))]}"#
        let answer = try await ask(
            "PATCH /v1/uploads/\(id)/manifest?index=\(first)",
            ["Content-Type": isJSON ? "application/json" : "application/vnd.cairn.digests"],
            body: isJSON ? Array(json.utf8) : digests.flatMap(\.bytes))
        try #require(answer.status == 200, "\(answer.text)")
        named = max(named, end)
        let segment: NativeSegment = try answer.json()
        #expect(segment.entries == named && segment.index == first && segment.count == digests.count)
        #expect(segment.missingIndices == digests.indices.filter { !kept.contains(file.digests[$0]) })
    }

    private mutating func put() async throws {
        let index = Int.random(in: 0..<file.entries.count, using: &random)
        let (digest, chunk) = (file.digests[index], file.chunks[index])
        let block = Bool.random(using: &random) ? ChunkBlock.encoding(chunk.span) : nil
        let answer = try await ask(
            "PUT /v1/uploads/\(id)/chunks/\(digest)", block == nil ? [:] : ["Content-Encoding": "lz4"],
            body: block ?? chunk)
        let verdict = verdict(on: digest)
        let statuses: [ChunkFrame.Verdict: Int] = [.kept: 201, .had: 200, .refused: 409]
        #expect(answer.status == statuses[verdict], "\(answer.text)")
        if verdict == .kept { kept.insert(digest) }
    }

    private mutating func sendFrames() async throws {
        var body: [UInt8] = []
        var expected: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let index = Int.random(in: 0..<file.entries.count, using: &random)
            let entry = file.entries[index]
            var chunk = file.chunks[index]
            var verdict = verdict(on: entry.digest)
            if Int.random(in: 0..<4, using: &random) == 0 {
                chunk[chunk.count / 2] ^= 1
                if verdict == .kept { verdict = .wrongBytes }
            }
            let block = Bool.random(using: &random) ? ChunkBlock.encoding(chunk.span) : nil
            body += CairnFrame.bytes(entry.digest, plain: entry.length, codec: block == nil ? 0 : 1, block ?? chunk)
            expected.append(verdict.rawValue)
            if verdict == .kept { kept.insert(entry.digest) }
        }
        let answer = try await ask(
            "POST /v1/uploads/\(id)/chunks", ["Content-Type": "application/vnd.cairn.frames"], body: body)
        #expect(answer.status == 200 && answer.body == expected, "\(answer.text)")
    }

    private mutating func complete() async throws -> Bool {
        let answer = try await ask("POST /v1/uploads/\(id)/complete", body: [])
        let isWhole = named == file.entries.count && kept.isSuperset(of: file.digests)
        #expect(answer.status == (isWhole ? 201 : 409), "\(answer.text)")
        #expect(isWhole || answer.problem == "upload-incomplete")
        return isWhole
    }

    /// What must be said of the right chunk of this digest now.
    private func verdict(on digest: Digest) -> ChunkFrame.Verdict {
        guard file.digests[..<named].contains(digest) else { return .refused }
        return kept.contains(digest) ? .had : .kept
    }
}
