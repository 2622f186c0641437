/// What one engine is told when others work over the same ledger, each for a namespace of its own.
extension Engine {
    /// Another one has shed references, and some may have been the last of this namespace's chunks.
    package func referencesWent() { collection.referencesWent() }

    /// From now on the namespace has more than one principal: what one has brought the others must prove to hold.
    package func demandProofs() { mode.withLock { if $0 == .trust { $0 = .prove } } }
}
