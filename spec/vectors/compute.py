#!/usr/bin/env python3
"""Computes the vectors beside it: from the text of spec/ and of RFC 9162, with a SHA-256 and a CRC32C of its own.

    compute.py            writes the files
    compute.py --check    compares them with a fresh computation; exits with 1 when one differs
"""

import base64
import hashlib
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent
KIB = 1024


# --- SHA-256 (FIPS 180-4) ---------------------------------------------------------------------------------------------


def primes(count):
    found = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def root_fraction(number, power):
    """The first 32 bits of the fraction of the square or cube root, in integers only."""
    low, high = 0, number << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= number << (32 * power) else (low, middle)
    return low & 0xFFFFFFFF


INITIAL = [root_fraction(prime, 2) for prime in primes(8)]
ROUNDS = [root_fraction(prime, 3) for prime in primes(64)]


def rotate(word, by):
    return (word >> by | word << (32 - by)) & 0xFFFFFFFF


def compress(state, block):
    w = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for t in range(16, 64):
        s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append((w[t - 16] + s0 + w[t - 7] + s1) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for t in range(64):
        s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        t1 = h + s1 + (e & f ^ ~e & g) + ROUNDS[t] + w[t]
        s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        t2 = s0 + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (t1 + t2) & 0xFFFFFFFF, a, b, c, (d + t1) & 0xFFFFFFFF, e, f, g
    return [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d, e, f, g, h))]


def sha256(message):
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64) + (8 * len(message)).to_bytes(8, "big")
    state = INITIAL
    for place in range(0, len(padded), 64):
        state = compress(state, padded[place : place + 64])
    return b"".join(word.to_bytes(4, "big") for word in state)


# --- CRC32C (RFC 9260, appendix A), a bit at a time -------------------------------------------------------------------


def crc32c(message):
    crc = 0xFFFFFFFF
    for byte in message:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def self_test():
    for length in [*range(0, 200), 1000, 4096]:
        message = content(0, length)
        assert sha256(message) == hashlib.sha256(message).digest(), length
    assert crc32c(b"123456789") == 0xE3069283


# --- The tree (RFC 9162, section 2.1), as the RFC writes it: by recursion over lists ----------------------------------
# An entry is a pair: its digest and its length.


def leaf(entry):
    return sha256(b"\x00" + entry[0] + entry[1].to_bytes(4, "big"))


def split(count):
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def tree(entries):
    if not entries:
        return sha256(b"")
    if len(entries) == 1:
        return leaf(entries[0])
    half = split(len(entries))
    return sha256(b"\x01" + tree(entries[:half]) + tree(entries[half:]))


def path(index, entries):
    if len(entries) == 1:
        return []
    half = split(len(entries))
    if index < half:
        return path(index, entries[:half]) + [tree(entries[half:])]
    return path(index - half, entries[half:]) + [tree(entries[:half])]


def subproof(old, entries, whole):
    if old == len(entries):
        return [] if whole else [tree(entries)]
    half = split(len(entries))
    if old <= half:
        return subproof(old, entries[:half], whole) + [tree(entries[half:])]
    return subproof(old - half, entries[half:], False) + [tree(entries[:half])]


def consistency(old, entries):
    return subproof(old, entries, True) if 0 < old < len(entries) else []


# --- Files and manifests ----------------------------------------------------------------------------------------------


def content(start, end):
    """Byte i of every file here is (7i + 3) mod 251."""
    return bytes((7 * i + 3) % 251 for i in range(start, end))


KNOWN = {}


def entry(start, end):
    if (start, end) not in KNOWN:
        KNOWN[start, end] = (sha256(content(start, end)), end - start)
    return KNOWN[start, end]


def cuts(lengths):
    entries, start = [], 0
    for length in lengths:
        entries.append(entry(start, start + length))
        start += length
    return entries


def regular(length, chunk_size):
    return [min(chunk_size, length - start) for start in range(0, length, chunk_size)]


