import CairnEngine
import NIOCore
import Randomness
import RawHTTP
import Testing

/// Valid requests with something wrong in them: whatever it is, the server lives, says so, and keeps its prefixes.
@Suite struct `Mutated requests` {
    private static let held = Array("hello".utf8)
    private static let address = "0123456789abcdef0123456789abcdef"

    /// `ID` stands for an upload that holds five bytes of ten.
    private static let valid: [(dialect: String, requests: [String])] = [
        (
            "X-Start-Byte",
            [
                "GET /status HTTP/1.1\nHost: x\nX-File-Id: NAME\n\n",
                "POST /upload HTTP/1.1\nHost: x\nX-File-Id: NAME\nX-Start-Byte: 5\nX-File-Size: 10\n"
                    + "Content-Length: 5\n\nworld",
                "POST /upload HTTP/1.1\nHost: x\nX-File-Id: NAME\nX-Start-Byte: 5\nTransfer-Encoding: chunked\n\n"
                    + "5\nworld\n0\n\n",
            ]
        ),
        (
            "tus",
            [
                "POST /files HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\nUpload-Length: 5\n"
                    + "Upload-Metadata: filename YS50eHQ=,b\nContent-Type: application/offset+octet-stream\n"
                    + "Content-Length: 5\n\nhello",
                "HEAD /files/ID HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\n\n",
                "PATCH /files/ID HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\nUpload-Offset: 5\n"
                    + "Content-Type: application/offset+octet-stream\n"
                    + "Upload-Checksum: sha1 fCEhf0MdD1NcpfuLBVFP1pZrFtg=\nContent-Length: 5\n\nworld",
                "PATCH /files/ID HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\nUpload-Offset: 5\n"
                    + "Content-Type: application/offset+octet-stream\nTrailer: Upload-Checksum\n"
                    + "Transfer-Encoding: chunked\n\n5\nworld\n0\nUpload-Checksum: crc32 Ond3EQ==\n\n",
                "POST /files HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\nUpload-Concat: final;/files/ID /files/ID\n\n",
                "POST /files/ID HTTP/1.1\nHost: x\nTus-Resumable: 1.0.0\nX-HTTP-Method-Override: PATCH\n"
                    + "Upload-Offset: 5\nContent-Type: application/offset+octet-stream\nContent-Length: 5\n\nworld",
                "OPTIONS /files HTTP/1.1\nHost: x\nOrigin: http://y\n\n",
            ]
        ),
        (
            "IETF",
            [
                "POST /files HTTP/1.1\nHost: x\nUpload-Draft-Interop-Version: 8\nUpload-Complete: ?1\n"
                    + "Upload-Length: 5\nContent-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\n"
                    + "Content-Length: 5\n\nhello",
                "HEAD /files/ID HTTP/1.1\nHost: x\nUpload-Draft-Interop-Version: 6\n\n",
                "PATCH /files/ID HTTP/1.1\nHost: x\nUpload-Offset: 5\nUpload-Complete: ?1\n"
                    + "Content-Type: application/partial-upload\nUpload-Draft-Interop-Version: 8\n"
                    + "Content-Length: 5\n\nworld",
                "PATCH /files/ID HTTP/1.1\nHost: x\nUpload-Offset: 5\nUpload-Incomplete: ?1\n"
                    + "Upload-Draft-Interop-Version: 3\nTransfer-Encoding: chunked\n\n5\nworld\n0\n\n",
                "PATCH /files/ID HTTP/1.1\nHost: x\nUpload-Offset: 5\nUpload-Complete: ?0\n"
                    + "Content-Type: application/partial-upload\nTrailer: Content-Digest\n"
                    + "Transfer-Encoding: chunked\n\n5\nworld\n0\n"
                    + "Content-Digest: sha-256=:SG6kYiTRuz7k/9p5LJmD1LB5TVJ4ZxVTeBhv3xLhBhg=:\n\n",
                "PUT /files/a.txt HTTP/1.1\nHost: x\nContent-Disposition: inline; filename=\"b\"\n"
                    + "Repr-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\nContent-Length: 5\n\nhello",
                "GET /files/ID HTTP/1.1\nHost: x\nRange: bytes=0-3\nWant-Repr-Digest: sha-256=5\n\n",
            ]
        ),
    ]

    @Test(arguments: 0..<3)
    func `ten thousand of each dialect crash nothing, are no 500, and change no prefix unsaid`(dialect: Int)
        async throws
    {
        let (name, requests) = Self.valid[dialect]
        let seed = UInt64.random(in: 0...UInt64.max)
        let statuses = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
            for part in 0..<4 {
                group.addTask { try await Self.mutate(requests, 2500, seed: seed &+ UInt64(part)) }
            }
            return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
        #expect(statuses.values.reduce(0, +) == 10_000)
        let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        print("10,000 mutations of \(name), by status (0: closed unanswered): \(counts), seed \(seed)")
    }

