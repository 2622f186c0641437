import CairnContent
import CairnDialects
import CairnEngine
import ScriptedServer
import Synchronization

/// What a Cairn server answers to a client, kept in memory, with faults on request.
///
/// It keeps what it received of a cut body, as the real one does.
final class FakeCairn: Script {
    /// What happens instead of an honest answer; each is used up by the next request to its path.
    enum Fault: Sendable {
        /// The connection closes after so many bytes of the body; they are kept.
        case cut(after: Int)
        /// So many bytes of the body are kept, then nothing happens any more.
        case silence(after: Int)
        /// Another answer than the honest one; nothing is kept.
        case answer(ScriptedAnswer)
        /// The honest answer with another prefix digest.
        case lie
        /// The honest answer, its body cut.
        case part(length: Int)
        /// The honest answer, with a byte of its body changed.
        case spoil(at: Int)
        /// The request is done, and the connection closes before the answer.
        case mute
        /// The upload's chunk at an index is gone; then the honest answer.
        case lose(Int)
        /// Every upload is gone; then the honest answer.
        case forget
    }

    struct State {
        /// By `X-File-Id`.
        var uploads: [String: FakeUpload] = [:]
        var faults: [String: [Fault]] = [:]
        /// `METHOD path`, in the order they came.
        var seen: [String] = []
        /// Body bytes of files and chunks received, kept or not.
        var received = 0
        /// How often bytes were appended natively.
        var appended = 0
        /// Whether it has the native door.
        var isNative = false
        /// What the store has from elsewhere, so that it is not missing.
        var stored: [Digest: [UInt8]] = [:]
        /// Whether what is in the store is missing all the same until it is proven to be held.
        var takesProofs = false
        /// The entries that proofs were brought of, request by request.
        var proven: [[Int]] = []
        /// The entries that were named, request by request.
        var segments: [FakeSegment] = []
        /// The content ids that uploads were begun with; nil for one begun without.
        var begun: [String?] = []
        /// The chunks that were brought, in the order they came.
        var chunks: [FakeChunk] = []
        /// What was sent with the appends, by `X-File-Id`.
        var appends: [[String: String]] = []
    }

    static let chunkSize = ChunkSize.minimum

    private let state: Mutex<State>

    /// What it has, and what it was asked, up to now.
    var now: State { state.withLock { $0 } }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    init(uploads: [String: FakeUpload] = [:], faults: [String: [Fault]] = [:], isNative: Bool = false) {
        state = Mutex(State(uploads: uploads, faults: faults, isNative: isNative))
    }

    func limit(for request: ScriptedRequest) -> Int? {
        state.withLock {
            switch $0.faults[request.route]?.first {
            case .cut(let length), .silence(let length): length
            default: nil
            }
        }
    }

    func act(on request: ScriptedRequest, isWhole: Bool) -> ScriptedAct {
        state.withLock { state in
            state.seen.append("\(request.method) \(request.path)")
            if request.brings { state.received += request.body.count }
            var faults = state.faults[request.route] ?? []
            guard !faults.isEmpty else { return .answer(state.answer(to: request, isWhole: isWhole)) }
            let fault = faults.removeFirst()
            state.faults[request.route] = faults
            return act(on: request, fault, &state)
        }
    }

    private func act(on request: ScriptedRequest, _ fault: Fault, _ state: inout State) -> ScriptedAct {
        switch fault {
        case .answer(let answer): return .answer(answer)
        case .cut:
            _ = state.answer(to: request, isWhole: false)
            return .close
        case .silence:
            _ = state.answer(to: request, isWhole: false)
            return .silence
        case .mute:
            _ = state.answer(to: request, isWhole: true)
            return .close
        case .lose(let index):
            state.lose(index)
            return .answer(state.answer(to: request, isWhole: true))
        case .forget:
            state.uploads = [:]
            return .answer(state.answer(to: request, isWhole: true))
        case .lie:
            var answer = state.answer(to: request, isWhole: true)
            answer.fields["Upload-Prefix"] = answer.fields["Upload-Prefix"].flatMap { PrefixField($0) }.map {
                "\(PrefixField(digest: Digest(hashing: [1].span), offset: $0.offset, chunkSize: $0.chunkSize))"
            }
            return .answer(answer)
        case .part(let length): return .part(state.answer(to: request, isWhole: true), length: length)
        case .spoil(let index):
            var answer = state.answer(to: request, isWhole: true)
            answer.body[index] ^= 1
            return .answer(answer)
        }
    }
}

extension ScriptedRequest {
    /// What faults are listed under: the path, without ids and digests.
    var route: String {
        let pieces = path.split(separator: "/").map { piece in
            if UploadID(String(piece)) != nil { return "/id" }
            return Digest(String(piece)) == nil ? "/\(piece)" : "/digest"
        }
        return "\(method) \(pieces.joined())"
    }

    /// Whether its body is bytes of a file.
    var brings: Bool { path == "/upload" || path.contains("/chunks") }
}
