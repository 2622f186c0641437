import CairnContent
import CairnEngine
import Logging
import NIOCore

/// A rule that did not hold, and after which operation.
struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// Plays operations on an engine over memory, and beside it on a model that knows only what clients were told.
final class Story {
    /// What a client was told of an upload.
    private struct Known {
        let id: UploadID
        let content: Int
        let isNamed: Bool
        var offset: Int64 = 0
        var isComplete = false
        /// When it expires unless it hears more.
        var expires: Timestamp?
    }

    /// Contents that begin alike, so that many uploads share chunks.
    static let contents: [ByteBuffer] =
        [0, 1, 100, 65_535, 65_536, 65_537, 131_072, 150_000, 200_000, 262_144].map {
            pattern(0..<$0)
        } + [70_000, 131_073, 200_001].map { pattern(0..<$0, seed: 7) }
    private static let chunk = ChunkSize.minimum.length
    private static let digests: [[Digest]] = contents.map { content in
        var rest = content
        var digests: [Digest] = []
        while let part = rest.readSlice(length: min(chunk, max(rest.readableBytes, 1))) {
            digests.append(digest(of: part))
        }
        return digests
    }
    private static let all = Array(Set(digests.joined())).sorted()
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private let time = TestTime()
    private let store = MemoryStore()
    private var ledger: MemoryLedger
    private var engine: Engine
    private var uploads: [Known] = []
    /// Chunks whose bytes were lost, until somebody was told that they are here again.
    private var lost: Set<Digest> = []

    init() {
        ledger = MemoryLedger(now: time.now)
        engine = Self.engine(store, ledger, time)
    }

    private static func engine(_ store: MemoryStore, _ ledger: MemoryLedger, _ time: TestTime) -> Engine {
        Engine(store: store, ledger: ledger, chunkSize: .minimum, now: time.now, logger: quiet)
    }

    func play(_ operations: [Operation]) async throws(Broken) {
        for (number, operation) in operations.enumerated() {
            time.pass(seconds: 1)
            do { try await play(operation) } catch {
                throw Broken(description: "operation \(number), \(operation): \(error)")
            }
        }
        do { try await end() } catch { throw Broken(description: "at the end: \(error)") }
    }

    private func play(_ operation: Operation) async throws {
        switch operation {
        case .begin(let content, let isNamed): try await begin(content % Self.contents.count, isNamed)
        case .append(let upload, let length, let breaks): try await append(upload, length, breaks)
        case .put(let upload, let chunk): try await put(upload, chunk)
        case .complete(let upload): try await complete(upload)
        case .resume(let upload): try await with(upload) { try await self.resume(&$0) }
        case .read(let upload): try await with(upload) { try await self.read(&$0) }
        case .cancel(let upload): try await cancel(upload)
        case .create(let content): try await create(content % Self.contents.count)
        case .offer(let content): try await offer(content % Self.contents.count)
        case .collect: try expect(await engine.reclaim().failure == nil, "the collector fails")
        case .expire: _ = try await engine.expire()
        case .scrub(let limit):
            lost.formUnion(try await engine.scrub(olderThan: .zero, limit: limit).damaged)
        case .damage(let chunk, let isGone): await damage(Self.all[chunk % Self.all.count], isGone)
        case .restart: try await restart()
        case .rebuild: try await rebuild()
        case .jump(let seconds): time.pass(seconds: seconds)
        }
    }

    /// What every story must come to: all files are what they were or lack bytes that were lost, and bringing those
    /// heals all of them.
    private func end() async throws {
        for place in uploads.indices.reversed() { try await with(place) { try await self.resume(&$0) } }
        for place in uploads.indices.reversed() { try await with(place) { try await self.read(&$0) } }
        for content in Self.contents.indices { try await create(content) }
        for known in uploads where known.isComplete {
            let file = try await engine.upload(known.id, for: .everyone)
            try expect(!file.isDamaged, "a file that all bytes were brought for is damaged")
            try expect(try await engine.content(of: file) == Self.contents[known.content], "another content")
        }
    }
}

