/// The bytes of one simulated file: what programs see, what survives a power cut, and what was done in between.
struct SimulatedContents: Sendable {
    /// What a disk writes at once: a sector is old or new, never half.
    private static let sectorLength = 512

    fileprivate enum Change: Sendable {
        case write([UInt8], at: Int)
        case truncate(to: Int)
    }

    /// What programs see.
    private(set) var current: [UInt8] = []
    private var durable: [UInt8] = []
    /// Since the last sync, in order.
    private var changes: [Change] = []

    mutating func write(_ bytes: [UInt8], at offset: Int) { apply(.write(bytes, at: offset)) }

    mutating func truncate(to length: Int) { apply(.truncate(to: length)) }

    mutating func sync() {
        for change in changes { change.apply(to: &durable) }
        changes = []
    }

    /// A sync that failed: the changed pages count as clean, although they were not written. Only the length is still
    /// to be made durable, by the next sync, which will succeed.
    mutating func failToSync() { changes = [.truncate(to: current.count)] }

    /// What the file may be after a power cut: each sector as it was at some time since the last sync, and the length
    /// as it was at some, perhaps other, time.
    func afterCrash(using generator: inout some RandomNumberGenerator) -> SimulatedContents {
        let bytes =
            switch changes.isEmpty ? 0 : Int.random(in: 0..<4, using: &generator) {
            case 0: durable
            case 1: current(keeping: changes.count)
            default: torn(using: &generator)
            }
        var contents = SimulatedContents()
        contents.current = bytes
        contents.durable = bytes
        return contents
    }

    private mutating func apply(_ change: Change) {
        change.apply(to: &current)
        changes.append(change)
    }

    /// The bytes with the first `count` changes.
    private func current(keeping count: Int) -> [UInt8] {
        var bytes = durable
        for change in changes.prefix(count) { change.apply(to: &bytes) }
        return bytes
    }

    private func torn(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        let length = current(keeping: .random(in: 0...changes.count, using: &generator)).count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        while bytes.count < length {
            let sector = bytes.count..<min(bytes.count + Self.sectorLength, length)
            bytes += self.bytes(of: sector, keeping: .random(in: 0...changes.count, using: &generator))
        }
        return bytes
    }

    /// A sector as it was after the first `count` changes; zeros where nothing was.
    private func bytes(of sector: Range<Int>, keeping count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: sector.count)
        bytes.lay(durable, at: -sector.lowerBound)
        for change in changes.prefix(count) {
            switch change {
            case .write(let written, let offset): bytes.lay(written, at: offset - sector.lowerBound)
            case .truncate(let length): bytes.clear(from: length - sector.lowerBound)
            }
        }
        return bytes
    }
}

extension SimulatedContents.Change {
    fileprivate func apply(to bytes: inout [UInt8]) {
        switch self {
        case .truncate(let length): bytes.resize(to: length)
        case .write(let written, let offset):
            bytes.resize(to: max(bytes.count, offset + written.count))
            bytes.replaceSubrange(offset..<offset + written.count, with: written)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func resize(to length: Int) {
        if length < count {
            removeLast(count - length)
        } else {
            append(contentsOf: repeatElement(0, count: length - count))
        }
    }

    /// Lays `other` over these bytes, beginning at `offset`, which may lie before them or behind; the rest falls off.
    fileprivate mutating func lay(_ other: [UInt8], at offset: Int) {
        let start = Swift.max(0, offset)
        let end = Swift.min(count, offset + other.count)
        guard start < end else { return }
        let place = start..<end
        replaceSubrange(place, with: other[place.lowerBound - offset..<place.upperBound - offset])
    }

    fileprivate mutating func clear(from offset: Int) {
        for place in Swift.min(count, Swift.max(0, offset))..<count { self[place] = 0 }
    }
}
