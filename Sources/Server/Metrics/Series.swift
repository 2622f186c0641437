import Metrics
import Synchronization

/// What only grows.
final class Sum: CounterHandler {
    private let total = Atomic<Int64>(0)

    var value: Int64 { total.load(ordering: .relaxed) }

    func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { total.store(0, ordering: .relaxed) }
}

/// What goes up and down.
final class Level: MeterHandler, RecorderHandler {
    private let last = Mutex(0.0)

    var value: Double { last.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { last.withLock { $0 = value } }

    func increment(by amount: Double) { last.withLock { $0 += amount } }

    func decrement(by amount: Double) { last.withLock { $0 -= amount } }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }
}

/// How values lie: how many are at most each bound, and their sum.
final class Spread: RecorderHandler, TimerHandler {
    /// From half a millisecond to ten minutes.
    static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600,
    ]
    static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384]

    let bounds: [Double]
    private let state: Mutex<(counts: [Int], sum: Double)>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
    }

    /// How many lie between each bound and the one before, those above all of them last.
    var values: (counts: [Int], sum: Double) { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
