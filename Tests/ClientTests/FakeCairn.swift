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
    }

    struct State {
        /// By `X-File-Id`.
        var uploads: [String: FakeUpload] = [:]
        var faults: [String: [Fault]] = [:]
        /// `METHOD path`, in the order they came.
        var seen: [String] = []
        /// Body bytes received, kept or not.
        var received = 0
        /// What was sent with the appends, by `X-File-Id`.
        var appends: [[String: String]] = []
    }

    static let chunkSize = ChunkSize.minimum

    private let state: Mutex<State>

    /// What it has, and what it was asked, up to now.
    var now: State { state.withLock { $0 } }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    init(uploads: [String: FakeUpload] = [:], faults: [String: [Fault]] = [:]) {
        state = Mutex(State(uploads: uploads, faults: faults))
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
            state.received += request.body.count
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
    /// What faults are listed under: the path, without ids.
    var route: String {
        let pieces = path.split(separator: "/").map { UploadID(String($0)) == nil ? "/\($0)" : "/id" }
        return "\(method) \(pieces.joined())"
    }
}
