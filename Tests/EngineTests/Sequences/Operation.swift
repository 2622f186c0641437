import Randomness

/// One thing that a client, an operator, a disk or a clock does. Which upload or chunk it means is a number that is
/// taken modulo what there is, so that a story stays one when others are taken out of it.
enum Operation: Hashable, Sendable {
    /// A client begins to send this content, a piece at a time, or by naming its chunks first.
    case begin(content: Int, isNamed: Bool)
    /// Sends the next so many bytes of an open upload; the body may break off.
    case append(upload: Int, length: Int, breaks: Bool)
    /// Sends one named chunk, whatever is known of it.
    case put(upload: Int, chunk: Int)
    case complete(upload: Int)
    /// The resumption question.
    case resume(upload: Int)
    case read(upload: Int)
    case cancel(upload: Int)
    /// One request that brings the whole of it.
    case create(content: Int)
    /// A client that knows what the file is, and hopes to send nothing.
    case offer(content: Int)
    case collect
    case expire
    case scrub(limit: Int)
    /// A chunk rots, or its file goes.
    case damage(chunk: Int, isGone: Bool)
    /// The process dies and starts again.
    case restart
    /// The ledger is lost, and rebuilt from records.
    case rebuild
    /// Seconds, forward or back.
    case jump(Int64)

    static func random(_ source: inout SeededGenerator) -> Operation {
        func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &source) }
        switch number(100) {
        case 0..<10: return .begin(content: number(64), isNamed: number(2) == 0)
        case 10..<30: return .append(upload: number(64), length: 1 << number(18), breaks: number(8) == 0)
        case 30..<46: return .put(upload: number(64), chunk: number(8))
        case 46..<54: return .complete(upload: number(64))
        case 54..<60: return .resume(upload: number(64))
        case 60..<66: return .read(upload: number(64))
        case 66..<72: return .cancel(upload: number(64))
        case 72..<75: return .create(content: number(64))
        case 75..<78: return .offer(content: number(64))
        case 78..<82: return .collect
        case 82..<84: return .expire
        case 84..<88: return .scrub(limit: 1 + number(40))
        case 88..<95: return .damage(chunk: number(256), isGone: number(3) == 0)
        case 95..<97: return .restart
        case 97: return .rebuild
        default: return .jump(jumps[number(jumps.count)])
        }
    }

    private static let jumps: [Int64] = [1, 3600, 90_000, 700_000, 3_000_000, 315_360_000, -3600, -315_360_000]
}
