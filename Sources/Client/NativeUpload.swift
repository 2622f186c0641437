import CairnContent
import CairnDialects
import CairnEngine
import NIOCore

/// Why an upload does not go on as it was begun.
enum Detour: Error {
    case failed(ClientError)
    /// What was named under this file's name is another file.
    case anotherFile
    /// The server knows nothing of the upload any more.
    case lost
}

/// Brings one source to an upload that is begun (spec/native.md): reads, digests, names and sends, all at a time.
struct NativeUpload: Sendable {
    let requests: NativeRequests
    let source: any ChunkSource
    let plan: Watched<UploadPlan>
    let lanes: Watched<LaneCount>
    let backoff: SharedBackoff
    let tally: Tally
    let takesBlocks: Bool
    /// Whether the server was found with a part of the file, so that it is said where it goes on.
    let isResumed: Bool
    /// Told of the digests now and then, so that the next run need not compute them.
    let remember: @Sendable ([Entry]) async -> Void

    var remote: Remote { requests.remote }

    /// Returns when the server has all of it; it is still to be completed.
    func bring() async throws(Detour) {
        let readers = [Part](repeating: .reading, count: Self.readerCount)
        try await all(readers + [.naming] + (0..<lanes.now.limit).map { .sending(lane: $0) })
    }

    /// Digests all of the source and sends nothing.
    func digest() async throws(Detour) {
        try await all([Part](repeating: .reading, count: Self.readerCount))
    }

    /// How many tasks read and digest: two fill two cores, and more than four are faster than any disk.
    private static let readerCount = max(2, min(4, System.coreCount / 2))

    /// What goes on at a time.
    private enum Part {
        case reading, naming
        case sending(lane: Int)
    }

    private func outcome(of part: Part) async -> Result<Void, Detour> {
        do throws(Detour) {
            switch part {
            case .reading: try await read()
            case .naming: try await name()
            case .sending(let lane): try await send(in: lane)
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Does all parts at a time, beside a clock that hurries them; the first failure ends the rest.
    private func all(_ parts: [Part]) async throws(Detour) {
        let result = await withTaskGroup(of: Result<Void, Detour>?.self) { group -> Result<Void, Detour> in
            for part in parts { group.addTask { await outcome(of: part) } }
            group.addTask {
                await tick()
                return nil
            }
            var left = parts.count
            while left > 0, let ended = await group.next() {
                guard let ended else { continue }
                left -= 1
                guard case .failure = ended else { continue }
                group.cancelAll()
                return ended
            }
            group.cancelAll()
            return left == 0 ? .success(()) : .failure(.failed(.cancelled))
        }
        try result.get()
    }

    /// Lets no digest wait long for its segment, and measures how fast the lanes are; until it is cancelled.
    private func tick() async {
        var (ticks, acknowledged, measured) = (0, Int64(0), ContinuousClock.now)
        while true {
            do { try await Task.sleep(for: Self.tick) } catch { return }
            ticks += 1
            plan.change { $0.hurry() }
            guard ticks % Self.measure == 0 else { continue }
            let (now, moment) = (plan.now, ContinuousClock.now)
            let (length, time) = (now.acknowledged - acknowledged, moment - measured)
            (acknowledged, measured) = (now.acknowledged, moment)
            if now.isBusy { lanes.change { $0.measured(length, in: time) } }
            await remember(now.entries)
        }
    }

    private static let tick: Duration = .milliseconds(100)
    /// Ticks between two measurements.
    private static let measure = 5
}

// MARK: Reading

extension NativeUpload {
    private func read() async throws(Detour) {
        do {
            while try await plan.until({ $0.room() }) {
                guard let piece = try await source.next() else {
                    let length = source.length ?? 0
                    plan.change { $0.ended(at: length) }
                    return
                }
                let (entry, bytes) = Self.digest(piece)
                let length = source.length
                plan.change { plan in
                    plan.digested(piece.index, entry, bytes)
                    if let length { plan.ends(at: length) }
                }
            }
        } catch {
            throw .failed(error)
        }
    }

    private static func digest(_ piece: Piece) -> (Entry, bytes: ByteBuffer?) {
        switch piece.content {
        case .hole(let length): (Entry(digest: Zeros.digest(of: length), length: length), nil)
        case .bytes(let bytes):
            (Entry(digest: Digest(hashing: bytes.readableBytesUInt8Span), length: bytes.readableBytes), bytes)
        }
    }
}

// MARK: Naming

extension NativeUpload {
    private func name() async throws(Detour) {
        var isFirst = true
        var proving = Proving(plan.now.rules.chunkSize)
        do {
            while let segment = try await nextSegment(limit: proving.segmentLimit) {
                var answer = try await name(segment)
                var missing = try answer.missing()
                backoff.progressed()
                let chosen = proving.choice(of: missing)
                if !chosen.isEmpty, let nonce = try answer.nonce() {
                    try await prove(chosen, nonce)
                    answer = try await name(segment)
                    missing = try answer.missing()
                    let isNews = !proving.areTaken
                    proving.proven(chosen, missing: missing)
                    if proving.areTaken, isNews, missing.count > 0 {
                        plan.change { $0.cutAnew() }
                        continue
                    }
                }
                plan.change { $0.named(segment, missing: missing) }
                if isFirst, isResumed, let offset = answer.prefix?.offset { remote.report(.resumed(offset: offset)) }
                isFirst = false
                acknowledge()
            }
        } catch let error as ClientError {
            throw .failed(error)
        } catch let detour as Detour {
            throw detour
        } catch {
            throw .failed(.cancelled)
        }
    }

    private func name(_ segment: UploadPlan.Segment) async throws -> Answer {
        let answer = try await backoff.retrying { _ throws(Setback) in
            try await requests.name(segment).unless("manifest-conflict", "unknown-upload", "upload-gone")
        }
        try answer.detour()
        return answer
    }

    /// Proves to hold chunks. Whether it was believed tells what is missing afterwards: a proof whose answer is lost
    /// may count all the same, and one that failed is no reason not to send the chunk.
    private func prove(_ indices: [Int], _ nonce: [UInt8]) async throws(ClientError) {
        var proofs: [(index: Int, hmac: Digest)] = []
        for index in indices {
            let bytes = try await bytes(of: plan.now.parcel(index))
            proofs.append((index, ChunkProof.hmac(nonce, over: bytes.readableBytesUInt8Span)))
        }
        // The entries are named again in any case, and that answer or error is the one that counts.
        _ = try? await requests.prove(proofs, nonce)
    }

    private func nextSegment(limit: Int) async throws(ClientError) -> UploadPlan.Segment? {
        let count = lanes.now.count
        return try await plan.until { plan -> UploadPlan.Segment?? in
            if plan.isNamed { return .some(nil) }
            return plan.segment(lanes: count, limit: limit).map { .some($0) }
        }
    }

    func acknowledge() {
        let plan = plan.now
        guard tally.acknowledged(plan.acknowledged) else { return }
        remote.report(.acknowledged(offset: plan.acknowledged, of: source.length))
    }
}

extension Answer {
    /// The answer when it is a success or a refusal with one of `problems`, which the caller understands.
    func unless(_ problems: String...) throws(Setback) -> Answer {
        if problems.contains(where: refuses) { return self }
        return try successful()
    }

    /// Throws when the upload is not what it was taken for.
    func detour() throws(Detour) {
        if refuses(with: "manifest-conflict") || refuses(with: "completed-upload") { throw .anotherFile }
        if refuses(with: "unknown-upload") || refuses(with: "upload-gone") { throw .lost }
    }
}
