import CairnContent
import Testing

@Suite struct `Proofs that a tree is the beginning of another` {
    private static let all = entries(65)
    private static let roots = (0...65).map { MerkleTree.root(of: all[..<$0]) }

    @Test(arguments: 0...64) func `hold for every earlier tree`(newCount: Int) {
        for oldCount in 0...newCount {
            #expect(holds(proof(oldCount, newCount), oldCount, newCount), "\(oldCount) to \(newCount)")
        }
    }

    @Test(arguments: 0...64) func `do not hold for other roots`(newCount: Int) {
        for oldCount in 0...newCount {
            let proof = proof(oldCount, newCount)
            #expect(!holds(proof, oldCount, newCount, oldRoot: oldCount + 1))
            // Every tree begins with the empty one, whatever its root.
            #expect(oldCount == 0 || !holds(proof, oldCount, newCount, newRoot: newCount + 1))
        }
    }

    @Test(arguments: 1...64) func `do not hold when shorter, longer or changed in any digest`(newCount: Int) {
        for oldCount in 1...newCount {
            let proof = proof(oldCount, newCount)
            for place in proof.indices {
                #expect(!holds(proof.replacing(place, by: proof[place].flipped(oldCount)), oldCount, newCount))
                #expect(!holds(proof.removing(place), oldCount, newCount))
            }
            for place in 0...proof.count {
                #expect(!holds(proof.inserting(Self.roots[1], at: place), oldCount, newCount))
            }
        }
    }

    @Test func `do not hold for a file whose beginning was changed`() {
        for newCount in 2...64 {
            for changed in 0..<newCount - 1 {
                var others = Array(Self.all[..<newCount])
                others[changed] = Self.all[64]
                let oldCount = changed + 1
                #expect(
                    !MerkleTree.verifyConsistency(
                        from: oldCount, Self.roots[oldCount], to: newCount, MerkleTree.root(of: others),
                        proof: MerkleTree.consistencyProof(from: oldCount, in: others)))
            }
        }
    }

    @Test(arguments: Seed.some) func `random ones are refused, whatever the numbers`(seed: Seed) {
        var random = seed
        let numbers = [Int.min, -1, 0, 1, 2, 63, 64, 65, 1 << 20, 1 << 62, Int.max - 1, Int.max]
        for _ in 0..<2000 {
            let proof = (0..<Int.random(in: 0...70, using: &random)).compactMap { _ in Digest(bytes: random.bytes(32)) }
            let oldCount = numbers.randomElement(using: &random) ?? 0
            let newCount = numbers.randomElement(using: &random) ?? 0
            #expect(!holds(proof, oldCount, newCount, oldRoot: 64, newRoot: 65))
        }
    }

    private func proof(_ oldCount: Int, _ newCount: Int) -> [Digest] {
        MerkleTree.consistencyProof(from: oldCount, in: Array(Self.all[..<newCount]))
    }

    private func holds(
        _ proof: [Digest], _ oldCount: Int, _ newCount: Int, oldRoot: Int? = nil, newRoot: Int? = nil
    ) -> Bool {
        MerkleTree.verifyConsistency(
            from: oldCount, Self.roots[oldRoot ?? oldCount], to: newCount, Self.roots[newRoot ?? newCount],
            proof: proof)
    }
}
