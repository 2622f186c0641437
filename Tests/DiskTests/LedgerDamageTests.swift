import CairnContent
import CairnDisk
import CairnEngine
import Foundation
import LedgerConformance
import Randomness
import Testing

@Suite struct `A damaged ledger` {
    private static let pageLength = 8192

    /// A ledger as a kill leaves it, with all its pages in the one file.
    private func killed() async throws -> LedgerFolder {
        let folder = try LedgerFolder()
        return try await folder.withLedger { ledger in
            for count in 0..<8 { try await ledger.begin(count * 100..<count * 200) }
            _ = try await ledger.pragma("wal_checkpoint(TRUNCATE)")
            return try folder.copy()
        }
    }

    @Test func `is refused after a kill, whichever page is overwritten`() async throws {
        let sound = try await killed()
        let bytes = try sound.bytes()
        let pages = bytes.count / Self.pageLength
        #expect(pages > 20)
        for page in 0..<pages {
            let damaged = try sound.copy()
            var bytes = bytes
            let range = page * Self.pageLength..<(page + 1) * Self.pageLength
            bytes.replaceSubrange(range, with: Data(repeating: 0xA5, count: Self.pageLength))
            try damaged.write(bytes)
            await expectRefusal(of: damaged, "page \(page)")
        }
    }

    @Test func `is refused after a kill when it was cut`() async throws {
        let sound = try await killed()
        let bytes = try sound.bytes()
        for length in stride(from: 1, to: bytes.count, by: Self.pageLength / 2 - 1) {
            let damaged = try sound.copy()
            try damaged.write(bytes.prefix(length))
            await expectRefusal(of: damaged, "cut at \(length)")
        }
    }

    private func expectRefusal(of damaged: LedgerFolder, _ place: Comment) async {
        let error = await #expect(throws: LedgerError.self, place) { try await damaged.open() }
        guard case .damaged = error?.reason else {
            Issue.record("\(place): \(String(describing: error))")
            return
        }
    }

    /// After a clean stop nothing is looked at beforehand, so damage shows in the reads, or not at all.
    @Test(arguments: [1, 2, 3, UInt64.random(in: 4...UInt64.max)])
    func `is refused, reads with an error, or is harmless, whichever bits are flipped`(seed: UInt64) async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { ledger in
            for count in 0..<8 { try await ledger.begin(count * 20..<count * 40) }
        }
        let sound = try folder.bytes()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let damaged = try LedgerFolder()
            var bytes = sound
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            try damaged.write(bytes)
            await useAll(of: damaged)
        }
    }

    @Test func `is refused, reads with an error, or is harmless, wherever its header is flipped`() async throws {
        let folder = try LedgerFolder()
        try await folder.withLedger { try await $0.begin(0..<20) }
        let sound = try folder.bytes()
        for bit in stride(from: 0, to: 800, by: 7) {
            let damaged = try LedgerFolder()
            var bytes = sound
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try damaged.write(bytes)
            await useAll(of: damaged)
        }
    }

    /// Reads and writes all there is: that this returns is the test, since a trap would end the process.
    private func useAll(of folder: LedgerFolder) async {
        guard let ledger = try? await folder.open() else { return }
        _ = try? await ledger.recentDigests(batches: 100)
        _ = try? await ledger.contents()
        _ = try? await ledger.begin(0..<3)
        _ = try? await ledger.commit([.branch(LedgerSamples.upload(0..<3), origin: UploadID())])
        await ledger.close()
    }
}
