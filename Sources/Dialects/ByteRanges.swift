/// `Range` in bytes (RFC 9110, section 14.1.2).
package struct ByteRanges: Hashable, Sendable {
    /// The most ranges one request may ask for; with more the whole file is sent.
    static let countLimit = 16

    enum Spec: Hashable, Sendable {
        /// From the first offset to the last one, which belongs to it; to the end when that is nil.
        case from(Int64, through: Int64?)
        /// That many bytes before the end.
        case suffix(Int64)
    }

    let specs: [Spec]

    /// The field's value, or nil when it is to be ignored: another unit, malformed, or too many ranges.
    package init?(_ text: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].lowercased() == "bytes" else { return nil }
        var specs: [Spec] = []
        for piece in halves[1].split(separator: ",") {
            let spec = String(piece.trimmingBlanks)
            if spec.isEmpty { continue }
            guard specs.count < Self.countLimit, let spec = Self.spec(spec) else { return nil }
            specs.append(spec)
        }
        guard !specs.isEmpty else { return nil }
        self.specs = specs
    }

    /// What the ranges are in a file of `length` bytes, in the order asked; those that lie outside are left out.
    package func resolved(in length: Int64) -> [Range<Int64>] {
        specs.compactMap { spec in
            switch spec {
            case .from(let first, let last):
                first < length ? first..<min((last ?? length - 1), length - 1) + 1 : nil
            case .suffix(let count):
                min(count, length) > 0 ? length - min(count, length)..<length : nil
            }
        }
    }

    /// Without those that count from an end nobody knows yet.
    var withoutSuffixes: [Spec] { specs.filter { if case .suffix = $0 { false } else { true } } }

    init(specs: [Spec]) { self.specs = specs }

    private static func spec(_ text: String) -> Spec? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty { return offset(ends[1]).map { .suffix($0) } }
        guard let first = offset(ends[0]) else { return nil }
        if ends[1].isEmpty { return .from(first, through: nil) }
        guard let last = offset(ends[1]), first <= last else { return nil }
        return .from(first, through: last)
    }

    /// Digits only; what no file reaches counts as far beyond every end.
    private static func offset(_ text: Substring) -> Int64? {
        text.isDecimal ? Int64(text) ?? .max : nil
    }
}
