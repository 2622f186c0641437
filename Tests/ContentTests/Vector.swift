import CairnContent

// What stands in spec/vectors.

struct ListedEntry: Decodable {
    let digest: Digest
    let length: Int

    var entry: Entry { Entry(digest: digest, length: length) }
}

struct TreeVectors: Decodable {
    let entries: [ListedEntry]
    let leaves: [Digest]
    let roots: [Digest]
}

struct ProofVectors: Decodable {
    struct Inclusion: Decodable {
        let reason: String?
        let index: Int
        let count: Int
        let entry: Int?
        let root: Int?
        let proof: [Digest]
        let `repeat`: Int?
    }

    struct Consistency: Decodable {
        let reason: String?
        let oldCount: Int
        let newCount: Int
        let oldRoot: Int?
        let newRoot: Int?
        let proof: [Digest]
        let `repeat`: Int?
    }

    let inclusion: [Inclusion]
    let consistency: [Consistency]
    let refusedInclusion: [Inclusion]
    let refusedConsistency: [Consistency]
}

struct PrefixVectors: Decodable {
    struct File: Decodable {
        let name: String
        let chunkSize: Int
        let lengths: [Int]
        let prefixes: [Prefix]
    }

    struct Prefix: Decodable {
        let offset: Int64
        let entries: [ListedEntry]
        let digest: Digest
    }

    let files: [File]
}

struct ManifestVectors: Decodable {
    struct Case: Decodable {
        let name: String
        let chunkSize: Int
        let isRagged: Bool
        let length: Int64
        let entries: [ListedEntry]
        let contentId: Digest
        let hex: String
        let json: String
    }

    struct Refused: Decodable {
        let reason: String
        let error: String
        let hex: String
    }

    let manifests: [Case]
    let refused: [Refused]
}
