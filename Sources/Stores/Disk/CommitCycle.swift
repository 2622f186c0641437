import CairnEngine
import NIOConcurrencyHelpers

/// Makes files durable under their names, many at a time: the one home of the order in which that is done.
final class CommitCycle: Sendable {
    typealias Verdict = Result<Candidate.Winner, StoreError>

    private struct Waiter: Sendable {
        let candidates: [Candidate]
        let turn: Reply<Turn>
    }

    private enum Turn: Sendable {
        case lead([Waiter])
        case done([Verdict])
    }

    private let folders: Folders
    private let admission: Admission
    private let threads: BlockingThreads
    private let metrics: DiskMetrics
    let replaced: ReplacedFiles
    private let queue = NIOLockedValueBox(CycleQueue<Waiter>())

    init(_ folders: Folders, _ admission: Admission, _ threads: BlockingThreads, _ metrics: DiskMetrics) {
        self.folders = folders
        self.admission = admission
        self.threads = threads
        self.metrics = metrics
        replaced = ReplacedFiles(threads)
    }

    /// Returns a verdict for each: durable under its name, or why not.
    func commit(_ candidates: [Candidate]) async -> [Verdict] {
        var verdicts: [Verdict] = []
        for piece in Self.pieces(of: candidates) { verdicts += await commit(piece: piece) }
        return verdicts
    }

    /// The order that everything rests on (spec/durability.md, "Commit cycle"): data, names, directories, verdicts.
    private func run(_ candidates: [Candidate]) async -> [Verdict] {
        metrics.cycle(count: candidates.count)
        let start = ContinuousClock.now
        let synced = await threads.advance(candidates.map { .success($0) }, syncData)
        metrics.syncedData(since: start)
        let named = await threads.advance(synced, link)
        let linked = ContinuousClock.now
        defer { metrics.syncedDirectories(since: linked) }
        return await syncDirectories(named)
    }
}

// The steps, each blocking.
extension CommitCycle {
    private struct Named: Sendable {
        let winner: Candidate.Winner
        let folder: Folder
        let directory: any Directory
    }

    @Sendable private func syncData(_ candidate: Candidate) throws(StoreError) -> Candidate {
        try admission.check()
        guard case .ours(let file) = candidate.source else { return candidate }
        do {
            try file.syncData()
            return candidate
        } catch {
            candidate.syncFailed()
            throw error.storeError
        }
    }

    @Sendable private func link(_ candidate: Candidate) throws(StoreError) -> Named {
        do {
            let directory = try folders.open(candidate.folder)
            return Named(
                winner: try link(candidate, in: directory), folder: candidate.folder, directory: directory)
        } catch { throw error.storeError }
    }

    private func link(_ candidate: Candidate, in directory: any Directory) throws(FileSystemError) -> Candidate.Winner {
        guard case .ours(let file) = candidate.source else { return .standing }
        if candidate.replaces { return try replace(candidate, file, in: directory) }
        do {
            try directory.link(file, as: candidate.name)
            return .ours
        } catch .exists {
            return try settle(candidate, file, in: directory)
        }
    }

    /// Somebody has the name: keep theirs when it is good, else put ours in its place.
    private func settle(
        _ candidate: Candidate, _ file: any OpenFile, in directory: any Directory
    ) throws(FileSystemError) -> Candidate.Winner {
        candidate.isHeld(in: directory) ? .standing : try replace(candidate, file, in: directory)
    }

    private func replace(
        _ candidate: Candidate, _ file: any OpenFile, in directory: any Directory
    ) throws(FileSystemError) -> Candidate.Winner {
        // Nothing has the name, or something that cannot be opened: then there is nothing to hold.
        let before = candidate.replaces ? try? directory.file(candidate.name, for: .reading) : nil
        if let before { replaced.hold(before) }
        let name = "replacing-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        try folders.temporary.link(file, as: name)
        do {
            try folders.temporary.rename(name, to: candidate.name, in: directory)
            return .ours
        } catch {
            try? folders.temporary.unlink(name)  // else the next start does it
            throw error
        }
    }

    /// One sync for each directory, however many names it got. When one fails nothing of this cycle may count.
    private func syncDirectories(_ named: [Result<Named, StoreError>]) async -> [Verdict] {
        var known: Set<Folder> = []
        let distinct = named.filter { $0.value.map { known.insert($0.folder).inserted } ?? false }
        let synced = await threads.advance(distinct) { name throws(StoreError) in
            do throws(FileSystemError) { try name.directory.sync() } catch { throw self.admission.stop(because: error) }
        }
        let failures = synced.compactMap { result -> StoreError? in
            if case .failure(let error) = result { error } else { nil }
        }
        return named.map { name in
            name.flatMap { name in
                if let failure = failures.first { .failure(failure) } else { .success(name.winner) }
            }
        }
    }
}

// Who runs the next cycle.
extension CommitCycle {
    private func commit(piece: [Candidate]) async -> [Verdict] {
        let turn = await Reply.to { reply in
            let waiter = Waiter(candidates: piece, turn: reply)
            let length = piece.reduce(0) { $0 + $1.length }
            hand(queue.withLock { $0.enter(waiter, count: piece.count, length: length) })
        }
        switch turn {
        case .done(let verdicts): return verdicts
        case .lead(let waiters): return await lead(waiters)
        }
    }

    /// Runs a cycle for all of `waiters`, of whom the caller is the first, then hands over.
    private func lead(_ waiters: [Waiter]) async -> [Verdict] {
        var verdicts = await run(waiters.flatMap(\.candidates))[...]
        hand(queue.withLock { $0.leave() })
        let own = verdicts.prefix(waiters[0].candidates.count)
        verdicts = verdicts.dropFirst(own.count)
        for waiter in waiters.dropFirst() {
            waiter.turn(.done(Array(verdicts.prefix(waiter.candidates.count))))
            verdicts = verdicts.dropFirst(waiter.candidates.count)
        }
        return Array(own)
    }

    private func hand(_ next: [Waiter]?) {
        if let next { next[0].turn(.lead(next)) }
    }

    /// Cut so that each fits a cycle.
    private static func pieces(of candidates: [Candidate]) -> [[Candidate]] {
        var pieces: [[Candidate]] = []
        var length = 0
        for candidate in candidates {
            let fits = pieces.last.map { $0.count < CycleQueue<Waiter>.countLimit } ?? false
            if fits && length + candidate.length <= CycleQueue<Waiter>.lengthLimit {
                pieces[pieces.count - 1].append(candidate)
                length += candidate.length
            } else {
                pieces.append([candidate])
                length = candidate.length
            }
        }
        return pieces
    }
}
