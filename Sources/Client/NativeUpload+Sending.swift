import CairnContent
import NIOCore

/// Chunks that the server lacks, over several connections at a time.
extension NativeUpload {
    /// About how long a body of many chunks is, in bytes. Each body costs the server a transaction, and what breaks
    /// with it a question; on a line that is not fast each chunk has its own.
    private static let framesLength = 16 << 20
    /// The same before the line is seen to be fast.
    private static let firstLength = 1 << 20

    /// The lanes share the memory, with one part left to read into.
    private static func bodyLength(_ line: LaneCount) -> Int {
        line.isFast ? min(framesLength, Remote.memoryLimit / (line.count + 1)) : firstLength
    }

    /// Sends until nothing more will be missing; waits while fewer connections than `lane` help.
    func send(in lane: Int) async throws(Detour) {
        do {
            while true {
                guard try await mayWork(lane) else { return }
                let line = lanes.now
                let parcels = try await plan.until { plan in
                    if line.isSlow { return plan.run(limit: Self.appendLength) }
                    return plan.parcels(limit: Self.bodyLength(line))
                }
                guard let first = parcels.first else { return }
                try await timed(parcels) { () async throws in
                    let compresses = first.bytes.map { ChunkBlock.pays($0.readableBytesUInt8Span) } ?? true
                    if line.isSlow, !compresses { try await append(parcels) } else { try await deliver(parcels) }
                }
            }
        } catch let error as ClientError {
            throw .failed(error)
        } catch let detour as Detour {
            throw detour
        } catch {
            throw .failed(.cancelled)
        }
    }

    /// Brings chunks, and learns from it how fast the line is.
    private func timed(_ parcels: [UploadPlan.Parcel], _ bring: () async throws -> Void) async throws {
        let start = ContinuousClock.now
        try await bring()
        let length = parcels.reduce(0) { $0 + $1.entry.length }
        let share = Double(min(length, ChunkSize.standard.length)) / Double(length)
        lanes.change { $0.brought(in: (ContinuousClock.now - start) * share, slow: remote.policy.slow) }
    }

    /// Whether this lane may send: as soon as it helps, or never when all is sent without it.
    private func mayWork(_ lane: Int) async throws(ClientError) -> Bool {
        if lane < lanes.now.count { return true }
        return try await plan.until { plan in
            if plan.isSentOut { return false }
            return lane < lanes.now.count ? true : nil
        }
    }

    func deliver(_ parcels: [UploadPlan.Parcel]) async throws {
        var rest = parcels
        var refusals = 0
        while !rest.isEmpty {
            let parcels = rest
            let wrong = try await backoff.retrying { isAgain throws(Setback) in
                try await deliverOnce(parcels, isAgain: isAgain)
            }
            guard !wrong.isEmpty else { return }
            refusals += 1
            try await examine(wrong, refusals)
            rest = wrong
        }
    }

    /// One try; returns those that the server took for other bytes than their digests say.
    private func deliverOnce(
        _ parcels: [UploadPlan.Parcel], isAgain: Bool
    ) async throws(Setback) -> [UploadPlan.Parcel] {
        let parcels = isAgain ? try await stillMissing(parcels) : parcels
        guard let first = parcels.first else { return [] }
        let wrong = parcels.count == 1 ? try await put(first) : try await post(parcels)
        let indices = Set(wrong.map(\.index))
        for parcel in parcels where !indices.contains(parcel.index) { sent(parcel) }
        return wrong
    }

    /// A try that failed may have brought what its answer did not live to say.
    private func stillMissing(_ parcels: [UploadPlan.Parcel]) async throws(Setback) -> [UploadPlan.Parcel] {
        guard let first = parcels.map(\.index).min(), let last = parcels.map(\.index).max(),
            last - first < UploadPlan.segmentLimit
        else { return parcels }
        let answer = try await requests.missing(of: first..<last + 1).successful()
        let missing: Set<Int>
        do { missing = Set(try answer.missing().indices) } catch { throw .final(error) }
        for parcel in parcels where !missing.contains(parcel.index) { sent(parcel) }
        return parcels.filter { missing.contains($0.index) }
    }

    func sent(_ parcel: UploadPlan.Parcel) {
        backoff.progressed()
        plan.change { $0.sent(parcel) }
        acknowledge()
    }

    private func put(_ parcel: UploadPlan.Parcel) async throws(Setback) -> [UploadPlan.Parcel] {
        let (body, codec) = try await body(of: parcel)
        tally.hasRead(body.readableBytes)
        let answer = try await requests.put(parcel.entry.digest, body, codec: codec)
            .unless("digest-mismatch")
        return answer.refuses(with: "digest-mismatch") ? [parcel] : []
    }

    private func post(_ parcels: [UploadPlan.Parcel]) async throws(Setback) -> [UploadPlan.Parcel] {
        var frames: [ByteBuffer] = []
        var length = 0
        for parcel in parcels {
            let (bytes, codec) = try await body(of: parcel)
            guard let frame = ChunkFrame(parcel.entry, codec: codec, wireLength: bytes.readableBytes) else {
                throw .final(.wrongBytes("chunk \(parcel.index) has another length than it had"))
            }
            frames += [ByteBuffer(bytes: frame.header), bytes]
            length += bytes.readableBytes
        }
        tally.hasRead(length)
        let answer = try await requests.post(frames).successful()
        let verdicts = answer.body.readableBytesView.map { ChunkFrame.Verdict(rawValue: $0) }
        guard verdicts.count == parcels.count, !verdicts.contains(nil) else {
            throw .final(.notUnderstood("it judges other chunks than were sent"))
        }
        guard !verdicts.contains(.refused) else {
            throw .final(.notUnderstood("it refuses chunks that it lacks"))
        }
        return zip(parcels, verdicts).filter { $0.1 == .wrongBytes }.map(\.0)
    }

    func bytes(of parcel: UploadPlan.Parcel) async throws(ClientError) -> ByteBuffer {
        if let bytes = parcel.bytes { return bytes }
        return try await source.bytes(of: parcel.index, parcel.entry)
    }

    private func body(of parcel: UploadPlan.Parcel) async throws(Setback) -> (ByteBuffer, ChunkFrame.Codec) {
        do throws(ClientError) {
            return Self.encoded(try await bytes(of: parcel), takesBlocks)
        } catch {
            throw .final(error)
        }
    }

    /// The chunk's bytes as they travel: as a block when that pays.
    private static func encoded(_ plain: ByteBuffer, _ takesBlocks: Bool) -> (ByteBuffer, ChunkFrame.Codec) {
        guard takesBlocks, ChunkBlock.pays(plain.readableBytesUInt8Span),
            let block = ChunkBlock.encoding(plain.readableBytesUInt8Span)
        else { return (plain, .plain) }
        return (ByteBuffer(bytes: block), .lz4)
    }

    /// What to think of chunks that the server found to be others: damaged on the way, or no longer what they were.
    private func examine(_ parcels: [UploadPlan.Parcel], _ refusals: Int) async throws(ClientError) {
        for parcel in parcels {
            let bytes = try await bytes(of: parcel)
            guard Digest(hashing: bytes.readableBytesUInt8Span) == parcel.entry.digest else {
                throw .changed(path: source.name)
            }
        }
        guard refusals < remote.policy.tries else {
            throw .wrongBytes("chunk \(parcels[0].index) arrives as other bytes, again and again")
        }
    }
}
