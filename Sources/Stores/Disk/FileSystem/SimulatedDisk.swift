/// Everything a simulated file system holds: names, bytes, and who has locked what.
struct SimulatedDisk: Sendable {
    var names = SimulatedNames()
    var space = Space(available: 1 << 40, total: 1 << 40)
    var kind = "simulated"
    private var contents: [Int: SimulatedContents] = [:]
    private var locks: Set<Int> = []
    private var lastNode = SimulatedNames.root

    subscript(node: Int) -> SimulatedContents {
        get { contents[node, default: SimulatedContents()] }
        _modify { yield &contents[node, default: SimulatedContents()] }
    }

    mutating func makeFile() -> Int {
        lastNode += 1
        contents[lastNode] = SimulatedContents()
        return lastNode
    }

    mutating func makeDirectory() -> Int {
        lastNode += 1
        names.makeDirectory(lastNode)
        return lastNode
    }

    /// Whether nobody else held it.
    mutating func lock(_ node: Int) -> Bool { locks.insert(node).inserted }

    mutating func unlock(_ node: Int) { locks.remove(node) }

    /// The last handle on a file is gone: without a name, so are its bytes.
    mutating func letGo(of node: Int) {
        if !names.mayReturn(node) { contents[node] = nil }
    }

    /// The same after the process died: its handles and locks are gone, all else is there.
    func afterKill() -> SimulatedDisk {
        var disk = self
        disk.locks = []
        return disk
    }

    /// What may be left after a power cut.
    func afterCrash(using generator: inout some RandomNumberGenerator) -> SimulatedDisk {
        var disk = afterKill()
        disk.names = names.afterCrash(using: &generator)
        // In order, so that one seed gives one outcome.
        for node in contents.keys.sorted() {
            disk.contents[node] = contents[node]?.afterCrash(using: &generator)
        }
        return disk
    }
}
