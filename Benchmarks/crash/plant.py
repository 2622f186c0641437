"""A file of very many chunks, brought by the native protocol as LZ4 blocks of a few hundred bytes."""
import hashlib
import json
import struct

from wire import Wire

CHUNK_SIZE = 65_536
BATCH = 8_192               # entries that one request may name (spec/native.md)


def block(word):
    """The chunk that repeats these eight bytes, as LZ4: eight literals, a match of offset 8, five literals."""
    more = CHUNK_SIZE - 8 - 5 - 4 - 15
    length = b'\xff' * (more // 255) + bytes([more % 255])
    return bytes([0x8F]) + word + struct.pack('<H', 8) + length + bytes([0x50]) + word[3:]


def frame(word):
    """(digest, the chunk as a frame)"""
    digest = hashlib.sha256(word * (CHUNK_SIZE // 8)).digest()
    payload = block(word)
    return digest, digest + struct.pack('>IIB', CHUNK_SIZE, len(payload), 1) + payload


def ask(wire, method, path, fields, body, *good):
    answer = wire.ask(method, path, fields, body)
    if answer.status not in good:
        raise RuntimeError(f'{method} {path} is answered {answer.status} {answer.body[:300]}')
    return answer.body


def file(port, count):
    """Makes `count` chunks and a complete file of them; returns its id."""
    wire = Wire(port, timeout=300)
    wish = {'length': count * CHUNK_SIZE, 'name': 'planted', 'chunkSize': CHUNK_SIZE}
    id = json.loads(ask(wire, 'POST', '/v1/uploads', {}, json.dumps(wish).encode(), 201))['id']
    for first in range(0, count, BATCH):
        made = [frame(struct.pack('>Q', number)) for number in range(first, min(first + BATCH, count))]
        ask(wire, 'PATCH', f'/v1/uploads/{id}/manifest?index={first}',
            {'Content-Type': 'application/vnd.cairn.digests'}, b''.join(digest for digest, _ in made), 200)
        ask(wire, 'POST', f'/v1/uploads/{id}/chunks',
            {'Content-Type': 'application/vnd.cairn.frames'}, b''.join(each for _, each in made), 200)
    ask(wire, 'POST', f'/v1/uploads/{id}/complete', {}, b'', 201)
    wire.close()
    return id


def faults(port, id, count, rng):
    """What is wrong with one chunk of it, as sentences: the whole would be gigabytes."""
    number = rng.randrange(count)
    first = number * CHUNK_SIZE
    wire = Wire(port)
    answer = wire.ask('GET', f'/files/{id}', {'Range': f'bytes={first}-{first + CHUNK_SIZE - 1}'})
    wire.close()
    if answer.body != struct.pack('>Q', number) * (CHUNK_SIZE // 8):
        yield f'chunk {number} of the planted file {id} is answered {answer.status} {answer.body[:200]}'
