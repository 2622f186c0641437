@testable import CairnContent
@testable import CairnEngine
import Foundation
import Hashing
import LZ4
import NIOCore

extension Target {
    /// The formats of spec/manifest.md, prefix-digest.md and native.md, and the LZ4 wrapper.
    static let contents = [
        Target(name: "manifest", take: manifest), Target(name: "manifest-json", take: manifestJSON),
        Target(name: "proof", take: proof), Target(name: "missing", take: missing),
        Target(name: "frames", take: frames), Target(name: "lz4", take: lz4), Target(name: "run", take: run),
    ]

    /// A binary manifest; odd inputs get the header checksum they should have, so that what is behind it is met.
    private static func manifest(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let isMended = input.byte() & 1 == 1
        var coded = input.bytes
        if isMended, coded.count >= ManifestHeader.length {
            let checksum = CRC32C.checksum(coded.span.extracting(first: 28))
            for place in 0..<4 { coded[28 + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * place)) }
        }
        guard let manifest = try? Manifest(bytes: coded.span) else { return }
        claim(manifest.bytes == coded, "a manifest has one binary coding")
        check(manifest)
        claim((try? JSONDecoder().decode(Manifest.self, from: Data(manifest.json))) == manifest, "JSON reads back")
    }

    private static func manifestJSON(_ bytes: [UInt8]) {
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(bytes)) else { return }
        claim((try? JSONDecoder().decode(Manifest.self, from: Data(manifest.json))) == manifest, "JSON reads back")
        claim((try? Manifest(bytes: manifest.bytes.span)) == manifest, "and in binary")
        check(manifest)
    }

    private static func check(_ manifest: Manifest) {
        let sum = manifest.entries.reduce(0) { $0 + Int64($1.length) }
        claim(sum == manifest.length, "the length is that of the entries")
        claim(manifest.contentID == Run(manifest.entries).prefixDigest(), "the content id is the prefix digest")
        for (index, entry) in manifest.entries.enumerated() {
            let offset = manifest.offset(of: index)
            claim(manifest.index(at: offset) == index, "a chunk begins at its offset")
            claim(manifest.index(at: offset + Int64(entry.length) - 1) == index, "and holds its last byte")
        }
        for offset in [-1, manifest.length, .max] { claim(manifest.index(at: offset) == nil, "no chunk is outside") }
        _ = manifest.prefixDigest(at: manifest.length / 2) { _ in manifest.contentID }
    }

    /// Proofs from outside, of the tree of spec/vectors/tree.json: no trap, and none holds but the true one.
    private static func proof(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let (first, second, leaves) = (input.number(), input.number(), Int(input.byte() % 40))
        var proof: [Digest] = []
        while let digest = Digest(bytes: input.bytes(Digest.length)) { proof.append(digest) }
        let entries = (0..<leaves).map { Entry(digest: Digest(hashing: [0, 0, 0, UInt8($0)].span), length: $0 + 1) }
        let root = Run(entries).prefixDigest()
        let isInside = first < leaves
        let entry = isInside ? entries[first] : Entry(digest: root, length: 1)
        if MerkleTree.verifyInclusion(of: entry, at: first, count: leaves, proof: proof, root: root) {
            claim(
                isInside && proof == MerkleTree.inclusionProof(of: first, in: entries), "one proof of inclusion holds")
        }
        let old = first <= leaves ? Run(entries.prefix(first)).prefixDigest() : root
        if MerkleTree.verifyConsistency(from: first, old, to: leaves, root, proof: proof) {
            let isTrue = first == 0 ? proof.isEmpty : proof == MerkleTree.consistencyProof(from: first, in: entries)
            claim(isTrue, "one proof of consistency holds")
        }
        let other = Digest(hashing: (bytes + [0]).span)
        let isFooled = MerkleTree.verifyConsistency(from: first, other, to: leaves, root, proof: proof)
        claim(!isFooled, "no other tree is consistent")
        _ = MerkleTree.verifyInclusion(of: entry, at: first, count: second, proof: proof, root: root)
        _ = MerkleTree.verifyConsistency(from: first, old, to: second, root, proof: proof)
    }

    private static func missing(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let start = input.number() % (Manifest.countLimit + 1)
        let range = start..<start + Int(input.byte()) * 8
        for missing in [
            MissingIndices(ranges: input.text, in: range), MissingIndices(bitmap: input.bytes, in: range),
        ] {
            guard let missing else { continue }
            claim(missing.indices.allSatisfy(range.contains), "what is missing is in the range")
            claim(missing.count == missing.indices.count, "the count is that of the indices")
            claim(MissingIndices(missing.indices, in: range) == missing, "the indices say all")
            claim(MissingIndices(ranges: missing.ranges, in: range) == missing, "ranges read back")
            claim(MissingIndices(bitmap: missing.bitmap, in: range) == missing, "a bitmap reads back")
        }
    }

    /// A body of frames, whole and cut to pieces: the same frames either way.
    private static func frames(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let step = Int(input.byte()) + 1
        let body = input.bytes
        let whole = events(of: [body])
        let cut = stride(from: 0, to: body.count, by: step).map { Array(body[$0..<min($0 + step, body.count)]) }
        claim(events(of: cut) == whole, "frames are the same wherever the body is cut")
        for (frame, bytes) in whole.frames {
            claim(bytes.count <= frame.wireLength, "a frame has no more bytes than it says")
            claim(ChunkFrame(header: frame.header.span) == frame, "a header reads back")
        }
    }

    private struct FrameEvents: Equatable {
        var frames: [(ChunkFrame, [UInt8])] = []
        var ended = 0
        var isInvalid = false
        var isBetween = true

        static func == (left: FrameEvents, right: FrameEvents) -> Bool {
            left.frames.elementsEqual(right.frames) { $0 == $1 } && left.ended == right.ended
                && left.isInvalid == right.isInvalid && left.isBetween == right.isBetween
        }
    }

    private static func events(of pieces: [[UInt8]]) -> FrameEvents {
        var reader = FrameReader()
        var events = FrameEvents()
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            while let event = reader.next(in: &buffer) {
                switch event {
                case .frame(let frame): events.frames.append((frame, []))
                case .bytes(let bytes): events.frames[events.frames.count - 1].1 += bytes.readableBytesView
                case .end: events.ended += 1
                case .invalid: events.isInvalid = true
                }
            }
        }
        events.isBetween = reader.isBetweenFrames
        return events
    }

    /// A hostile block for a length of its own, and the same bytes packed and unpacked.
    private static func lz4(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let length = input.number() % (1 << 25)
        let block = input.bytes
        for length in [length, length % 4096, block.count] {
            if let plain = ChunkBlock.decode(block.span, to: length) {
                claim(plain.count == length, "a block gives exactly the bytes that were asked for")
            }
        }
        if let packed = ChunkBlock.encoding(block.span) {
            claim(packed.count <= block.count - block.count / 16, "a block is kept only when it saves a sixteenth")
            claim(ChunkBlock.decode(packed.span, to: block.count) == block, "a block gives its bytes back")
            claim(ChunkBlock.decode(packed.span, to: block.count + 1) == nil, "and no more of them")
        }
        _ = ChunkBlock.pays(block.span)
    }

    /// A ledger's cache of a run, and the texts of digests and ids.
    private static func run(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let (count, length) = (input.number(), Int64(input.number()))
        let text = input.text
        if let run = Run(count: count, length: length, peaks: input.bytes) {
            claim(
                run.count == count && run.length == length && run.peaks.bytes == input.bytes, "a run is as it was kept")
            var longer = run
            longer.append(Entry(digest: run.prefixDigest(), length: 1))
            claim(longer.count == count + 1, "and goes on")
        }
        if let digest = Digest(text) { claim(digest.description == text, "a digest has one spelling") }
        if let id = UploadID(text) { claim(id.description == text, "an id has one spelling") }
    }
}
