import CairnContent
import NIOCore

/// For a slow line: one connection appends at the prefix, so that a break costs only what was on its way.
extension NativeUpload {
    /// How much is appended in one request at most, in bytes.
    static let appendLength = 32 << 20

    /// Brings chunks that follow one another; those that the prefix does not lead to go the common way.
    func append(_ parcels: [UploadPlan.Parcel]) async throws {
        var rest = parcels
        var offset: Int64 = -1
        let elsewhere = try await backoff.retrying { _ throws(Setback) -> Bool in
            let reached = try await prefixOffset()
            if reached > offset { backoff.progressed() }
            offset = reached
            while let first = rest.first, end(of: first) <= reached { sent(rest.removeFirst()) }
            guard let first = rest.first else { return false }
            guard start(of: first) <= reached else { return true }
            try await appendOnce(rest, from: reached)
            rest.forEach(sent)
            return false
        }
        if elsewhere { for parcel in rest { try await deliver([parcel]) } }
    }

    private func start(of parcel: UploadPlan.Parcel) -> Int64 {
        Int64(parcel.index) * Int64(plan.now.rules.chunkSize.length)
    }

    private func end(of parcel: UploadPlan.Parcel) -> Int64 { start(of: parcel) + Int64(parcel.entry.length) }

    /// How far the server has come without a gap, to the byte.
    private func prefixOffset() async throws(Setback) -> Int64 {
        let answer = try await requests.look().successful()
        do { return try answer.decoded(as: NativeState.self).offset } catch { throw .final(error) }
    }

    private func appendOnce(_ parcels: [UploadPlan.Parcel], from offset: Int64) async throws(Setback) {
        let start = start(of: parcels[0])
        var buffers = parcels.compactMap(\.bytes)
        _ = buffers[0].readSlice(length: Int(offset - start))
        _ = try await requests.append(AppendBody(buffers: buffers, tally: tally), at: offset).successful()
    }
}

/// Chunks one after the other as a body, counted as they leave.
struct AppendBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let buffers: [ByteBuffer]
    let tally: Tally

    var length: Int64 { buffers.reduce(0) { $0 + Int64($1.readableBytes) } }

    func makeAsyncIterator() -> Iterator { Iterator(rest: buffers[...], tally: tally) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        let tally: Tally

        mutating func next() async -> ByteBuffer? {
            while var first = rest.popFirst() {
                guard let part = first.readSlice(length: Swift.min(first.readableBytes, Self.partLength)),
                    part.readableBytes > 0
                else { continue }
                rest.insert(first, at: rest.startIndex)
                tally.hasRead(part.readableBytes)
                return part
            }
            return nil
        }

        /// Small, for a line that is slow.
        private static let partLength = 64 << 10
    }
}
