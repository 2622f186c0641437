import CairnEngine
import NIOCore
import Synchronization

/// What the disk under a folder can do, tried on files that are gone when it is known (spec/command.md, "Measuring").
package struct DiskSpeed: Hashable, Sendable {
    /// The kind of file system, in the kernel's word; empty when it cannot be told.
    package let kind: String
    /// Bytes that were written, synced and read again.
    package let length: Int64
    /// From the first write to the end of the sync.
    package let writing: Duration
    /// What reading them again took, from the disk where the system lets go of what it has in memory.
    package let reading: Duration
    /// How long each small file took until it was durable under a name, the shortest first; at least one.
    package let smallFiles: [Duration]

    /// Bytes of a small file.
    package static let smallLength = 4096
    /// The most small files that are tried.
    package static let smallCount = 200

    /// Tries the disk. Every file is gone afterwards, also when the task is cancelled meanwhile; then less was tried.
    ///
    /// - Parameters:
    ///   - path: An existing folder.
    ///   - length: The most bytes that are written; fewer when `time` is over, but at least 1 MiB.
    ///   - time: How long each of the three may go on, a sync that has begun not counted.
    package static func measure(
        in path: String, length: Int64, within time: Duration
    ) async throws(DiskError) -> DiskSpeed {
        let threads = DiskThreads()
        let trial = DiskTrial(path: path, length: length, time: time)
        let result: Result<DiskSpeed, DiskError> = await withTaskCancellationHandler {
            do throws(StoreError) { return try await threads.work.run { Result(catching: trial.run) } } catch {
                return .failure(.failed("\(error)"))
            }
        } onCancel: {
            trial.cancel()
        }
        await threads.stop()
        return try result.get()
    }
}

/// One such trial. Blocks.
private final class DiskTrial: Sendable {
    private let path: String
    private let length: Int64
    private let time: Duration
    private let isCancelled = Atomic<Bool>(false)

    init(path: String, length: Int64, time: Duration) {
        self.path = path
        self.length = length
        self.time = time
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func run() throws(DiskError) -> DiskSpeed {
        do throws(FileSystemError) {
            let root = try POSIXFileSystem().root(path)
            let space = try root.space()
            guard space.available - length > Admission.reserve(of: space) else { throw .noSpace }
            return try measure(root)
        } catch { throw DiskError(error) }
    }

    private func measure(_ root: any Directory) throws(FileSystemError) -> DiskSpeed {
        let file = try root.makeFile()
        let (written, writing) = try write(file)
        (file as? POSIXFile)?.leaveMemory()
        let reading = try read(file, written)
        return DiskSpeed(
            kind: try root.kind(), length: Int64(written), writing: writing, reading: reading,
            smallFiles: try smallFiles(root))
    }

    private static let partLength = 1 << 20

    /// Bytes that no file system packs, each part another; written out as they come, like a chunk's.
    private func write(_ file: any OpenFile) throws(FileSystemError) -> (Int, Duration) {
        var generator = SystemRandomNumberGenerator()
        var part = [UInt8]()
        part.reserveCapacity(Self.partLength)
        while part.count < Self.partLength {
            let word: UInt64 = generator.next()
            part.append(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) })
        }
        let start = ContinuousClock.now
        var offset = 0
        repeat {
            let count = min(Self.partLength, Int(length) - offset)
            part[(offset >> 20) & 0xFFFF] &+= 1
            try file.write(part.span.extracting(first: count), at: offset)
            file.startWriteOut(of: offset..<offset + count)
            offset += count
        } while offset < length && goesOn(since: start)
        try file.syncData()
        return (offset, ContinuousClock.now - start)
    }

    private func read(_ file: any OpenFile, _ length: Int) throws(FileSystemError) -> Duration {
        let start = ContinuousClock.now
        var offset = 0
        while offset < length, !isCancelled.load(ordering: .relaxed) {
            offset += try file.read(Self.partLength, at: offset).readableBytes
        }
        return ContinuousClock.now - start
    }

    private func smallFiles(_ root: any Directory) throws(FileSystemError) -> [Duration] {
        let bytes = [UInt8](repeating: 1, count: DiskSpeed.smallLength)
        let start = ContinuousClock.now
        var times: [Duration] = []
        repeat {
            let name = "cairn-bench-\(UploadID())"
            let begin = ContinuousClock.now
            let file = try root.makeFile()
            try file.write(bytes.span, at: 0)
            try file.syncData()
            try root.link(file, as: name)
            let synced = Result { () throws(FileSystemError) in try root.sync() }
            times.append(ContinuousClock.now - begin)
            try root.unlink(name)
            try synced.get()
        } while times.count < DiskSpeed.smallCount && goesOn(since: start)
        return times.sorted()
    }

    private func goesOn(since start: ContinuousClock.Instant) -> Bool {
        !isCancelled.load(ordering: .relaxed) && ContinuousClock.now - start < time
    }
}
