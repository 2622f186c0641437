"""How schemathesis sends the media types of Cairn: as bytes; some of them well-formed."""
import hashlib, random

import schemathesis
from hypothesis import strategies

FRAMES, DIGESTS = 'application/vnd.cairn.frames', 'application/vnd.cairn.digests'
schemathesis.serializer.alias([FRAMES, DIGESTS], 'application/octet-stream')


def frame(content):
    """A frame of plain bytes (native.md, "Many chunks")."""
    length = len(content).to_bytes(4, 'big')
    return hashlib.sha256(content).digest() + length + length + b'\0' + content


CHUNKS = [random.Random(n).randbytes(65536) for n in range(4)]
schemathesis.openapi.media_type(DIGESTS, strategies.binary(max_size=400) | strategies.lists(
    strategies.sampled_from(CHUNKS), max_size=4).map(lambda x: b''.join(hashlib.sha256(c).digest() for c in x)))
schemathesis.openapi.media_type(FRAMES, strategies.binary(max_size=400) | strategies.lists(
    strategies.sampled_from(CHUNKS), max_size=3).map(lambda x: b''.join(map(frame, x))))
