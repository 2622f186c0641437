import CairnContent

/// An upload with all its entries in memory, and how they change together.
struct NamedEntries {
    var upload: Upload
    var entries: [KnownEntry]

    mutating func declare(from index: Int, _ new: [Entry], kept: Set<Entry>, _ naming: Naming) -> Bool {
        guard (0...entries.count).contains(index) else { return false }
        for (place, entry) in zip(index..., new) {
            if place < entries.count {
                guard entries[place].entry == entry else { return false }
                let isPresent = entries[place].isPresent || kept.contains(entry)
                entries[place] = KnownEntry(entry, isPresent: isPresent)
            } else {
                entries.append(KnownEntry(entry, isPresent: kept.contains(entry)))
            }
        }
        upload.apply(naming, entryCount: entries.count)
        advance()
        return true
    }

    mutating func place(_ chunks: Set<Entry>, _ placing: Placing) -> Bool {
        for place in entries.indices where chunks.contains(entries[place].entry) {
            entries[place] = KnownEntry(entries[place].entry, isPresent: true)
        }
        advance()
        upload.apply(placing)
        return true
    }

    mutating func lose(_ indices: [Int]) -> Bool {
        guard indices.allSatisfy(entries.indices.contains) else { return false }
        for place in indices { entries[place] = KnownEntry(entries[place].entry, isPresent: false) }
        let first = min(indices.min() ?? .max, upload.run.count)
        upload.shorten(to: Run(entries[..<first].map(\.entry)), entryCount: entries.count)
        return true
    }

    private mutating func advance() {
        upload.advance(along: entries[upload.run.count...].prefix { $0.isPresent }.map(\.entry))
    }
}
