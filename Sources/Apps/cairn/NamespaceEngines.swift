import CairnContent
import CairnDisk
import CairnEngine
import CairnServer
import CairnTrust
import Logging

/// The engines of one data directory: one for each namespace, over one ledger.
struct NamespaceEngines: Sendable {
    let directory: DataDirectory
    let ledger: SQLLedger
    let limits: Limits
    let chunkSize: ChunkSize
    /// Nil is `trust` where nobody is asked who they are, and `prove` with tokens.
    let dedup: Dedup?
    let logger: Logger

    /// Who may come by the tokens that are there now, and one engine for each namespace that is there already.
    func gate() async throws -> Gate {
        let first = Engine(
            store: directory.store, ledger: ledger, limits: limits, chunkSize: chunkSize, dedup: dedup ?? .trust,
            logger: logger)
        let gate = Gate(to: first, demandsProofs: dedup == nil) { namespace in
            Engine(
                store: try await directory.store(for: namespace, logger: logger), ledger: ledger, namespace: namespace,
                limits: limits, chunkSize: chunkSize, dedup: dedup ?? .prove, logger: logger)
        }
        for namespace in try await directory.namespaces() { try await gate.open(namespace) }
        try await gate.update(try tokens.read().map { try TokenTable(json: $0) })
        return gate
    }

    /// The files that have records, by namespace. To be asked before anything is published.
    func recorded() async throws(StoreError) -> [Namespace: [UploadID]] {
        var recorded: [Namespace: [UploadID]] = [.standard: try await directory.store.recorded()]
        do {
            for namespace in try await directory.namespaces() where namespace != .standard {
                recorded[namespace] = try await directory.store(for: namespace, logger: logger).recorded()
            }
        } catch { throw error as? StoreError ?? .failed(Advice.on(error)) }
        return recorded
    }

    /// What goes on telling `gate` who may come.
    func watch(_ gate: Gate) -> TokenWatch {
        let (directory, tokens) = (directory, tokens)
        return TokenWatch(gate, logger: logger) {
            try await directory.read(tokens)
        }
    }

    private var tokens: SettingsFile { directory.settings(TokenTable.fileName, limit: TokenTable.fileLimit) }
}
