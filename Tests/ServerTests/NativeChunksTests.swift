import CairnContent
import CairnEngine
import RawHTTP
import Testing

/// Many chunks in one body (spec/native.md, "Many chunks").
@Suite struct `Chunks in frames` {
    /// Two whole chunks that shrink to little and a short one, different for each number; and the frames that bring
    /// them: so few bytes that a body can be cut at each of them.
    private struct Small {
        let file: CutFile
        let frames: [[UInt8]]

        init(_ number: Int) throws {
            let mark = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
            let chunks = [Self.chunk(mark + [0]), Self.chunk(mark + [1]), mark + [2, 3, 4, 5, 6, 7]]
            file = CutFile(chunks.flatMap(\.self))
            frames = try zip(file.entries, file.chunks).map { entry, chunk -> [UInt8] in
                guard entry.length == 65_536 else {
                    return CairnFrame.bytes(entry.digest, plain: entry.length, chunk)
                }
                guard let block = ChunkBlock.encoding(chunk.span) else { throw NoBlock() }
                return CairnFrame.bytes(entry.digest, plain: entry.length, codec: 1, block)
            }
        }

        /// A whole chunk that says `mark` again and again.
        private static func chunk(_ mark: [UInt8]) -> [UInt8] {
            var chunk = mark + [0xA1, 0xB2, 0xC3, 0xD4, 0xE5]
            while chunk.count < 65_536 { chunk += chunk }
            return chunk
        }

        var body: [UInt8] { frames.flatMap(\.self) }

        /// How many frames are whole in so many bytes.
        func count(in length: Int) -> Int {
            var ends: [Int] = []
            for frame in frames { ends.append((ends.last ?? 0) + frame.count) }
            return ends.count(where: { $0 <= length })
        }
    }