def prefix_lengths(lengths, offset):
    """The lengths of the entries of the first `offset` bytes, the last of them cut short."""
    kept = []
    for length in lengths:
        if offset > 0:
            kept.append(min(length, offset))
        offset -= length
    return kept


def is_ragged(lengths, chunk_size):
    return any(length != chunk_size for length in lengths[:-1])


def header(ragged, chunk_size, count, length, magic=b"CRNM", version=1, flags=None, zero=0):
    flags = int(ragged) if flags is None else flags
    start = magic + bytes([version, flags]) + zero.to_bytes(2, "big") + chunk_size.to_bytes(4, "big")
    start += count.to_bytes(8, "big") + length.to_bytes(8, "big")
    return start + crc32c(start).to_bytes(4, "big")


def manifest(entries, chunk_size, ragged=None):
    ragged = is_ragged([length for _, length in entries], chunk_size) if ragged is None else ragged
    coded = header(ragged, chunk_size, len(entries), sum(length for _, length in entries))
    for digest, length in entries:
        coded += digest + (length.to_bytes(4, "big") if ragged else b"")
    return coded


def manifest_json(entries, chunk_size):
    lengths = [length for _, length in entries]
    members = {
        "chunkSize": chunk_size,
        "length": sum(lengths),
        "contentId": tree(entries).hex(),
        "entries": [digest.hex() for digest, _ in entries],
    }
    if is_ragged(lengths, chunk_size):
        members["lengths"] = lengths
    return json.dumps(members, separators=(",", ":"))


def listed(entries):
    return [{"digest": digest.hex(), "length": length} for digest, length in entries]


def hexes(digests):
    return [digest.hex() for digest in digests]


# --- The vectors ------------------------------------------------------------------------------------------------------

ENTRIES = [(sha256(i.to_bytes(4, "big")), i + 1) for i in range(65)]


def tree_vectors():
    return {
        "about": "leaves[i] is the leaf of entries[i], roots[n] the root over the first n entries. "
        "Entry i: the SHA-256 of i as four bytes, big-endian, and length i + 1.",
        "entries": listed(ENTRIES),
        "leaves": [leaf(entry).hex() for entry in ENTRIES],
        "roots": [tree(ENTRIES[:count]).hex() for count in range(len(ENTRIES) + 1)],
    }


