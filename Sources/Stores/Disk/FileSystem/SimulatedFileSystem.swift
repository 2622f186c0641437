import NIOCore
import CairnEngine
import NIOConcurrencyHelpers

/// A file system in memory that tells what is durable from what is not, and forgets on request. For tests.
///
/// Bytes are durable once their file is synced, names once their directory is; after a power cut anything else may be
/// there, or not, or in part. It is stricter than any real one, so what is right here is right there.
package final class SimulatedFileSystem: FileSystem {
    package typealias Rule = @Sendable (SimulatedCall) -> SimulatedAnswer

    /// What every call throws once the power is gone.
    package static let powerIsOff = FileSystemError.io(number: 5, call: "power is off")

    fileprivate struct State {
        var disk: SimulatedDisk
        var rule: Rule = { _ in .perform }
        var isOff = false
        var callCount = 0
        var effectCount = 0
    }

    private let state: NIOLockedValueBox<State>

    /// An empty one.
    package convenience init() { self.init(SimulatedDisk()) }

    private init(_ disk: SimulatedDisk) { state = NIOLockedValueBox(State(disk: disk)) }

    /// From now on every call is first shown to `rule`, which decides what becomes of it.
    package func obey(_ rule: @escaping Rule) { state.withLock { $0.rule = rule } }

    /// How many calls that have an effect there were.
    package var effectCount: Int { state.withLock { $0.effectCount } }

    /// Whether a rule has stopped it.
    package var isOff: Bool { state.withLock { $0.isOff } }

    /// What `Directory.space` tells.
    package var space: Space {
        get { state.withLock { $0.disk.space } }
        set { state.withLock { $0.disk.space = newValue } }
    }

    /// What `Directory.kind` tells.
    package var kind: String {
        get { state.withLock { $0.disk.kind } }
        set { state.withLock { $0.disk.kind = newValue } }
    }

    /// One of the states this one may be in when the power comes back; this one stays as it is.
    ///
    /// Every file is closed there, every lock free, and every call performed.
    package func crash(using generator: inout some RandomNumberGenerator) -> SimulatedFileSystem {
        SimulatedFileSystem(state.withLock { $0.disk }.afterCrash(using: &generator))
    }

    /// What is there after the process died and the machine did not: everything.
    package func afterKill() -> SimulatedFileSystem {
        SimulatedFileSystem(state.withLock { $0.disk }.afterKill())
    }

    package func root(_ path: String) throws(FileSystemError) -> any Directory {
        SimulatedDirectory(self, SimulatedNames.root, path: "")
    }

    /// Makes a call: counts it, shows it to the rule, and performs it if so told.
    func call<Value: Sendable>(
        _ operation: SimulatedCall.Operation, _ subject: String, onFailure: (inout SimulatedDisk) -> Void = { _ in },
        _ perform: (inout SimulatedDisk) throws(FileSystemError) -> Value
    ) throws(FileSystemError) -> Value {
        try state.withLock { state throws(FileSystemError) in
            switch state.answer(operation, subject) {
            case .perform, .pretend: return try perform(&state.disk)
            case .stop: throw Self.powerIsOff
            case .fail(let error):
                onFailure(&state.disk)
                throw error
            }
        }
    }

    /// The same for a call that only promises something, so that it can be pretended.
    func sync(
        _ operation: SimulatedCall.Operation, _ subject: String, onFailure: (inout SimulatedDisk) -> Void = { _ in },
        _ perform: (inout SimulatedDisk) -> Void
    ) throws(FileSystemError) {
        try state.withLock { state throws(FileSystemError) in
            switch state.answer(operation, subject) {
            case .perform: perform(&state.disk)
            case .pretend: break
            case .stop: throw Self.powerIsOff
            case .fail(let error):
                onFailure(&state.disk)
                throw error
            }
        }
    }

    /// What no rule decides: a handle is let go.
    func quietly(_ work: (inout SimulatedDisk) -> Void) { state.withLock { work(&$0.disk) } }
}

extension SimulatedFileSystem.State {
    fileprivate mutating func answer(
        _ operation: SimulatedCall.Operation, _ subject: String
    ) -> SimulatedAnswer {
        callCount += 1
        if operation.hasEffect { effectCount += 1 }
        if isOff { return .stop }
        let call = SimulatedCall(operation: operation, subject: subject, number: callCount, effect: effectCount)
        let answer = rule(call)
        isOff = answer == .stop
        return answer
    }
}
