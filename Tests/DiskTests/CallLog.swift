import CairnDisk
import Synchronization

/// The calls that a simulated file system gets from now on.
final class CallLog: Sendable {
    private let calls = Mutex<[SimulatedCall]>([])

    init(_ fileSystem: SimulatedFileSystem, _ rule: @escaping SimulatedFileSystem.Rule = { _ in .perform }) {
        fileSystem.obey { [self] call in
            calls.withLock { $0.append(call) }
            return rule(call)
        }
    }

    var all: [SimulatedCall] { calls.withLock { $0 } }

    /// Forgets those there were.
    func clear() { calls.withLock { $0 = [] } }

    /// Those that change or promise something, by name.
    var effects: [SimulatedCall.Operation] { all.map(\.operation).filter(\.hasEffect) }
}