def places(count):
    """All places in a small tree; in a larger one those at its seams."""
    if count <= 9:
        return range(count)
    half = split(count)
    return sorted({0, 1, half // 2, half - 1, half, count - 2, count - 1})


def refused_inclusion():
    proof = path(5, ENTRIES[:11])
    right = {"index": 5, "count": 11, "entry": 5, "root": 11, "proof": proof}
    return [
        case(right, "the last digest is absent", proof=proof[:-1]),
        case(right, "the first digest is absent", proof=proof[1:]),
        case(right, "one digest too many", proof=proof + [proof[-1]]),
        case(right, "a thousand digests", proof=proof[:1], repeat=1000),
        case(right, "no digests", proof=[]),
        case(right, "two digests change places", proof=[proof[1], proof[0]] + proof[2:]),
        case(right, "the neighbour's index", index=4),
        case(right, "an index beyond the tree", index=11),
        case(right, "a negative index", index=-1),
        case(right, "no tree", index=0, count=0),
        case(right, "a negative count", index=-2, count=-1),
        case(right, "another entry", entry=6),
        case(right, "the root of another tree", root=12),
        case(right, "the proof for another tree", proof=path(5, ENTRIES[:12])),
        case(right, "a count that calls for a higher tree", index=3, count=16, entry=3, root=8,
             proof=path(3, ENTRIES[:8])),
    ]


def refused_consistency():
    proof = consistency(6, ENTRIES[:11])
    right = {"oldCount": 6, "newCount": 11, "oldRoot": 6, "newRoot": 11, "proof": proof}
    return [
        case(right, "the last digest is absent", proof=proof[:-1]),
        case(right, "the first digest is absent", proof=proof[1:]),
        case(right, "one digest too many", proof=proof + [proof[-1]]),
        case(right, "a thousand digests", proof=proof[:1], repeat=1000),
        case(right, "no digests", proof=[]),
        case(right, "two digests change places", proof=[proof[1], proof[0]] + proof[2:]),
        case(right, "the old root is another tree's", oldRoot=5),
        case(right, "the new root is another tree's", newRoot=12),
        case(right, "the old tree is the longer", oldCount=11, newCount=6, oldRoot=11, newRoot=6),
        case(right, "a negative count", oldCount=-1),
        case(right, "nothing to show, yet a proof", oldCount=11, oldRoot=11),
        case(right, "the same count, other roots", oldCount=11, proof=[]),
        case(right, "an empty tree with another root", oldCount=0, proof=[]),
        case(right, "a whole old subtree and no proof", oldCount=8, oldRoot=8, proof=[]),
        case(right, "a count that calls for a higher tree", oldCount=3, newCount=16, oldRoot=3, newRoot=8,
             proof=consistency(3, ENTRIES[:8])),
    ]


def case(right, reason, **changes):
    made = {"reason": reason, **right, **changes}
    return {**made, "proof": hexes(made["proof"])}


def proof_vectors():
    counts = [*range(1, 18), 31, 32, 33]
    return {
        "about": "Proofs over the trees of tree.json: 'entry', 'root', 'oldRoot', 'newRoot' are places in its lists. "
        "The refused ones must be refused; with 'repeat' the digests of the proof come that many times.",
        "inclusion": [
            {"index": index, "count": count, "proof": hexes(path(index, ENTRIES[:count]))}
            for count in counts
            for index in places(count)
        ],
        "consistency": [
            {"oldCount": old, "newCount": count, "proof": hexes(consistency(old, ENTRIES[:count]))}
            for count in [0, *counts]
            for old in ([*places(count), count] if count else [0])
        ],
        "refusedInclusion": refused_inclusion(),
        "refusedConsistency": refused_consistency(),
    }


def prefix(lengths, offset, chunk_size):
    kept = prefix_lengths(lengths, offset)
    digest = tree(cuts(kept))
    field = f":{base64.b64encode(digest).decode()}:;offset={offset}"
    return {
        "offset": offset,
        "entries": listed(cuts(kept)),
        "digest": digest.hex(),
        "uploadPrefix": field if is_ragged(kept, chunk_size) else f"{field};chunk-size={chunk_size}",
    }


def prefix_file(name, chunk_size, lengths, offsets):
    return {
        "name": name,
        "chunkSize": chunk_size,
        "lengths": lengths,
        "prefixes": [prefix(lengths, offset, chunk_size) for offset in offsets],
    }


def prefix_vectors():
    size = 64 * KIB
    offsets = [0, 1, size - 1, size, size + 1, 2 * size, 150_000, 3 * size, 199_999, 200_000]
    joined = regular(100_000, size) * 2
    return {
        "about": "Prefix digests of files whose byte i is (7i + 3) mod 251.",
        "files": [
            prefix_file("four chunks", size, regular(200_000, size), offsets),
            prefix_file("larger chunks", 2 * size, regular(200_000, 2 * size), [size, 2 * size, 200_000]),
            prefix_file("two files joined", size, joined, [0, size, 99_999, 100_000, 100_001, 165_536, 200_000]),
        ],
    }


def manifest_case(name, chunk_size, lengths):
    entries = cuts(lengths)
    return {
        "name": name,
        "chunkSize": chunk_size,
        "isRagged": is_ragged(lengths, chunk_size),
        "length": sum(lengths),
        "entries": listed(entries),
        "contentId": tree(entries).hex(),
        "hex": manifest(entries, chunk_size).hex(),
        "json": manifest_json(entries, chunk_size),
    }


def refused(reason, error, coded):
    return {"reason": reason, "error": error, "hex": coded.hex()}


def refused_headers():
    size = 64 * KIB
    good = header(False, size, 0, 0)
    return [
        refused("no bytes", "notAManifest", b""),
        refused("another magic", "notAManifest", header(False, size, 0, 0, magic=b"CRNX")),
        refused("cut in the header", "damagedHeader", good[:31]),
        refused("a wrong checksum", "damagedHeader", good[:-1] + bytes([good[-1] ^ 1])),
        refused("version 0", "unsupported", header(False, size, 0, 0, version=0)),
        refused("version 2", "unsupported", header(False, size, 0, 0, version=2)),
        refused("an unknown flag", "unsupported", header(False, size, 0, 0, flags=2)),
        refused("bytes that should be zero", "unsupported", header(False, size, 0, 0, zero=1)),
        refused("chunk size 0", "chunkSize", header(False, 0, 0, 0)),
        refused("chunk size 32 KiB", "chunkSize", header(False, 32 * KIB, 0, 0)),
        refused("chunk size 65,537", "chunkSize", header(False, size + 1, 0, 0)),
        refused("chunk size 32 MiB", "chunkSize", header(False, 32 * KIB * KIB, 0, 0)),
        refused("one entry too many", "tooManyEntries", header(False, size, 2**20 + 1, (2**20 + 1) * size)),
        refused("2^64 - 1 entries", "tooManyEntries", header(True, size, 2**64 - 1, 2**64 - 1)),
        refused("no entries, yet a length", "wrongLength", header(False, size, 0, 1)),
        refused("an entry without a length", "wrongLength", header(False, size, 1, 0)),
        refused("longer than its entries", "wrongLength", header(False, size, 2, 2 * size + 1)),
        refused("shorter than its entries", "wrongLength", header(False, size, 2, size)),
        refused("2^64 - 1 bytes", "wrongLength", header(True, size, 2, 2**64 - 1)),
        refused("more ragged entries than bytes", "wrongLength", header(True, size, 3, 2)),
        refused("as many entries as allowed, and none there", "wrongSize", header(False, size, 2**20, 2**20 * size)),
    ]


def refused_entries():
    size = 64 * KIB
    short, long = (bytes(32), 5), (bytes(32), size)
    good = manifest([long, short], size)
    empty, wide = (bytes(32), 0), (bytes(32), size + 1)
    other_sum = header(True, size, 2, 11) + manifest([short, short], size)[32:]
    return [
        refused("one byte is missing", "wrongSize", good[:-1]),
        refused("one byte too many", "wrongSize", good + b"\x00"),
        refused("an empty chunk", "entryLength", manifest([short, empty, short], size)),
        refused("a chunk above the chunk size", "entryLength", manifest([short, wide, short], size)),
        refused("a chunk of 2^32 - 1 bytes", "entryLength",
                manifest([short, (bytes(32), 0)], size, ragged=True)[:-4] + b"\xff" * 4),
        refused("lengths that add up to another", "wrongLength", other_sum),
        refused("marked as ragged, and regular", "wrongMark", manifest([long, short], size, ragged=True)),
    ]


def manifest_vectors():
    size = 64 * KIB
    return {
        "about": "Manifests of files whose byte i is (7i + 3) mod 251, and byte strings that must be refused.",
        "manifests": [
            manifest_case("an empty file", size, []),
            manifest_case("an empty file of the largest chunk size", 16 * KIB * KIB, []),
            manifest_case("one byte", size, [1]),
            manifest_case("one chunk", size, [size]),
            manifest_case("one chunk, the chunk size twice as large", 2 * size, [size]),
            manifest_case("one chunk and one byte", size, [size, 1]),
            manifest_case("four chunks", size, regular(200_000, size)),
            manifest_case("two files joined", size, regular(100_000, size) * 2),
            manifest_case("two short files joined", size, [1, 1]),
            manifest_case("a short file before a whole chunk", size, [1, size]),
        ],
        "refused": refused_headers() + refused_entries(),
    }


def crc32c_vectors():
    named = [
        ("nothing", b""),
        ("the digits 1 to 9", b"123456789"),
        ("32 bytes of zero (RFC 3720, B.4)", bytes(32)),
        ("32 bytes of 255 (RFC 3720, B.4)", b"\xff" * 32),
        ("0 up to 31 (RFC 3720, B.4)", bytes(range(32))),
        ("31 down to 0 (RFC 3720, B.4)", bytes(range(31, -1, -1))),
    ]
    lengths = [*range(1, 20), 63, 64, 65]
    counted = [(f"byte i is (7i + 3) mod 251, {length} of them", content(0, length)) for length in lengths]
    return {
        "about": "CRC32C (Castagnoli), as four bytes big-endian.",
        "cases": [
            {"name": name, "hex": message.hex(), "checksum": crc32c(message).to_bytes(4, "big").hex()}
            for name, message in named + counted
        ],
    }


def hmac(key, message):
    """RFC 2104, of keys no longer than a block."""
    pad = lambda mask: bytes(byte ^ mask for byte in key.ljust(64, b"\0"))
    return sha256(pad(0x5C) + sha256(pad(0x36) + message))


def link_case(name, token, claims, reason=None, at=1_800_000_000, change=None):
    _, _, secret = token.split("_")
    key = hmac(secret.encode(), b"cairn upload link 1")
    encoded = base64.urlsafe_b64encode(json.dumps(claims, sort_keys=True, separators=(",", ":")).encode())
    signed = "cairn-link." + encoded.decode().rstrip("=")
    link = f"{signed}.{hmac(key, signed.encode()).hex()}"
    if change:
        link = change(link)
    case = {"name": name, "at": at, "link": link}
    return {**case, "reason": reason} if reason else {**case, "key": key.hex(), **claims}


def link_vectors():
    token = "cairn_" + "0123456789abcdef" + "_" + "00112233445566778899aabbccddeeff" * 2
    claims = {"token": "0123456789abcdef", "nonce": "order-17", "length": 1_000_000, "expires": 1_800_003_600}
    typed = {**claims, "types": ["image/*", "application/pdf"]}
    return {
        "about": "Upload links (spec/security.md): those of 'cases' count at the moment 'at', those of 'refused' do not.",
        "token": token,
        "cases": [
            link_case("of any type", token, claims),
            link_case("of some types", token, typed),
            link_case("an empty file, the last second", token, {**claims, "length": 0}, at=1_800_003_599),
        ],
        "refused": [
            link_case("over", token, claims, "the moment it names has come", at=1_800_003_600),
            link_case("another secret", token[:-1] + "0", claims, "its key is not the token's"),
            link_case("another token", token, {**claims, "token": "f" * 16}, "there is no such token"),
            link_case("a length below zero", token, {**claims, "length": -1}, "no file is so long"),
            link_case("a nonce that is no name", token, {**claims, "nonce": "a/b"}, "a slash"),
            link_case("a type that is none", token, {**claims, "types": ["image"]}, "no subtype"),
            link_case("no end", token, {k: v for k, v in claims.items() if k != "expires"}, "a claim is missing"),
            link_case("padded", token, claims, "base64url without padding", change=lambda l: l.replace(".", "=.", 2).replace("=", "", 1)),
            link_case("a changed claim", token, claims, "the signature is of another", change=lambda l: l[:20] + "B" + l[21:]),
            link_case("cut", token, claims, "63 digits", change=lambda l: l[:-1]),
        ],
    }


VECTORS = {
    "links.json": link_vectors,
    "tree.json": tree_vectors,
    "prefix.json": prefix_vectors,
    "manifest.json": manifest_vectors,
    "proofs.json": proof_vectors,
    "crc32c.json": crc32c_vectors,
}


def main():
    self_test()
    different = False
    for name, vectors in VECTORS.items():
        text = json.dumps(vectors(), indent=1) + "\n"
        file = FOLDER / name
        if "--check" not in sys.argv[1:]:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            different = True
            print(f"{name} differs", file=sys.stderr)
    sys.exit(different)


if __name__ == "__main__":
    main()
