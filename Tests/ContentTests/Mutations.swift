import CairnContent

extension Digest {
    /// Another digest, one bit away.
    func flipped(_ bit: Int) -> Digest {
        var bytes = bytes
        bytes[bit / 8 % 32] ^= 1 << (bit % 8)
        return Digest(bytes: bytes) ?? self
    }
}

extension [Digest] {
    func replacing(_ place: Int, by digest: Digest) -> [Digest] {
        var changed = self
        changed[place] = digest
        return changed
    }

    func removing(_ place: Int) -> [Digest] {
        var changed = self
        changed.remove(at: place)
        return changed
    }

    func inserting(_ digest: Digest, at place: Int) -> [Digest] {
        var changed = self
        changed.insert(digest, at: place)
        return changed
    }
}
