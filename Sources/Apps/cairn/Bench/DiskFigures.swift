import CairnClient
import CairnDialects
import CairnDisk

/// What was measured on a folder's disk, and what it means.
struct DiskFigures: Sendable {
    let processor: ProcessorSpeed
    let disk: DiskSpeed

    var writing: Int64 { disk.length.rate(in: disk.writing) }
    var reading: Int64 { disk.length.rate(in: disk.reading) }

    var members: [(String, JSON)] {
        [
            ("hashing", .number(processor.hashing)), ("packing", .number(processor.packing)),
            ("length", .number(disk.length)), ("fileSystem", .string(disk.kind)), ("writing", .number(writing)),
            ("reading", .number(reading)), ("smallFiles", .number(Int64(disk.smallFiles.count))),
            ("smallFileMedian", .number(disk.smallFiles.at(0.5).microseconds)),
            ("smallFile99", .number(disk.smallFiles.at(0.99).microseconds)), ("limit", .string(limit.rawValue)),
        ]
    }

    var lines: [String] {
        let small = disk.smallFiles
        return [
            "SHA-256         \(processor.hashing.rateText), one core",
            "LZ4             \(processor.packing.rateText), one core, text",
            "write and sync  \(writing.rateText), \(ProgressLine.bytes(disk.length)) on \(kind)",
            "read            \(reading.rateText)\(isMemory ? ", from memory" : "")",
            "small file      \(small.at(0.5).text) until durable; \(small.at(0.99).text) for 99 % of \(small.count)",
            sentence,
        ]
    }

    private var kind: String { disk.kind.isEmpty ? "an unknown file system" : disk.kind }
    private var isMemory: Bool { ["tmpfs", "ramfs"].contains(disk.kind) }

    enum Limit: String {
        case disk, hashing
    }

    /// What bytes that arrive as fast as they like wait for.
    var limit: Limit { writing < processor.hashing ? .disk : .hashing }

    var sentence: String {
        switch limit {
        case .disk:
            let factor = Double(processor.hashing).ratio(to: writing)
            let what = isMemory ? "This memory" : "The disk"
            return "\(what) is the limit: it keeps \(writing.rateText), and one core digests \(factor) as much."
        case .hashing:
            let factor = Double(writing).ratio(to: processor.hashing)
            let what = isMemory ? "this memory takes" : "the disk makes durable"
            return
                "Hashing is the limit of one upload here: \(processor.hashing.rateText), and \(what) \(factor) as much."
        }
    }
}

extension [Duration] {
    /// The one below which this part of them lies; they are sorted.
    func at(_ part: Double) -> Duration {
        guard !isEmpty else { return .zero }
        return self[Swift.min(count - 1, Int(part * Double(count)))]
    }
}

extension Duration {
    var microseconds: Int64 { Int64(self / .microseconds(1)) }

    /// In milliseconds, with as many digits as tell something.
    var text: String {
        let tenths = Int64((self / .microseconds(100)).rounded())
        if tenths >= 10 { return tenths >= 1000 ? "\(tenths / 10) ms" : "\(tenths / 10).\(tenths % 10) ms" }
        return "\(microseconds) µs"
    }
}

extension Int64 {
    /// Bytes a second, for people.
    var rateText: String { "\(ProgressLine.bytes(self))/s" }
}

extension Double {
    /// How many times `other` this is: `1.7 times`.
    func ratio(to other: Int64) -> String {
        let tenths = Int64((10 * self / Double(Swift.max(other, 1))).rounded())
        return tenths >= 100 ? "\(tenths / 10) times" : "\(tenths / 10).\(tenths % 10) times"
    }
}
