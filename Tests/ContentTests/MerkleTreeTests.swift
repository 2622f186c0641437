import CairnContent
import Testing

@Suite struct `The tree and its proofs, by the vectors` {
    private let tree: TreeVectors
    private let proofs: ProofVectors
    private let entries: [Entry]

    init() throws {
        tree = try vectors("tree.json")
        proofs = try vectors("proofs.json")
        entries = tree.entries.map(\.entry)
    }

    @Test func `the roots are those of the vectors`() {
        for (count, root) in tree.roots.enumerated() {
            #expect(MerkleTree.root(of: entries[..<count]) == root, "\(count) entries")
        }
    }

    @Test func `inclusion proofs are those of the vectors, and hold`() {
        for vector in proofs.inclusion {
            let made = MerkleTree.inclusionProof(of: vector.index, in: Array(entries[..<vector.count]))
            #expect(made == vector.proof, "\(vector.index) in \(vector.count)")
            #expect(holds(vector), "\(vector.index) in \(vector.count)")
        }
    }

    @Test func `consistency proofs are those of the vectors, and hold`() {
        for vector in proofs.consistency {
            let made = MerkleTree.consistencyProof(from: vector.oldCount, in: Array(entries[..<vector.newCount]))
            #expect(made == vector.proof, "\(vector.oldCount) to \(vector.newCount)")
            #expect(holds(vector), "\(vector.oldCount) to \(vector.newCount)")
        }
    }

    @Test func `wrong inclusion proofs are refused`() {
        for vector in proofs.refusedInclusion { #expect(!holds(vector), "\(vector.reason ?? "")") }
    }

    @Test func `wrong consistency proofs are refused`() {
        for vector in proofs.refusedConsistency { #expect(!holds(vector), "\(vector.reason ?? "")") }
    }

    private func holds(_ vector: ProofVectors.Inclusion) -> Bool {
        MerkleTree.verifyInclusion(
            of: entries[vector.entry ?? vector.index], at: vector.index, count: vector.count,
            proof: repeated(vector.proof, vector.repeat), root: tree.roots[vector.root ?? vector.count])
    }

    private func holds(_ vector: ProofVectors.Consistency) -> Bool {
        MerkleTree.verifyConsistency(
            from: vector.oldCount, tree.roots[vector.oldRoot ?? vector.oldCount],
            to: vector.newCount, tree.roots[vector.newRoot ?? vector.newCount],
            proof: repeated(vector.proof, vector.repeat))
    }

    private func repeated(_ proof: [Digest], _ times: Int?) -> [Digest] {
        (0..<(times ?? 1)).flatMap { _ in proof }
    }
}
