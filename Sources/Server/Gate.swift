public import CairnEngine
public import CairnTrust
import NIOConcurrencyHelpers

/// Who may come to a server, and to which engine each is led (spec/security.md).
///
/// Where there are no tokens nobody is asked who they are. Once there were some it stays so that one is needed, also
/// when the last is gone.
public final class Gate: Sendable {
    private struct State {
        var table: TokenTable?
        var engines: [Namespace: Engine]
        var present: [Int: (token: Token, presence: Weak)] = [:]
        var nextPresence = 0
    }

    /// Presences are held by their requests.
    private struct Weak {
        weak var presence: Presence?
    }

    private let first: Engine
    private let demandsProofs: Bool
    private let makeEngine: @Sendable (Namespace) async throws -> Engine
    private let now: @Sendable () -> Timestamp
    private let state: NIOLockedValueBox<State>
    private let accounts = Accounts()

    /// To one namespace, for whoever comes.
    public convenience init(to engine: Engine) {
        self.init(to: engine) { _ in engine }
    }

    /// To a namespace, and with tokens to others.
    ///
    /// - Parameters:
    ///   - demandsProofs: Whether the engine, where it trusts whoever comes, does so no more once there are tokens.
    ///   - makeEngine: Makes the engine of another namespace; asked once for each.
    public init(
        to engine: Engine, demandsProofs: Bool = true, now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        makeEngine: @escaping @Sendable (Namespace) async throws -> Engine
    ) {
        first = engine
        self.demandsProofs = demandsProofs
        self.now = now
        self.makeEngine = makeEngine
        state = NIOLockedValueBox(State(table: nil, engines: [engine.namespace: engine]))
    }

    /// Opens a namespace that no token may need now: what was left in it is to be looked after all the same.
    ///
    /// Not to be called twice at once.
    public func open(_ namespace: Namespace) async throws {
        guard state.withLock({ $0.engines[namespace] }) == nil else { return }
        let engine = try await makeEngine(namespace)
        state.withLock { $0.engines[namespace] = engine }
    }

    /// From now on these tokens count and no others; nil, where there are none, is none. Running requests whose token
    /// counts no more, or not for the same any more, end.
    ///
    /// Not to be called twice at once. Throws when an engine cannot be made; then everything but the tokens of that
    /// namespace is as asked.
    public func update(_ table: TokenTable?) async throws {
        var failure: (any Error)?
        var usable = table
        for namespace in table?.namespaces ?? [] {
            do { try await open(namespace) } catch {
                failure = error
                for token in usable?.all ?? [] where token.namespace == namespace { _ = usable?.remove(token.id) }
            }
        }
        if table != nil, demandsProofs { first.demandProofs() }
        let final = usable
        state.withLock { state in
            if final != nil || state.table != nil { state.table = final ?? TokenTable() }
        }
        cutThoseThatCountNoMore()
        if let failure { throw failure }
    }

    /// Cuts the running requests whose token was taken back, changed, or has expired.
    func cutThoseThatCountNoMore() {
        let moment = now()
        let gone: [Presence] = state.withLock { state in
            state.present.values.compactMap { token, weak in
                state.table?[token.id] == token && token.isValid(at: moment) ? nil : weak.presence
            }
        }
        for presence in gone { presence.cut() }
    }

    /// Ends running bodies in all engines, with what they brought kept; none begins any more.
    func stop() { for engine in engines { engine.stop() } }

    /// Whether one needs a token.
    public var isClosed: Bool { state.withLock { $0.table != nil } }

    /// All that are open, the first one first.
    var engines: [Engine] {
        let others = state.withLock { $0.engines.values.filter { $0 !== first } }
        return [first] + others.sorted { $0.namespace.description < $1.namespace.description }
    }

    /// Who sends a request with this credential; nil when it is nobody who is known.
    func caller(_ credential: String?) -> Caller? {
        let (table, engines) = state.withLock { ($0.table, $0.engines) }
        guard let table else { return .anyone(first) }
        guard let text = credential else { return nil }
        let moment = now()
        let link = UploadLink.isMeant(by: text) ? UploadLink(text, of: table, at: moment) : nil
        guard let token = link.map({ table[$0.token] }) ?? table.token(of: text, at: moment),
            let engine = engines[token.namespace]
        else { return nil }
        let owner = link == nil ? token.owner : Principal(token.owner.description, reach: .single)
        return Caller(
            engine: engine, principal: owner, rights: link == nil ? token.rights : .put, token: token, link: link,
            account: token.allowance == Allowance() ? nil : accounts.account(of: owner))
    }

    /// The engine whose limits those hear of who are nobody.
    var front: Engine { first }

    /// Notes that a request of this caller goes on, until what is returned is let go of.
    func enter(_ caller: Caller) -> Presence {
        guard let token = caller.token else { return Presence(nil) }
        let number = state.withLock { state in
            state.nextPresence += 1
            return state.nextPresence
        }
        let presence = Presence(Sideline.current?.channel) { [weak self] in
            self?.state.withLock { _ = $0.present.removeValue(forKey: number) }
        }
        state.withLock { $0.present[number] = (token, Weak(presence: presence)) }
        // The tokens may have changed since the caller was recognised.
        if state.withLock({ $0.table?[token.id] != token }) { presence.cut() }
        return presence
    }
}
