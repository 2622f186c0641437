package import CairnEngine
package import Logging

extension Gate {
    /// Takes up finished files that the ledger has forgotten and whose records are here (spec/checking.md).
    ///
    /// To be called before the first request and before anything is reclaimed, with what `RecordStore.recorded` names:
    /// a file that is not known yet refers to nothing, and whoever asks twice is to hear the same.
    package func adopt(_ recorded: [Namespace: [UploadID]], logger: Logger) async throws(UploadError) {
        for engine in engines {
            let adopted = try await engine.adopt(recorded[engine.namespace] ?? [], wholeOnly: true)
            if adopted.files > 0 {
                logger.warning(
                    "the ledger had lost finished files; their records brought them back",
                    metadata: ["files": "\(adopted.files)", "namespace": "\(engine.namespace)"])
            }
            if !adopted.unreadable.isEmpty {
                logger.error("records cannot be read", metadata: ["files": "\(adopted.unreadable.prefix(8))"])
            }
        }
    }
}
