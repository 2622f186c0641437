/// The names of a simulated file system: what directories hold, now and durably.
struct SimulatedNames: Sendable {
    static let root = 0

    /// A name that comes to stand for a node, or with nil for none.
    struct Edit: Sendable {
        let directory: Int
        let name: String
        let node: Int?
    }

    private struct Table: Sendable {
        var directories: [Int: [String: Int]] = [root: [:]]
        /// How many names a node has.
        var links: [Int: Int] = [:]

        mutating func apply(_ edit: Edit) {
            let old = directories[edit.directory, default: [:]].removeValue(forKey: edit.name)
            if let old { links[old, default: 0] -= 1 }
            directories[edit.directory, default: [:]][edit.name] = edit.node
            if let node = edit.node { links[node, default: 0] += 1 }
        }
    }

    private var current = Table()
    private var durable = Table()
    /// What was done since the directories were synced, in order. The edits of one change survive together, or not.
    private var changes: [[Edit]] = []

    func node(_ name: String, in directory: Int) -> Int? { current.directories[directory]?[name] }

    func names(in directory: Int) -> [String] { Array(current.directories[directory, default: [:]].keys) }

    func linkCount(of node: Int) -> Int { current.links[node, default: 0] }

    /// Whether a node has a name, or may have one again after a power cut.
    func mayReturn(_ node: Int) -> Bool {
        linkCount(of: node) > 0 || durable.links[node, default: 0] > 0 || changes.joined().contains { $0.node == node }
    }

    func isDirectory(_ node: Int) -> Bool { current.directories[node] != nil }

    mutating func makeDirectory(_ node: Int) {
        current.directories[node] = [:]
        durable.directories[node] = [:]
    }

    mutating func change(_ edits: [Edit]) {
        for edit in edits { current.apply(edit) }
        changes.append(edits)
    }

    /// Makes the names of one directory durable. What a rename did in another is left to that one's sync.
    mutating func sync(_ directory: Int) {
        for edit in changes.joined() where edit.directory == directory { durable.apply(edit) }
        changes = changes.map { $0.filter { $0.directory != directory } }.filter { !$0.isEmpty }
    }

    /// What may be left after a power cut: the durable names, and any of the changes since.
    func afterCrash(using generator: inout some RandomNumberGenerator) -> SimulatedNames {
        var names = SimulatedNames()
        names.durable = durable
        let likelihood = Double(Int.random(in: 0...2, using: &generator)) / 2
        for change in changes where Double.random(in: 0..<1, using: &generator) < likelihood {
            for edit in change { names.durable.apply(edit) }
        }
        names.current = names.durable
        return names
    }
}
