/// The first entries of a manifest, reduced to what the prefix digest needs of them.
package struct Run: Hashable, Sendable {
    /// How many entries.
    package var count: Int { peaks.count }
    /// Their chunks together, in bytes.
    package private(set) var length: Int64 = 0
    /// The tree over them.
    package private(set) var peaks = TreePeaks()

    /// The run of no entries.
    package init() {}

    /// The run of `entries`.
    package init(_ entries: some Collection<Entry>) {
        peaks.append(contentsOf: entries)
        length = entries.reduce(0) { $0 + Int64($1.length) }
    }

    /// A run kept as its three parts, or nil when they cannot be of one run.
    ///
    /// - Parameters:
    ///   - length: In bytes: at least one and at most 16 MiB for each entry.
    ///   - peaks: As `TreePeaks.bytes` wrote them.
    package init?(count: Int, length: Int64, peaks bytes: some Collection<UInt8>) {
        guard (0...Manifest.countLimit).contains(count), let peaks = TreePeaks(count: count, bytes: bytes),
            (Int64(count)...Int64(count * Entry.lengthLimit)).contains(length)
        else { return nil }
        self.length = length
        self.peaks = peaks
    }

    /// Goes on with the next entry.
    package mutating func append(_ entry: Entry) {
        peaks.append(entry)
        length += Int64(entry.length)
    }

    /// The prefix digest where these entries end, or as far behind it as `tail` is long.
    ///
    /// - Parameter tail: The bytes after the run that are there of the next chunk, digested and measured; nil for none.
    package func prefixDigest(tail: Entry? = nil) -> Digest {
        guard let tail else { return peaks.root }
        return peaks.root(closing: tail)
    }
}
