package import CairnEngine
import FoundationEssentials
import Glibc
import NIOCore

/// What `DiskExamination` says of one subject.
package struct DiskFinding: Hashable, Sendable {
    package enum Verdict: String, Sendable {
        case ok
        /// Works, but an operator should know.
        case warn
        /// Promises cannot be kept.
        case bad
    }

    /// What was looked at: a word or two.
    package let subject: String
    package let verdict: Verdict
    /// What was seen and, where it is not good, what to do.
    package let text: String
}

/// Tries what the disk store asks of a machine (spec/checking.md, "Doctor").
///
/// Writes one small file and removes it; can be run beside a server.
package enum DiskExamination {
    /// Syncs that return sooner reach no disk that keeps its bytes without power but the fastest, in seconds.
    private static let quick = 0.000_02
    /// Syncs that take longer make every upload wait, in seconds.
    private static let slow = 0.1
    private static let syncCount = 21
    /// Open files that a server of the standard limits needs.
    private static let fileLimit = 8192

    package static func run(on path: String, at moment: Timestamp = .now()) async throws(DiskError) -> [DiskFinding] {
        let threads = DiskThreads()
        let result: Result<[DiskFinding], DiskError>
        do throws(StoreError) {
            result = try await threads.work.run {
                Result { () throws(DiskError) in try examine(path, moment) }
            }
        } catch { result = .failure(.failed("\(error)")) }
        await threads.stop()
        return try result.get()
    }

    private static func examine(_ path: String, _ moment: Timestamp) throws(DiskError) -> [DiskFinding] {
        guard FileManager.default.fileExists(atPath: path) else { throw .failed("no such folder") }
        do throws(FileSystemError) {
            let root = try POSIXFileSystem().root(path)
            return try findings(of: root) + [inodes(path), clock(path, moment), openFiles(), quarantine(root)]
        } catch { throw DiskError(error) }
    }

    /// What a file system shows that is asked of it through its calls alone.
    package static func findings(of root: any Directory) throws(FileSystemError) -> [DiskFinding] {
        [kind(try root.kind()), protocolWorks(root), syncs(root), space(try root.space())]
    }

    private static func kind(_ kind: String) -> DiskFinding {
        let subject = "file system"
        switch kind {
        case "ext4", "xfs": return DiskFinding(subject: subject, verdict: .ok, text: kind)
        case "tmpfs", "ramfs":
            return DiskFinding(
                subject: subject, verdict: .warn, text: "\(kind): nothing on it survives a power cut")
        case "nfs", "nfs4", "overlay":
            return DiskFinding(
                subject: subject, verdict: .bad, text: "\(kind): its syncs promise nothing. Use ext4 or XFS")
        default:
            return DiskFinding(
                subject: subject, verdict: .warn,
                text: "\(kind.isEmpty ? "unknown" : kind): not tested; ext4 and XFS are")
        }
    }

    /// The order of calls by which a chunk gets its name, once.
    private static func protocolWorks(_ root: any Directory) -> DiskFinding {
        let subject = "names and links"
        let (name, other) = (scratch(), scratch())
        do throws(FileSystemError) {
            let file = try root.makeFile()
            try file.write([1, 2, 3].span, at: 0)
            try file.syncData()
            try root.link(file, as: name)
            try root.rename(name, to: other, in: root)
            try root.sync()
            let read = try root.file(other, for: .reading).read(4, at: 0)
            try root.unlink(other)
            guard read.readableBytes == 3 else {
                return DiskFinding(subject: subject, verdict: .bad, text: "what was written was not read back")
            }
            return DiskFinding(subject: subject, verdict: .ok, text: "files get their names when they are whole")
        } catch {
            return DiskFinding(
                subject: subject, verdict: .bad,
                text: "\(error). Look at the folder's owner and permissions, and at what kind of file system it is on")
        }
    }

    /// Whether a sync goes to a disk cannot be seen but by its time.
    private static func syncs(_ root: any Directory) -> DiskFinding {
        do throws(FileSystemError) {
            let file = try root.makeFile()
            var times: [Double] = []
            for turn in 0..<syncCount {
                try file.write(Array(repeating: UInt8(turn), count: 4096).span, at: turn * 4096)
                let start = ContinuousClock.now
                try file.syncData()
                times.append((ContinuousClock.now - start) / .seconds(1))
            }
            return syncs(taking: times.sorted()[syncCount / 2])
        } catch {
            return DiskFinding(
                subject: "syncs", verdict: .bad, text: "\(error). This disk cannot be relied on; replace it")
        }
    }

    /// - Parameter time: Of one, in seconds.
    package static func syncs(taking time: Double) -> DiskFinding {
        let text = "\((time * 1e6).rounded() / 1000) ms each"
        if time < quick {
            return DiskFinding(
                subject: "syncs", verdict: .warn,
                text: "\(text): no disk is that quick. Where acknowledged bytes must survive a power cut, use one")
        }
        return time > slow
            ? DiskFinding(subject: "syncs", verdict: .warn, text: "\(text): every upload waits for these")
            : DiskFinding(subject: "syncs", verdict: .ok, text: text)
    }

    private static func space(_ space: Space) -> DiskFinding {
        let text = "\(space.available >> 20) MiB of \(space.total >> 20) are free"
        let reserve = Admission.reserve(of: space)
        if space.available < reserve {
            return DiskFinding(
                subject: "room", verdict: .bad,
                text: "\(text); uploads are refused below \(reserve >> 20) MiB. Free some")
        }
        let isLow = space.available < space.total / 20
        return DiskFinding(subject: "room", verdict: isLow ? .warn : .ok, text: text)
    }

    private static func inodes(_ path: String) -> DiskFinding {
        let facts = try? FileManager.default.attributesOfFileSystem(forPath: path)
        let free = (facts?[.systemFreeNodes] as? any BinaryInteger).map { Int(clamping: $0) }
        let all = (facts?[.systemNodes] as? any BinaryInteger).map { Int(clamping: $0) }
        guard let free, let all, all > 0 else {
            return DiskFinding(subject: "inodes", verdict: .ok, text: "made as they are needed")
        }
        let isLow = free < max(all / 20, 10_000)
        return DiskFinding(
            subject: "inodes", verdict: isLow ? .warn : .ok,
            text: "\(free) of \(all) are free\(isLow ? "; each chunk and each file takes one" : "")")
    }

    private static func clock(_ path: String, _ moment: Timestamp) -> DiskFinding {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        let touched = (facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        let text = Date(timeIntervalSince1970: Double(moment.seconds)).formatted(.iso8601)
        if moment.seconds < 1_735_689_600 || Double(moment.seconds) < touched - 86_400 {
            return DiskFinding(
                subject: "clock", verdict: .warn,
                text: "\(text), and the folder was changed later than that. Uploads expire by this clock; set it")
        }
        return DiskFinding(subject: "clock", verdict: .ok, text: text)
    }

    private static func openFiles() -> DiskFinding {
        let files = ProcessLimits.prepare()
        let isFew = files < fileLimit
        return DiskFinding(
            subject: "open files", verdict: isFew ? .warn : .ok,
            text: "\(files) at once\(isFew ? "; raise the hard limit (ulimit -Hn)" : "")")
    }

    private static func quarantine(_ root: any Directory) -> DiskFinding {
        let names = (try? root.directory(Folders.quarantine).names()) ?? []
        return DiskFinding(
            subject: "quarantine", verdict: names.isEmpty ? .ok : .warn,
            text: names.isEmpty
                ? "nothing was found damaged"
                : "\(names.count) damaged files lie there. Look at the disk's health; `cairn store check` says more"
        )
    }

    private static func scratch() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
