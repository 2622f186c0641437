import CairnContent
import Testing

@Suite struct `Proofs that an entry is in a tree` {
    private static let all = entries(65)
    private static let roots = (0...65).map { MerkleTree.root(of: all[..<$0]) }

    @Test(arguments: 1...64) func `hold for every index`(count: Int) {
        for index in 0..<count {
            #expect(holds(proof(index, count), index, count), "\(index) in \(count)")
        }
    }

    @Test(arguments: 1...64) func `do not hold for another entry, index or root`(count: Int) {
        for index in 0..<count {
            let proof = proof(index, count)
            #expect(!holds(proof, index, count, entry: index + 1))
            #expect(!holds(proof, index, count, root: count + 1))
            #expect(!(0..<count).contains { $0 != index && holds(proof, $0, count, entry: index) })
            #expect(!holds(proof, count, count, entry: index))
        }
    }

    @Test(arguments: 1...64) func `do not hold when shorter, longer or changed in any digest`(count: Int) {
        for index in 0..<count {
            let proof = proof(index, count)
            for place in proof.indices {
                #expect(!holds(proof.replacing(place, by: proof[place].flipped(index)), index, count))
                #expect(!holds(proof.removing(place), index, count))
            }
            for place in 0...proof.count {
                #expect(!holds(proof.inserting(Self.roots[1], at: place), index, count))
            }
        }
    }

    @Test(arguments: Seed.some) func `random ones are refused, whatever the numbers`(seed: Seed) {
        var random = seed
        let numbers = [Int.min, -1, 0, 1, 2, 63, 64, 65, 1 << 20, 1 << 62, Int.max - 1, Int.max]
        for _ in 0..<2000 {
            let proof = (0..<Int.random(in: 0...70, using: &random)).compactMap { _ in Digest(bytes: random.bytes(32)) }
            let index = numbers.randomElement(using: &random) ?? 0
            let count = numbers.randomElement(using: &random) ?? 0
            #expect(!holds(proof, index, count, entry: 0, root: 65))
        }
    }

    private func proof(_ index: Int, _ count: Int) -> [Digest] {
        MerkleTree.inclusionProof(of: index, in: Array(Self.all[..<count]))
    }

    private func holds(_ proof: [Digest], _ index: Int, _ count: Int, entry: Int? = nil, root: Int? = nil) -> Bool {
        MerkleTree.verifyInclusion(
            of: Self.all[entry ?? index], at: index, count: count, proof: proof, root: Self.roots[root ?? count])
    }
}
