import Benchmark

/// What single steps cost (Benchmarks/README.md, "Single steps").
let benchmarks: @Sendable () -> Void = {
    measureHeads()
    measureBytes()
    measureEntries()
    measureStores()
}

extension Benchmark.Configuration {
    /// For steps of at least some microseconds.
    static var single: Self { measuring(.one) }

    /// For shorter ones, and for those that need a directory made first: a thousand are timed together, and the
    /// figures are of one.
    static var thousand: Self { measuring(.kilo) }

    private static func measuring(_ factor: BenchmarkScalingFactor) -> Self {
        Self(metrics: [.wallClock, .cpuTotal, .throughput], scalingFactor: factor, maxDuration: .seconds(1))
    }
}