    @Test func `are each given a verdict, and a bad one spoils no other`() async throws {
        let file = CutFile(mask: 0)
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            try await server.put(file, 0, in: id)
            let other = Array(file.chunks[2].dropLast()) + [file.chunks[2][65_535] ^ 1]
            let parts = [
                file.frame(1), file.frame(0), CairnFrame.bytes(file.digests[2], plain: 65_536, other),
                CairnFrame.bytes(Digest(hashing: [1].span), plain: 1, [1]),
                CairnFrame.bytes(file.digests[3], plain: 3391, Array(file.chunks[3].dropLast())),
                CairnFrame.bytes(file.digests[2], plain: 65_536, codec: 1, [UInt8](repeating: 0xFF, count: 9)),
                file.frame(3), file.frame(1),
            ]
            let answer = try await server.frames(parts.flatMap(\.self), in: id)
            #expect(answer.status == 200 && answer["content-type"] == "application/vnd.cairn.verdicts")
            #expect(answer.body == [0, 1, 2, 3, 3, 2, 0, 1])
            #expect(answer["upload-offset"] == "131072")
            #expect(try await server.missing(in: id) == [2])
            #expect(try await server.frames(file.frame(2), in: id).body == [0])
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    @Test func `may be none`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin().id
            let answer = try await server.frames([], in: id)
            #expect(answer.status == 200 && answer.body.isEmpty)
        }
    }

    @Test func `may come byte by byte`() async throws {
        let small = try Small(1)
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":131080}"#).id
            _ = try await server.name(small.file.digests, in: id)
            let connection = try await server.open()
            let fields = ["Content-Type": "application/vnd.cairn.frames"]
            try await connection.send(
                request("POST /v1/uploads/\(id)/chunks", fields, length: small.body.count))
            for byte in small.body { try await connection.send([byte]) }
            #expect(try await connection.readFinal().body == [0, 0, 0])
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(small.file, as: id))
        }
    }

    @Test func `that are cut keep whole ones and nothing else, wherever the cut is`() async throws {
        let length = try Small(0).body.count
        try await TestServer.run { server async throws in
            for number in 0...length {
                let small = try Small(number)
                let (body, cut) = (small.body, min(number, small.body.count))
                let id = try await server.begin(#"{"length":131080}"#).id
                _ = try await server.name(small.file.digests, in: id)
                let before = server.store.chunkCount
                let connection = try await server.open()
                let fields = ["Content-Type": "application/vnd.cairn.frames"]
                try await connection.send(request("POST /v1/uploads/\(id)/chunks", fields, length: body.count))
                try await connection.send(Array(body[..<cut]))
                try await connection.finish()
                let answer = try await connection.readFinal()
                try await connection.close()
                let count = small.count(in: cut)
                #expect(answer.status == (cut == body.count ? 200 : 400), "cut at \(cut)")
                #expect(answer.problem == (cut == body.count ? nil : "body-cut"), "cut at \(cut)")
                #expect(try await server.missing(in: id) == Array(count..<3), "cut at \(cut)")
                #expect(server.store.chunkCount == before + count && server.store.tailCount == 0, "cut at \(cut)")
            }
        }
    }

    @Test func `that end inside one are refused, and the whole ones before it are kept`() async throws {
        let length = try Small(0).body.count
        try await TestServer.run { server async throws in
            for number in 0...length {
                let small = try Small(number)
                let end = min(number, small.body.count)
                let id = try await server.begin(#"{"length":131080}"#).id
                _ = try await server.name(small.file.digests, in: id)
                let before = server.store.chunkCount
                let answer = try await server.frames(Array(small.body[..<end]), in: id)
                let count = small.count(in: end)
                let isBetween = small.frames.prefix(count).flatMap(\.self).count == end
                #expect(answer.status == (isBetween ? 200 : 422), "end at \(end)")
                #expect(answer.problem == (isBetween ? nil : "frame-invalid"), "end at \(end)")
                #expect(!isBetween || answer.body == [UInt8](repeating: 0, count: count), "end at \(end)")
                #expect(try await server.missing(in: id) == Array(count..<3), "end at \(end)")
                #expect(server.store.chunkCount == before + count && server.store.tailCount == 0, "end at \(end)")
            }
        }
    }
}

/// One LZ4 block instead of the plain bytes (spec/native.md, "One chunk").
@Suite struct `Chunks as LZ4 blocks` {
    private let file = CutFile(mask: 0)

    private func block(_ index: Int) throws -> [UInt8] {
        let chunk = file.chunks[index]
        guard let block = ChunkBlock.encoding(chunk.span) else { throw NoBlock() }
        return block
    }

    @Test func `are the file's bytes, put alone or in frames`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            for index in [2, 0] {
                let answer = try await server.put(try block(index), as: file.digests[index], block: true, in: id)
                #expect(answer.status == 201)
            }
            let framed = try [3, 1].flatMap { index -> [UInt8] in
                let entry = file.entries[index]
                return CairnFrame.bytes(entry.digest, plain: entry.length, codec: 1, try block(index))
            }
            let answer = try await server.frames(framed, in: id)
            #expect(answer.body == [0, 0] && answer["upload-offset"] == "200000")
            #expect(try await server.complete(id).status == 201)
            #expect(try await server.holds(file, as: id))
        }
    }

    /// A sequence of literals only: a block as long as its chunk, and a little.
    private func literals(_ bytes: [UInt8]) -> [UInt8] {
        let rest = bytes.count - 15
        var block = [0xF0] + [UInt8](repeating: 0xFF, count: rest / 255)
        block.append(UInt8(rest % 255))
        return block + bytes
    }

    /// One byte, then a match of 255 times `count` bytes and a few, then the five literals that end a block.
    private func bomb(_ count: Int) -> [UInt8] {
        let match: [UInt8] = [0x1F, 0x41, 1, 0] + [UInt8](repeating: 0xFF, count: count)
        return match + [0, 0x50, 0x41, 0x41, 0x41, 0x41, 0x41]
    }

    /// Blocks that are not the second chunk's, though some are nearly.
    private func lies() throws -> [String: [UInt8]] {
        let block = try block(1)
        var lies: [String: [UInt8]] = [
            "nothing": [], "one byte": [1], "a match before the start": [0x0F, 1, 0, 0, 0x50, 1, 2, 3, 4, 5],
            "a bomb": bomb(6000), "a bomb as large as a block may be": bomb(65_000),
            "all ones": [UInt8](repeating: 0xFF, count: 65_535),
            "a part of it": literals(Array(file.chunks[1][..<1000])),
        ]
        lies["a byte less"] = Array(block.dropLast())
        lies["a byte more"] = block + [0]
        lies["twice"] = block + block
        lies["with a frame's head"] = [0x04, 0x22, 0x4D, 0x18] + block
        lies["another chunk"] = try self.block(0)
        lies["a shorter chunk"] = try self.block(3)
        lies["plain but for a byte"] = Array(file.chunks[1].dropLast())
        lies["garbage"] = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 &+ 7) }
        return lies
    }

    @Test func `that lie are refused, and nothing is kept`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            for (what, block) in try lies() {
                let answer = try await server.put(block, as: file.digests[1], block: true, in: id)
                #expect(answer.status == 422 && answer.problem == "digest-mismatch", "\(what)")
                guard !block.isEmpty else { continue }
                let framed = CairnFrame.bytes(file.digests[1], plain: 65_536, codec: 1, block)
                #expect(try await server.frames(framed, in: id).body == [2], "\(what)")
            }
            #expect(try await server.missing(in: id) == [0, 1, 2, 3])
            #expect(server.store.chunkCount == 0 && server.store.tailCount == 0)
            #expect(try await server.put(try block(1), as: file.digests[1], block: true, in: id).status == 201)
        }
    }

    @Test func `that are no shorter than their chunk are refused`() async throws {
        try await TestServer.run { server async throws in
            let id = try await server.begin(#"{"length":200000}"#).id
            _ = try await server.name(file.digests, in: id)
            for block in [literals(file.chunks[1]), file.chunks[1], [UInt8](repeating: 0, count: 65_536)] {
                let answer = try await server.put(block, as: file.digests[1], block: true, in: id)
                #expect(answer.status == 400 && answer.problem == "inconsistent-upload-length")
                let framed = CairnFrame.bytes(file.digests[1], plain: 65_536, codec: 1, block)
                #expect(try await server.frames(framed, in: id).problem == "frame-invalid")
            }
            #expect(try await server.missing(in: id) == [0, 1, 2, 3])
            #expect(server.store.chunkCount == 0 && server.store.tailCount == 0)
        }
    }
}

/// A chunk that was made to shrink did not.
private struct NoBlock: Error {}