    private static func mutate(_ requests: [String], _ count: Int, seed: UInt64) async throws -> [Int: Int] {
        try await TestServer.run { server async throws in
            var statuses: [Int: Int] = [:]
            var random = SeededGenerator(seed: seed)
            for number in 0..<count {
                let place = Comment(rawValue: "seed \(seed), number \(number)")
                let key = UploadKey("name-\(number)", of: .everyone)
                let upload = try await server.engine.append(
                    Append(at: 0, declaredLength: 10), body: OnePart(held), named: key, for: .everyone)
                let text = (requests.randomElement(using: &random) ?? "")
                    .replacing("ID", with: "\(upload.id)").replacing("X-File-\(upload.id)", with: "X-File-Id")
                    .replacing("NAME", with: "name-\(number)").replacing("\n", with: "\r\n")
                let mutated = Mutation.random(of: Array(text.utf8), &random)
                let answer = try await exchange(server, mutated)
                #expect(answer?.status != 500, "\(place): \(String(decoding: mutated, as: UTF8.self))")
                try await verify(upload, server, answer, place, mutated)
                statuses[answer?.status ?? 0, default: 0] += 1
            }
            #expect(try await server.ask("GET /health").status == 200)
            return statuses
        }
    }

    /// The final answer; nil when the connection went without one.
    private static func exchange(_ server: TestServer, _ bytes: [UInt8]) async throws -> RawResponse? {
        let connection = try await server.open()
        connection.push(bytes)
        try? await connection.finish()  // the server may have closed first
        let isHead = bytes.starts(with: Array("HEAD ".utf8))
        let answer = try? await connection.readFinal(toHead: isHead)
        try? await connection.close()
        return answer
    }

    /// The prefix is as it was, or grew by what the answer owns up to; what was there is there.
    private static func verify(
        _ upload: Upload, _ server: TestServer, _ answer: RawResponse?, _ place: Comment, _ mutated: [UInt8]
    ) async throws {
        guard let after = try? await server.engine.upload(upload.id, for: .everyone) else {
            // Ended: by DELETE, by bytes past its length, or because the name begins anew.
            return #expect(answer != nil, place)
        }
        #expect(after.offset >= 5, place)
        if after.offset != 5 {
            let status = answer?.status ?? 0
            // A body that broke off is no success, and what came of it is kept and stated.
            let isStated = answer?["upload-prefix"]?.contains("offset=\(after.offset)") == true
            let text = String(decoding: mutated, as: UTF8.self)
            #expect((200..<300).contains(status) || isStated, "\(place): \(status) \(text)")
        }
        var content = ByteBuffer()
        for try await part in server.engine.bytes(0..<5, of: after) { content.writeImmutableBuffer(part) }
        #expect(Array(content.readableBytesView) == held, place)
    }
}

/// A body of one part.
private struct OnePart: AsyncSequence, Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: [UInt8]?

        mutating func next() async throws -> ByteBuffer? { bytes.take().map { ByteBuffer(bytes: $0) } }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}

/// What can happen to a request's bytes.
private enum Mutation: CaseIterable {
    case flip, insert, drop, repeatLine, dropLine, swapLines, digit, truncate, grow

    static func random(of bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...2, using: &random) {
            bytes = (allCases.randomElement(using: &random) ?? .flip).apply(to: bytes, &random)
        }
        return bytes
    }

    private func apply(to bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        guard bytes.count > 2 else { return bytes }
        var bytes = bytes
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch self {
        case .flip: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case .insert: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case .drop: bytes.remove(at: place)
        case .digit:
            let digits = bytes.indices.filter { (48...57).contains(bytes[$0]) }
            if let digit = digits.randomElement(using: &random) { bytes[digit] = .random(in: 48...57, using: &random) }
        case .truncate: bytes.removeLast(Int.random(in: 1...min(bytes.count, 20), using: &random))
        case .grow: bytes += random.bytes(Int.random(in: 1...20, using: &random))
        case .repeatLine, .dropLine, .swapLines: bytes = lines(bytes, &random)
        }
        return bytes
    }

    private func lines(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
        guard lines.count > 3 else { return bytes }
        let one = Int.random(in: 1..<lines.count, using: &random)
        let other = Int.random(in: 1..<lines.count, using: &random)
        switch self {
        case .repeatLine: lines.insert(lines[one], at: other)
        case .dropLine: lines.remove(at: one)
        default: lines.swapAt(one, other)
        }
        return Array(lines.joined(separator: [10]))
    }
}
