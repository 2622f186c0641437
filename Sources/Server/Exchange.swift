import CairnDialects
import CairnTrust
import CairnEngine
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// One request on its way to its answer and its line in the log.
struct Exchange: Sendable {
    let routes: UploadRoutes
    /// Held until the answer is sent; nil when nobody who is known has sent the request.
    let presence: Presence?
    private let credential: Credential?
    let downloads: Slots
    let counts: RequestMetrics
    let request: Request
    let id: String
    let received = Meter()
    let sent = Meter()
    private let log: AccessLog
    /// What the body may come to under a link.
    private let gauge: Gauge?

    private let isForwarded: Bool
    private let page: Bool
    /// What the request speaks, as it is counted.
    private var dialect = "none"

    /// - Parameters:
    ///   - routes: Those of the caller, or of nobody in particular.
    ///   - isForwarded: Whether a trusted proxy has sent the request.
    ///   - page: Whether the page is served.
    init(
        routes: UploadRoutes, presence: Presence?, credential: Credential?, downloads: Slots, counts: RequestMetrics,
        request: Request, id: String, remote: String,
        isForwarded: Bool, page: Bool
    ) {
        self.routes = routes
        self.presence = presence
        self.credential = credential
        self.downloads = downloads
        self.counts = counts
        gauge = routes.caller.link.map { Gauge(limit: $0.length) }
        self.request = request
        self.id = id
        self.isForwarded = isForwarded
        self.page = page
        log = AccessLog(
            method: request.method, path: request.head.path ?? "", remote: remote, request: id,
            token: routes.caller.token?.id)
    }

    func response() async -> Response {
        do throws(RequestError) {
            let setting = Setting(
                limits: routes.engine.limits, chunkSize: routes.engine.chunkSize, moment: Timestamp.now(),
                isForwarded: isForwarded, origins: routes.origins)
            let head = try RequestHead(request.head, id: id, in: setting)
            if let answer = CrossOrigin.preflight(head) { return response(answer, nil) }
            if page, let answer = WebPage.answer(to: head) { return response(answer, nil) }
            let dialect = try Doors.dialect(of: head)
            return await speaking("\(dialect)".lowercased()).response(to: head, in: dialect)
        } catch {
            return response(Problem(error).answer(for: id), .rejected(error))
        }
    }

    private func speaking(_ dialect: String) -> Exchange {
        var exchange = self
        exchange.dialect = dialect
        return exchange
    }

    private func response(to head: RequestHead, in dialect: any Dialect.Type) async -> Response {
        var outcome: Outcome
        var slot: Slots.Slot?
        do throws(RequestError) {
            guard presence != nil || head.isForEveryone else { throw .unauthorized }
            let command = try dialect.command(in: head)
            if command.isLong {
                slot = downloads.take()
                guard slot != nil else { return response(Problem.busy.answer(for: id), nil) }
            }
            outcome = await routes.outcome(of: command, body: body(of: head, in: dialect))
        } catch {
            outcome = .rejected(error)
        }
        // What a request brought until its token was taken back is kept; it is told to whoever comes next.
        if presence?.isCut == true { outcome = .rejected(.unauthorized) }
        if let gauge, gauge.isOver { outcome = .rejected(.linkLength(limit: gauge.limit)) }
        let answer = await answer(to: outcome, for: head, in: dialect)
        let isFile = answer.body.contains { if case .file = $0 { true } else { false } }
        guard case .file(let upload) = outcome, isFile, head.method != .head else {
            return response(answer, outcome, holding: slot)
        }
        guard let slot = slot ?? downloads.take() else { return response(Problem.busy.answer(for: id), outcome) }
        do throws(StoreError) {
            return streaming(answer.head, try await FileBody(answer.body, of: upload, routes.engine), upload, slot)
        } catch {
            routes.logger.error(
                "cannot read", metadata: ["upload": "\(upload.id)", "request": "\(id)", "cause": "\(error)"])
            return response(await self.answer(to: .refused(.store(error)), for: head, in: dialect), outcome)
        }
    }

    private func body(of head: RequestHead, in dialect: any Dialect.Type) -> MeteredBody {
        MeteredBody(
            body: request.body, meter: received, presence: presence, pace: routes.caller.pace, gauge: gauge,
            attendant: Sideline.current.map { Attendant(head, dialect, $0) })
    }

    /// The dialect's answer, with the digests the client wants and what browsers need.
    private func answer(
        to outcome: Outcome, for head: RequestHead, in dialect: any Dialect.Type
    ) async -> Answer {
        var answer = dialect.answer(to: outcome, for: head).with(CrossOrigin.fields(for: head))
        if let credential, credential.isInQuery, let address = answer.head.headerFields[.location] {
            answer = answer.with([.location: credential.extending(address)])
        }
        guard case .file(let upload) = outcome, head.wantsDigest else { return answer }
        return await answer.stating(head, of: upload, routes)
    }

    /// An answer whose bytes are all here; `slot` is held until they are sent.
    private func response(_ answer: Answer, _ outcome: Outcome?, holding slot: Slots.Slot? = nil) -> Response {
        var bytes = ByteBuffer()
        for case .bytes(let part) in answer.body where request.method != .head { bytes.writeBytes(part) }
        sent.add(bytes.readableBytes)
        note(answer.head.status, outcome)
        var fields = answer.head.headerFields
        // Where the next request begins is known only when the body was read to its end.
        if received.isBrokenOff { fields[.connection] = "close" }
        return Response(status: answer.head.status, headers: fields, body: Self.body(bytes, holding: slot))
    }

    private static func body(_ bytes: ByteBuffer, holding slot: Slots.Slot?) -> ResponseBody {
        if bytes.readableBytes == 0 { return ResponseBody() }
        guard let slot else { return ResponseBody(byteBuffer: bytes) }
        return ResponseBody(contentLength: bytes.readableBytes) { writer in
            try await writer.write(bytes)
            withExtendedLifetime(slot) {}
            try await writer.finish(nil)
        }
    }

    private func streaming(
        _ head: HTTPResponse, _ body: FileBody, _ upload: Upload, _ slot: Slots.Slot
    ) -> Response {
        let length = head.headerFields[.contentLength].flatMap { Int($0) }
        let writing = ResponseBody(contentLength: length) { writer in
            defer {
                withExtendedLifetime(slot) { note(head.status, .file(upload)) }
            }
            do {
                try await body.write(to: &writer, sent, presence)
                try await writer.finish(nil)
            } catch {
                routes.logger.info("body broke off", metadata: ["upload": "\(upload.id)", "cause": "\(error)"])
                throw error
            }
        }
        return Response(status: head.status, headers: head.headerFields, body: writing)
    }

    private func note(_ status: HTTPResponse.Status, _ outcome: Outcome?) {
        var log = log
        log.upload = outcome?.upload?.id
        log.offset = outcome?.offset
        counts.count(
            RequestMetrics.Ending(
                dialect: dialect, status: status.code, outcome: outcome, received: received.length, sent: sent.length,
                time: ContinuousClock.now - log.start))
        switch routes.accessLog {
        case .line: routes.logger.info("\(log.line(status, received: received.length, sent: sent.length))")
        case .fields:
            let fields = log.fields(status, received: received.length, sent: sent.length)
            routes.logger.info("request", metadata: fields)
        }
    }
}

extension Command {
    /// Whether the answer may be so long that only so many are made at once.
    fileprivate var isLong: Bool {
        switch self {
        case .list, .manifest, .native(.proof): true
        case .resume, .append, .create, .look, .fetch, .read, .cancel, .capabilities, .health, .life, .options, .begin,
            .join,
            .native:
            false
        }
    }
}
