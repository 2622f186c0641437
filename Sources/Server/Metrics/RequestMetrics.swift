import CairnContent
import CairnDialects
import CairnEngine
import Metrics

/// What is counted of requests, under labels of a few fixed values: nothing that a client sends becomes one.
struct RequestMetrics: Sendable {
    private let factory: any MetricsFactory

    /// - Parameter factory: That of the process when it is nil.
    init(_ factory: (any MetricsFactory)? = nil) { self.factory = factory ?? MetricsSystem.factory }

    /// What is known of a request when it is over.
    struct Ending {
        /// The dialect's name, or `none`.
        let dialect: String
        let status: Int
        let outcome: Outcome?
        /// Bytes of its body and of the answer's.
        let received: Int64
        let sent: Int64
        /// From its head to the end of the answer.
        let time: Duration
    }

    func count(_ ending: Ending) {
        let names = [("dialect", ending.dialect)]
        add(1, "cairn_requests_total", names + [("status", "\(ending.status)")])
        add(ending.received, "cairn_received_bytes_total", names)
        add(ending.sent, "cairn_sent_bytes_total", names)
        Timer(label: "cairn_request_seconds", dimensions: names, factory: factory).record(duration: ending.time)
        if let outcome = ending.outcome { count(outcome) }
    }

    /// What the collector has given back.
    func count(_ done: Reclaimed) {
        add(1, "cairn_collections_total", [("end", done.failure == nil ? "whole" : "failed")])
        add(Int64(done.chunks), "cairn_reclaimed_chunks_total")
        add(done.length, "cairn_reclaimed_bytes_total")
        add(Int64(done.freed), "cairn_freed_files_total")
    }

    func expired(_ count: Int) { add(Int64(count), "cairn_uploads_total", [("event", "expired")]) }

    private func count(_ outcome: Outcome) {
        switch outcome {
        case .native(.segment(let segment)):
            let missing = Int64(segment.missing.count)
            add(Int64(segment.missing.range.count) - missing, "cairn_named_entries_total", [("state", "present")])
            add(missing, "cairn_named_entries_total", [("state", "missing")])
        case .native(.begun(_, let isNew)): add(1, "cairn_uploads_total", [("event", isNew ? "begun" : "found")])
        case .native(.completed(_, isNew: true)), .created: add(1, "cairn_uploads_total", [("event", "completed")])
        case .appended(let upload) where upload.state == .complete:
            add(1, "cairn_uploads_total", [("event", "completed")])
        case .cancelled: add(1, "cairn_uploads_total", [("event", "cancelled")])
        case .refused(let error), .begun(_, let error?):
            add(1, "cairn_problems_total", [("problem", Problem(error).name)])
        case .rejected(let error): add(1, "cairn_problems_total", [("problem", Problem(error).name)])
        case .begun(_, nil): add(1, "cairn_uploads_total", [("event", "begun")])
        default: break
        }
    }

    private func add(_ amount: Int64, _ label: String, _ dimensions: [(String, String)] = []) {
        Counter(label: label, dimensions: dimensions, factory: factory).increment(by: amount)
    }
}
