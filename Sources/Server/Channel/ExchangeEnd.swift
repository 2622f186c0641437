package import NIOHTTP1

/// Whether a connection goes on after an answer, and what becomes of a body nobody reads. Pure: it is told and asked.
package struct ExchangeEnd {
    private enum State {
        case idle
        /// Which halves are over, and whether the connection ends with this exchange.
        case exchange(isRead: Bool, closes: Bool)
        /// Answered before the request was over; that many bytes of it may still be read.
        case lingering(left: Int)
    }

    private var state = State.idle
    /// In bytes.
    let drainLength: Int

    package init(drainLength: Int) { self.drainLength = drainLength }

    package var isLingering: Bool { if case .lingering = state { true } else { false } }

    /// Whether a lingering connection should be read on.
    package var wantsMore: Bool { if case .lingering(let left) = state { left > 0 } else { false } }

    // MARK: Reading

    package enum Reading: Equatable { case deliver, drop, close }

    /// An HTTP/1.0 client may not know that a connection can go on; after an upgrade or CONNECT the parser stops.
    package mutating func read(_ head: HTTPRequestHead) -> Reading {
        if isLingering { return .drop }
        let closes =
            !head.isKeepAlive || head.version != .http1_1 || head.method == .CONNECT
            || head.headers.contains(name: "upgrade")
        state = .exchange(isRead: false, closes: closes)
        return .deliver
    }

    package mutating func read(bytes length: Int) -> Reading {
        guard case .lingering(let left) = state else { return .deliver }
        state = .lingering(left: left - length)
        return .drop
    }

    package mutating func readEnd() -> Reading {
        guard case .exchange(_, let closes) = state else { return isLingering ? .close : .deliver }
        state = .exchange(isRead: true, closes: closes)
        return .deliver
    }

    // MARK: Writing

    /// Whether the answer must say that the connection closes: for certain when its request is not over yet, or when
    /// whoever made the answer wants it so.
    package mutating func writeHead(closing: Bool = false) -> Bool {
        guard case .exchange(let isRead, let closes) = state else { return true }
        let ends = closes || !isRead || closing
        state = .exchange(isRead: isRead, closes: ends)
        return ends
    }

    package enum Ending: Equatable { case goOn, close, linger }

    package mutating func writeEnd() -> Ending {
        guard case .exchange(let isRead, let closes) = state else {
            state = .lingering(left: drainLength)  // an answer to what was no request
            return .linger
        }
        guard closes else {
            state = .idle
            return .goOn
        }
        state = .lingering(left: drainLength)
        return isRead ? .close : .linger
    }
}
