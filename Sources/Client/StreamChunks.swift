package import CairnContent
package import NIOCore

/// A stream as a source of chunks: read in order, once.
package final class StreamChunks: ChunkSource {
    private struct State {
        var isReading = false
        var index = 0
        var length: Int64 = 0
        var isEnded = false
        /// What came behind the end of a chunk.
        var rest = ByteBuffer()
    }

    package let chunkSize: ChunkSize
    private let input: @Sendable () async throws(ClientError) -> ByteBuffer
    private let state = Watched(State())

    /// - Parameter input: The next bytes of the stream, none at its end.
    package init(chunkSize: ChunkSize, input: @escaping @Sendable () async throws(ClientError) -> ByteBuffer) {
        self.chunkSize = chunkSize
        self.input = input
    }

    package var name: String { "the stream" }
    package var isRepeatable: Bool { false }

    package var length: Int64? {
        let state = state.now
        return state.isEnded ? state.length : nil
    }

    /// One task reads at a time: whoever comes next gets the next chunk.
    package func next() async throws(ClientError) -> Piece? {
        var turn = try await state.until { state -> State? in
            guard !state.isReading else { return nil }
            state.isReading = true
            return state
        }
        do {
            let piece = try await read(&turn)
            hand(over: turn)
            return piece
        } catch {
            hand(over: turn)
            throw error
        }
    }

    package func bytes(of index: Int, _ entry: Entry) async throws(ClientError) -> ByteBuffer {
        throw .streamLost(offset: Int64(index) * Int64(chunkSize.length))
    }

    package func confirm() async throws(ClientError) {}

    private func hand(over turn: State) {
        state.change { state in
            state = turn
            state.isReading = false
        }
    }

    /// The bytes are copied once, from the stream's parts into one buffer a chunk.
    private func read(_ turn: inout State) async throws(ClientError) -> Piece? {
        var chunk = ByteBufferAllocator().buffer(capacity: chunkSize.length)
        while true {
            let lacking = min(chunkSize.length - chunk.readableBytes, turn.rest.readableBytes)
            if var part = turn.rest.readSlice(length: lacking) { chunk.writeBuffer(&part) }
            guard chunk.readableBytes < chunkSize.length, !turn.isEnded else { break }
            turn.rest = try await input()
            turn.isEnded = turn.rest.readableBytes == 0
        }
        guard chunk.readableBytes > 0 else { return nil }
        turn.length += Int64(chunk.readableBytes)
        defer { turn.index += 1 }
        return Piece(index: turn.index, content: .bytes(chunk))
    }
}
