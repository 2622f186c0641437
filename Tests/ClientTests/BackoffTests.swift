import CairnClient
import Randomness
import Testing

@Suite struct `Backing off` {
    private func policy(tries: Int) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.tries = tries
        policy.firstPause = .milliseconds(100)
        policy.pauseLimit = .seconds(5)
        return policy
    }

    @Test func `pauses lie below a bound that doubles up to a limit`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var backoff = Backoff(policy(tries: 100))
            for bound in [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000] {
                let pause = backoff.pause(using: &generator)
                #expect(pause.map { $0 >= .zero && $0 <= .milliseconds(bound) } == true, "seed \(seed)")
            }
        }
    }

    @Test func `pauses are spread over the whole range`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let pauses = (0..<200).compactMap { _ in
            var backoff = Backoff(policy(tries: 2))
            return backoff.pause(using: &generator)
        }
        #expect(pauses.contains { $0 < .milliseconds(20) }, "seed \(seed)")
        #expect(pauses.contains { $0 > .milliseconds(80) }, "seed \(seed)")
    }

    @Test(arguments: [1, 2, 5])
    func `tries are counted`(tries: Int) {
        var generator = SeededGenerator(seed: 1)
        var backoff = Backoff(policy(tries: tries))
        for _ in 1..<tries { #expect(backoff.pause(using: &generator) != nil) }
        #expect(backoff.pause(using: &generator) == nil)
    }

    @Test func `progress counts anew`() {
        var generator = SeededGenerator(seed: 1)
        var backoff = Backoff(policy(tries: 2))
        #expect(backoff.pause(using: &generator) != nil)
        backoff.progressed()
        #expect(backoff.pause(using: &generator) != nil)
        #expect(backoff.pause(using: &generator) == nil)
    }

    @Test func `what the server asks for is the least, within a limit`() {
        var generator = SeededGenerator(seed: 1)
        var backoff = Backoff(policy(tries: 100))
        #expect(backoff.pause(asked: .seconds(30), using: &generator) == .seconds(30))
        #expect(backoff.pause(asked: .seconds(10_000), using: &generator) == .seconds(600))
    }
}
