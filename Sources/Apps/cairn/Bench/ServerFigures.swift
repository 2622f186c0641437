import CairnClient
import CairnDialects

/// What was measured of a server and the way to it, and what it means.
struct ServerFigures: Sendable {
    let processor: ProcessorSpeed
    /// How long a small question takes, the shortest first.
    let roundTrips: [Duration]
    /// Bytes that were put, verified and durable there, and in what time.
    let sent: Int64
    let sending: Duration
    /// Bytes that were got back and verified, and in what time.
    let fetched: Int64
    let fetching: Duration
    /// Bytes a second that the server receives and digests when it has to keep none; nil when it cannot be told.
    let taking: Int64?

    var up: Int64 { sent.rate(in: sending) }
    var down: Int64 { fetched.rate(in: fetching) }

    var members: [(String, JSON)] {
        [
            ("hashing", .number(processor.hashing)), ("packing", .number(processor.packing)),
            ("roundTrip", .number(roundTrips.at(0.5).microseconds)),
            ("sent", .number(sent)), ("upload", .number(up)), ("fetched", .number(fetched)),
            ("download", .number(down)), ("taking", taking.map { .number($0) } ?? .null),
            ("limit", .string(limit.rawValue)),
        ]
    }

    var lines: [String] {
        [
            "SHA-256     \(processor.hashing.rateText), one core here",
            "round trip  \(roundTrips.at(0.5).text)",
            "upload      \(up.rateText), \(ProgressLine.bytes(sent)) verified and durable there",
            "download    \(down.rateText), \(ProgressLine.bytes(fetched)) verified here",
            taking.map { "not kept    \($0.rateText), received and digested there" },
            sentence,
        ].compactMap(\.self)
    }

    enum Limit: String {
        /// One core here digests hardly more than was sent.
        case hashing
        /// The server takes bytes much faster than it makes them durable.
        case disk
        /// The line, or the processor at its other end: from here they look the same.
        case lineOrServer
    }

    /// What an upload from here waits for. A part is held to be the limit when it could do at most 1.5 times as much.
    var limit: Limit {
        if Double(processor.hashing) < 1.5 * Double(up) { return .hashing }
        if let taking, Double(taking) > 1.5 * Double(up) { return .disk }
        return .lineOrServer
    }

    var sentence: String {
        switch limit {
        case .hashing:
            let factor = Double(processor.hashing).ratio(to: up)
            return "Hashing is the limit: one core here digests only \(factor) what was sent."
        case .disk:
            let factor = Double(taking ?? 0).ratio(to: up)
            return "The server's disk is the limit: what need not be kept it takes \(factor) as fast."
        case .lineOrServer:
            let factor = Double(processor.hashing).ratio(to: up)
            return
                "The line or the server's processor is the limit: one core here digests \(factor) as much as was sent."
                + " `cairn bench` beside the server tells the two apart."
        }
    }
}
