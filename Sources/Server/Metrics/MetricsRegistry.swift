public import Metrics
import Synchronization

/// Keeps what the libraries count, and tells it as Prometheus reads it (spec/operating.md, "Metrics").
///
/// A backend of swift-metrics: `MetricsSystem.bootstrap` takes it before anything is counted. Of one label there is one
/// kind; a label is made of letters, digits and underscores, and every other character becomes one. There are at most
/// 4,096 series: what comes after is counted nowhere, and `cairn_metrics_dropped` says how many.
public final class MetricsRegistry: MetricsFactory {
    private static let limit = 4096

    private struct State {
        var families: [String: MetricFamily] = [:]
        var count = 0
        var dropped = 0
    }

    private let state = Mutex(State())

    /// An empty one, to be given to `MetricsSystem.bootstrap` and to a server.
    public init() {}

    /// Counts up; one for each label and its dimensions.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let sum = find(label, dimensions, .counter) { .sum(Sum()) }
        if case .sum(let sum)? = sum { return sum }
        return Sum()
    }

    /// A value that goes up and down.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .level(let level)? = find(label, dimensions, .gauge, { .level(Level()) }) { return level }
        return Level()
    }

    /// With `aggregate` a histogram of counts, else the last value.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            if case .level(let level)? = find(label, dimensions, .gauge, { .level(Level()) }) { return level }
            return Level()
        }
        let made = find(label, dimensions, .histogram) { .spread(Spread(Spread.counts)) }
        if case .spread(let spread)? = made { return spread }
        return Spread(Spread.counts)
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let made = find(label, dimensions, .histogram) { .spread(Spread(Spread.seconds)) }
        if case .spread(let spread)? = made { return spread }
        return Spread(Spread.seconds)
    }

    // Series are few and last as long as the process: what was counted stays true when nobody counts any more.
    /// Does nothing: what was counted stays counted.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing: what was counted stays counted.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing: what was counted stays counted.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing: what was counted stays counted.
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of that name, made when there is none; nil when there is no room, or the label is of another kind.
    private func find(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind, _ make: () -> Series
    ) -> Series? {
        let name = MetricFamily.name(label)
        let labels = MetricFamily.labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? MetricFamily(kind: kind)
            if let series = family.series[labels], family.kind == kind { return series }
            guard family.kind == kind, state.count < Self.limit else {
                state.dropped += 1
                return nil
            }
            let series = make()
            family.series[labels] = series
            state.families[name] = family
            state.count += 1
            return series
        }
    }

    /// All of it in the text format of Prometheus 0.0.4, families and series in the order of their names.
    public func text() -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { family.write(name, to: &text) }
        return text + "# TYPE cairn_metrics_dropped gauge\ncairn_metrics_dropped \(dropped)\n"
    }
}
