"""Entries and prefix digests, by another hand than the server's (spec/prefix-digest.md)."""
import hashlib
import struct


def entries(content, chunk_size):
    """(digest, length) of each chunk."""
    cuts = range(0, len(content), chunk_size)
    chunks = [content[at:at + chunk_size] for at in cuts]
    return [(hashlib.sha256(chunk).digest(), len(chunk)) for chunk in chunks]


def digest(content, chunk_size):
    """The prefix digest of these bytes, in hexadecimal."""
    leaves = [hashlib.sha256(b'\0' + it + struct.pack('>I', length)).digest()
              for it, length in entries(content, chunk_size)]
    return root(leaves).hex()


def root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b'\1' + root(leaves[:half]) + root(leaves[half:])).digest()
