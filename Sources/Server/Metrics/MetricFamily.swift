/// The series of one label: alike in kind, told apart by their dimensions.
struct MetricFamily {
    enum Kind: String { case counter, gauge, histogram }

    let kind: Kind
    /// By their dimensions, as they are written.
    var series: [String: Series] = [:]

    init(kind: Kind) { self.kind = kind }

    func write(_ name: String, to text: inout String) {
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .sum(let sum): text += Self.line(name, labels, "\(sum.value)")
            case .level(let level): text += Self.line(name, labels, Self.number(level.value))
            case .spread(let spread): Self.write(spread, name, labels, to: &text)
            }
        }
    }

    private static func write(_ spread: Spread, _ name: String, _ labels: String, to text: inout String) {
        let (counts, sum) = spread.values
        var total = 0
        for (bound, count) in zip(spread.bounds + [.infinity], counts) {
            total += count
            let bound = "le=\"\(bound == .infinity ? "+Inf" : number(bound))\""
            text += line("\(name)_bucket", labels.isEmpty ? bound : "\(labels),\(bound)", "\(total)")
        }
        text += line("\(name)_sum", labels, number(sum)) + line("\(name)_count", labels, "\(total)")
    }

    private static func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// Without a fraction that is none.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    static func name(_ label: String) -> String {
        let startsWell = label.utf8.first.map { isLetter($0) || $0 == UInt8(ascii: "_") } ?? false
        if startsWell, label.utf8.allSatisfy(isPlain) { return label }
        let text = String(label.unicodeScalars.map { $0.isASCII && isPlain(UInt8(ascii: $0)) ? Character($0) : "_" })
        return startsWell ? text : "_\(text)"
    }

    /// `name="value"` with commas between, in the order of the names.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }.map { "\(name($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func escaped(_ value: String) -> String {
        let hasNone = !value.utf8.contains {
            [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "\n")].contains($0)
        }
        if hasNone { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

enum Series: Sendable {
    case sum(Sum)
    case level(Level)
    case spread(Spread)
}
