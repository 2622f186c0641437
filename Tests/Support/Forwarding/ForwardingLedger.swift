package import CairnContent
package import CairnEngine

/// A ledger of a test: does what another does, but for what it says itself.
package protocol ForwardingLedger: Ledger {
    associatedtype Base: Ledger
    var base: Base { get }

    /// Called before each question and commit that is passed on; what it throws is the answer.
    func pass() throws(StoreError)
}

extension ForwardingLedger {
    package func pass() throws(StoreError) {}

    package func commit(_ changes: [LedgerChange]) async throws(StoreError) {
        try pass()
        try await base.commit(changes)
    }

    package func upload(_ id: UploadID) async throws(StoreError) -> Upload? {
        try pass()
        return try await base.upload(id)
    }

    package func uploads(_ query: UploadQuery) async throws(StoreError) -> [Upload] {
        try pass()
        return try await base.uploads(query)
    }

    package func entries(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [Entry] {
        try pass()
        return try await base.entries(of: id, in: indices)
    }

    package func known(of id: UploadID, in indices: Range<Int>) async throws(StoreError) -> [KnownEntry] {
        try pass()
        return try await base.known(of: id, in: indices)
    }

    package func standing(of digest: Digest, in id: UploadID) async throws(StoreError) -> KnownEntry? {
        try pass()
        return try await base.standing(of: digest, in: id)
    }

    package func kept(
        of digests: Set<Digest>, in namespace: Namespace, by owner: Principal?
    ) async throws(StoreError) -> [Digest: Timestamp] {
        try pass()
        return try await base.kept(of: digests, in: namespace, by: owner)
    }

    package func usage(of owner: Principal, in namespace: Namespace) async throws(StoreError) -> Usage {
        try pass()
        return try await base.usage(of: owner, in: namespace)
    }

    package func file(
        _ contentID: Digest, in namespace: Namespace, of owner: Principal
    ) async throws(StoreError) -> Upload? {
        try pass()
        return try await base.file(contentID, in: namespace, of: owner)
    }

    package func generations(of key: UploadKey) async throws(StoreError) -> Generations? {
        try pass()
        return try await base.generations(of: key)
    }

    package func unreferenced(
        in namespace: Namespace, after digest: Digest?, looking limit: Int
    ) async throws(StoreError) -> ChunkPage {
        try pass()
        return try await base.unreferenced(in: namespace, after: digest, looking: limit)
    }

    package func condemned(
        among digests: Set<Digest>?, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try pass()
        return try await base.condemned(among: digests, in: namespace, limit: limit)
    }

    package func recorded(of digests: Set<Digest>, in namespace: Namespace) async throws(StoreError) -> Set<Digest> {
        try pass()
        return try await base.recorded(of: digests, in: namespace)
    }

    package func unshed(limit: Int) async throws(StoreError) -> [UploadID] {
        try pass()
        return try await base.unshed(limit: limit)
    }

    package func keptChunks(
        in namespace: Namespace, after digest: Digest?, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try pass()
        return try await base.keptChunks(in: namespace, after: digest, limit: limit)
    }

    package func unverified(
        in namespace: Namespace, outside trusted: ClosedRange<Timestamp>, limit: Int
    ) async throws(StoreError) -> [StoredChunk] {
        try pass()
        return try await base.unverified(in: namespace, outside: trusted, limit: limit)
    }

    package func uploads(
        referringTo digest: Digest, in namespace: Namespace, limit: Int
    ) async throws(StoreError) -> [Upload] {
        try pass()
        return try await base.uploads(referringTo: digest, in: namespace, limit: limit)
    }
}