// What clients do.
extension Story {
    private var expiry: Timestamp { time.now().advanced(by: engine.limits.idle) }

    private func begin(_ content: Int, _ isNamed: Bool) async throws {
        let length = Int64(Self.contents[content].readableBytes)
        let upload = try await engine.begin(declaredLength: length, by: .everyone)
        var known = Known(id: upload.id, content: content, isNamed: isNamed, expires: expiry)
        if isNamed, length > 0 {
            let segment = try await engine.name(Self.digests[content], from: 0, in: upload.id, for: .everyone)
            known.offset = segment.upload.offset
        }
        uploads.append(known)
    }

    private func append(_ upload: Int, _ length: Int, _ breaks: Bool) async throws {
        try await with(upload) { known in
            guard !known.isComplete, !known.isNamed else { return }
            let content = Self.contents[known.content]
            let offset = try await self.offset(of: &known)
            guard !known.isComplete else { return }
            let part = content.getSlice(at: Int(offset), length: min(length, content.readableBytes - Int(offset)))
            guard let part else { return }
            let append = Append(at: offset, bodyLength: breaks ? nil : Int64(part.readableBytes))
            do {
                let after = try await self.engine.append(
                    append, body: Body(part, breaks: breaks), to: known.id, for: .everyone)
                try self.note(after, &known)
                try expect(after.offset == offset + Int64(part.readableBytes), "\(after.offset) after \(offset)")
            } catch UploadError.bodyCut(let prefix) {
                try expect(breaks, "a whole body is cut")
                try expect(prefix.offset >= offset, "a cut body takes bytes away")
                known.offset = prefix.offset
                known.expires = self.expiry
                // The last byte may have come before the line broke.
                try await self.resume(&known)
            }
        }
    }

    private func put(_ upload: Int, _ index: Int) async throws {
        try await with(upload) { known in
            guard !known.isComplete, known.isNamed, !Self.digests[known.content].isEmpty else { return }
            let index = index % Self.digests[known.content].count
            var bytes = Self.contents[known.content]
            bytes.moveReaderIndex(forwardBy: index * Self.chunk)
            let part = bytes.readSlice(length: min(Self.chunk, bytes.readableBytes))!
            let digest = Self.digests[known.content][index]
            let answer = try await self.engine.put(Put(digest), body: Body(part), to: known.id, for: .everyone)
            known.offset = answer.upload.offset
            if !answer.wasThere {
                self.lost.remove(digest)
                known.expires = self.expiry
            }
        }
    }

    private func complete(_ upload: Int) async throws {
        try await with(upload) { known in
            do {
                let (file, isNew) = try await self.engine.complete(known.id, for: .everyone)
                try self.note(file, &known)
                let isDamaged = try await self.engine.upload(known.id, for: .everyone).isDamaged
                try expect(!isNew || !isDamaged, "a file was completed without some of its bytes")
            } catch UploadError.incomplete(_, let prefix) {
                try expect(!known.isComplete, "a file is incomplete again")
                try self.fell(to: prefix.offset, &known)
            }
        }
    }

    private func resume(_ known: inout Known) async throws {
        let upload = try await engine.resume(known.id, for: .everyone)
        try note(upload, &known)
        let bytes = Self.contents[known.content].getSlice(at: 0, length: Int(upload.offset))!
        try expect(upload.prefix == prefix(of: bytes), "the prefix is another's")
    }

    private func read(_ known: inout Known) async throws {
        guard known.isComplete else { return }
        let file = try await engine.upload(known.id, for: .everyone)
        do {
            let content = try await engine.content(of: file)
            try expect(content == Self.contents[known.content], "another content")
        } catch StoreError.damaged(let digest) {
            try expect(lost.contains(digest), "\(digest) is damaged, and nobody damaged it")
            try expect(try await engine.upload(known.id, for: .everyone).isDamaged, "and it is not said")
        }
    }

