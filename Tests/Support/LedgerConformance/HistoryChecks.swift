import CairnContent
import CairnEngine

/// Long random histories against a model of a few lines; the seed is in every failure.
enum HistoryChecks {
    static let all = (1...4).map { seed in
        LedgerCheck("a random history reads as the model says, seed \(seed)") { ledger in
            var history = History(seed: UInt64(seed))
            for step in 0..<300 {
                let (changes, next) = history.step()
                if let next {
                    try await ledger.commit(changes)
                    history.model = next
                } else {
                    try await expectRefusal { try await ledger.commit(changes) }
                }
                guard step % 10 == 9 else { continue }
                try await history.compare(with: ledger, "seed \(seed), step \(step)")
            }
        }
    }
}

/// What a ledger must hold, as plainly as it can be said.
private struct Model {
    var uploads: [UploadID: Upload] = [:]
    var numbers: [UploadID: [Int]] = [:]
    var names: [UploadKey: Generations] = [:]
}

private struct History {
    var model = Model()
    private var ids: [UploadID] = []
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(state: seed) }

    /// The next commit, and what must stand after it; nil when it must be refused.
    mutating func step() -> ([LedgerChange], Model?) {
        var changes: [LedgerChange] = []
        var next: Model? = model
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let base = next ?? model
            let (change, fits) = change(&next, base)
            changes.append(change)
            if !fits { next = nil }
        }
        return (changes, next)
    }

    private mutating func change(_ next: inout Model?, _ base: Model) -> (LedgerChange, Bool) {
        let known = ids.filter { base.uploads[$0].map { $0.state == .open || $0.state == .complete } ?? false }
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2: return begin(&next)
        case 2: return name(&next, known)
        case 3 where !known.isEmpty: return branch(&next, base, known.randomElement(using: &random))
        case 4 where !known.isEmpty: return end(&next, base, known.randomElement(using: &random))
        case _ where !known.isEmpty: return write(&next, base, known.randomElement(using: &random))
        default: return begin(&next)
        }
    }

    private mutating func begin(_ next: inout Model?) -> (LedgerChange, Bool) {
        let numbers = someNumbers()
        let upload = newUpload(numbers)
        next?.uploads[upload.id] = upload
        next?.numbers[upload.id] = numbers
        return (.write(upload, entries: chunks(numbers)), true)
    }

    /// Mostly an append; sometimes a replacement, a cut, or one that fits no run.
    private mutating func write(_ next: inout Model?, _ base: Model, _ id: UploadID?) -> (LedgerChange, Bool) {
        guard let id, var upload = base.uploads[id], let old = base.numbers[id] else { return begin(&next) }
        let isGap = Int.random(in: 0..<20, using: &random) == 0
        let isAppend = Bool.random(using: &random)
        let kept = isGap ? old.count + 1 : isAppend ? old.count : Int.random(in: 0...old.count, using: &random)
        let added = someNumbers()
        let numbers = (old + [0]).prefix(kept) + added
        upload.run = run(numbers)
        upload.state = [.open, .open, .complete].randomElement(using: &random) ?? .open
        upload.acknowledged = upload.offset
        next?.uploads[id] = upload
        next?.numbers[id] = Array(numbers)
        return (.write(upload, entries: chunks(added)), !isGap)
    }

    private mutating func end(_ next: inout Model?, _ base: Model, _ id: UploadID?) -> (LedgerChange, Bool) {
        guard let id, var upload = base.uploads[id] else { return begin(&next) }
        upload.state = [.cancelled, .expired].randomElement(using: &random) ?? .expired
        upload.run = Run()
        next?.uploads[id] = upload
        next?.numbers[id] = []
        return (.end(upload), true)
    }

    private mutating func branch(_ next: inout Model?, _ base: Model, _ id: UploadID?) -> (LedgerChange, Bool) {
        guard let id, let old = base.numbers[id] else { return begin(&next) }
        let count = Int.random(in: 0...old.count, using: &random)
        let upload = newUpload(Array(old.prefix(count)))
        next?.uploads[upload.id] = upload
        next?.numbers[upload.id] = Array(old.prefix(count))
        return (.branch(upload, origin: id), true)
    }

    private mutating func name(_ next: inout Model?, _ known: [UploadID]) -> (LedgerChange, Bool) {
        let key = key("name \(Int.random(in: 0..<4, using: &random))")
        let generations = known.randomElement(using: &random).map {
            Generations(current: $0, challenger: known.randomElement(using: &random))
        }
        next?.names[key] = generations
        return (.name(key, generations), true)
    }

    private mutating func newUpload(_ numbers: [Int]) -> Upload {
        let id = UploadID(using: &random)
        ids.append(id)
        var upload = Upload(
            id: id, namespace: .standard, owner: .everyone, chunkSize: .minimum, created: Timestamp(seconds: 0),
            metadata: Metadata())
        upload.run = run(numbers)
        return upload
    }

    /// Few different chunks, so that many are shared.
    private mutating func someNumbers() -> [Int] {
        (0..<Int.random(in: 0...5, using: &random)).map { _ in Int.random(in: 0..<40, using: &random) }
    }

    func compare(with ledger: any Ledger, _ place: String) async throws {
        for id in ids {
            try expect(try await ledger.upload(id), is: model.uploads[id], place)
            let found = try await ledger.entries(of: id, in: 0..<1000)
            try expect(found, is: entries(model.numbers[id] ?? []), place)
        }
        for number in 0..<4 {
            let key = key("name \(number)")
            try expect(try await ledger.generations(of: key), is: model.names[key], place)
        }
        let open = model.uploads.values.filter { $0.state == .open }
        try expect(Set(try await ledger.list(.open)), is: Set(open), place)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
