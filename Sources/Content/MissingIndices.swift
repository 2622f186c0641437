/// Which entries of a run a server lacks, in the shorter of two forms (spec/native.md, "Naming entries").
public struct MissingIndices: Hashable, Sendable {
    /// How they travel.
    package enum Form: Hashable, Sendable {
        /// Indices from the start of the manifest, `0-1023,2048`; nothing when nothing is missing.
        case ranges(String)
        /// One bit an entry, the first in the highest bit of the first byte; set for the missing. Base64 in JSON.
        case bitmap([UInt8])
    }

    /// The entries that are spoken of.
    package let range: Range<Int>
    /// Those of them that are missing: ascending, no two that touch.
    package let runs: [Range<Int>]

    /// - Parameter indices: Ascending, each once, all within `range`.
    package init(_ indices: some Sequence<Int>, in range: Range<Int>) {
        self.range = range
        runs = indices.reduce(into: []) { runs, index in
            precondition(range.contains(index) && index >= runs.last?.upperBound ?? 0, "indices ascend, in their range")
            runs.append(joining: index..<index + 1)
        }
    }

    /// What ranges from outside say, or nil unless they ascend, apart from each other, within `range`.
    package init?(ranges: String, in range: Range<Int>) {
        self.range = range
        var runs: [Range<Int>] = []
        let pieces = ranges.isEmpty ? [] : ranges.split(separator: ",", omittingEmptySubsequences: false)
        guard pieces.count <= range.count else { return nil }
        for piece in pieces {
            guard let run = Self.run(piece), run.lowerBound >= runs.last?.upperBound ?? range.lowerBound,
                run.upperBound <= range.upperBound
            else { return nil }
            runs.append(joining: run)
        }
        self.runs = runs
    }

    /// What a bitmap from outside says, or nil unless it has one bit for each of `range` and no others that are set.
    package init?(bitmap: some Collection<UInt8>, in range: Range<Int>) {
        guard bitmap.count == (range.count + 7) / 8 else { return nil }
        self.range = range
        var runs: [Range<Int>] = []
        for (place, byte) in bitmap.enumerated() where byte != 0 {
            for bit in 0..<8 where byte & (0x80 >> UInt8(bit)) != 0 {
                let index = range.lowerBound + 8 * place + bit
                guard index < range.upperBound else { return nil }
                runs.append(joining: index..<index + 1)
            }
        }
        self.runs = runs
    }

    /// How many are missing.
    public var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// Each index, ascending.
    public var indices: FlattenSequence<[Range<Int>]> { runs.joined() }

    /// The form that is shorter as text.
    package var form: Form {
        let ranges = ranges
        let bitmapLength = (range.count + 7) / 8
        return ranges.utf8.count <= (bitmapLength + 2) / 3 * 4 ? .ranges(ranges) : .bitmap(bitmap)
    }

    /// `0-1023,2048`.
    package var ranges: String {
        runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
            .joined(separator: ",")
    }

    /// One bit an entry; those after the last entry are zero.
    package var bitmap: [UInt8] {
        var bitmap = [UInt8](repeating: 0, count: (range.count + 7) / 8)
        for index in indices {
            let place = index - range.lowerBound
            bitmap[place / 8] |= 0x80 >> UInt8(place % 8)
        }
        return bitmap
    }

    /// `7` or `7-9`.
    private static func run(_ text: Substring) -> Range<Int>? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(number)
        guard let first = ends[0], let last = ends.count == 1 ? first : ends[1], last >= first else { return nil }
        return first..<last + 1
    }

    /// Digits only; no more of them than an index needs.
    private static func number(_ text: Substring) -> Int? {
        let digits: ClosedRange<UInt8> = 0x30...0x39
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(digits.contains) else { return nil }
        return Int(text)
    }
}

extension [Range<Int>] {
    /// Adds a run that begins at or after the last one's end.
    fileprivate mutating func append(joining run: Range<Int>) {
        if let last, last.upperBound == run.lowerBound {
            self[count - 1] = last.lowerBound..<run.upperBound
        } else {
            append(run)
        }
    }
}