    private func cancel(_ upload: Int) async throws {
        guard !uploads.isEmpty else { return }
        let id = uploads[upload % uploads.count].id
        try await with(upload) { try await self.engine.cancel($0.id, for: .everyone) }
        uploads.removeAll { $0.id == id }
    }

    private func create(_ content: Int) async throws {
        let bytes = Self.contents[content]
        let file = try await engine.create(
            Append(at: 0, bodyLength: Int64(bytes.readableBytes), ending: .whole), body: Body(bytes), by: .everyone)
        lost.subtract(Self.digests[content])
        uploads.append(Known(id: file.id, content: content, isNamed: false, offset: file.offset, isComplete: true))
        try expect(file.contentID == prefix(of: bytes).digest, "another content id")
    }

    private func offer(_ content: Int) async throws {
        let bytes = Self.contents[content]
        let offer = Offer(length: Int64(bytes.readableBytes), contentID: prefix(of: bytes).digest)
        let (upload, isNew) = try await engine.begin(offer, by: .everyone)
        var known = Known(id: upload.id, content: content, isNamed: false, expires: isNew ? expiry : nil)
        try expect(isNew == (upload.state == .open), "a new upload is complete, or an old one open")
        try note(upload, &known)
        uploads.append(known)
    }
}

// What befalls them.
extension Story {
    private func damage(_ digest: Digest, _ isGone: Bool) async {
        guard var bytes = try? await store.read(digest) else { return }
        bytes.setInteger(bytes.getInteger(at: bytes.readerIndex, as: UInt8.self)! ^ 1, at: bytes.readerIndex)
        store.damage(digest, with: isGone ? nil : bytes)
        lost.insert(digest)
    }

    private func restart() async throws {
        store.reopen()
        engine = Self.engine(store, ledger, time)
        _ = try await engine.sweep()
        try expect(try await engine.adopt(store.recorded()).files == 0, "a record that the ledger does not know")
    }

    /// Unfinished uploads go with the ledger.
    private func rebuild() async throws {
        ledger = MemoryLedger(now: time.now)
        uploads.removeAll { !$0.isComplete }
        store.reopen()
        engine = Self.engine(store, ledger, time)
        let adopted = try await engine.adopt(store.recorded())
        try expect(adopted.files == uploads.count, "\(adopted.files) of \(uploads.count) files are back")
        _ = try await engine.sweep()
    }

    /// Does `work` with an upload, if there is any, and keeps what it makes of it. One whose time is over may be gone.
    private func with(_ upload: Int, _ work: (inout Known) async throws -> Void) async throws {
        guard !uploads.isEmpty else { return }
        let place = upload % uploads.count
        var known = uploads[place]
        do {
            try await work(&known)
            uploads[place] = known
        } catch let error as UploadError where error == .gone || error == .unknownUpload {
            try expect(!known.isComplete && mayBeGone(known), "\(known.id) is gone")
            uploads.remove(at: place)
        }
    }

    /// A clock that jumps may have been past its time for a moment; so all that ever had a time may be gone after a
    /// jump.
    private func mayBeGone(_ known: Known) -> Bool { known.expires != nil }

    private func offset(of known: inout Known) async throws -> Int64 {
        let upload = try await engine.resume(known.id, for: .everyone)
        try note(upload, &known)
        return upload.offset
    }

    private func note(_ upload: Upload, _ known: inout Known) throws(Broken) {
        if known.isComplete { try expect(upload.state == .complete, "a file is open again") }
        if upload.state == .complete {
            try expect(upload.offset == Int64(Self.contents[known.content].readableBytes), "a file of another length")
            known.isComplete = true
        }
        try fell(to: upload.offset, &known)
    }

    /// What was acknowledged is there, unless chunks of it were lost.
    private func fell(to offset: Int64, _ known: inout Known) throws(Broken) {
        if offset < known.offset {
            let gone = Self.digests[known.content].contains(where: lost.contains)
            try expect(gone, "\(known.offset) was acknowledged, and \(offset) is there")
        }
        known.offset = offset
    }
}

private func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws(Broken) {
    guard holds else { throw Broken(description: what()) }
}
