"""Cairn as the bench sees it: four doors that bring files in, and what must be true after a start."""
import base64
import hashlib
import json
import os
import struct

import prefix
from wire import Broken

WARM = 4_096                # entries; the ledger carries its log over after about 2,048 (spec/ledger.md)
KEPT, HAD, REFUSED = 0, 1, 255    # verdicts (spec/native.md, "Many chunks")
TUS = {'Tus-Resumable': '1.0.0'}
OCTETS = {**TUS, 'Content-Type': 'application/offset+octet-stream'}


def took(client, record, offset=None):
    """An answer acknowledged the record, up to an offset."""
    record.acknowledge(offset)
    client.acknowledged()


def piece(client, record):
    """The next bytes to send: (offset, bytes, all that is left was meant)."""
    left = record.content.length - record.acknowledged
    length = left if client.rng.random() < 0.4 else client.rng.randint(1, max(1, left))
    start = record.acknowledged
    return start, record.content.bytes(start, start + min(length, left))


class XStartByte:
    """spec/x-start-byte.md"""

    def begin(self, client, record):
        self.go_on(client, record)

    def go_on(self, client, record):
        if record.doubtful:
            return self.ask(client, record)
        start, body = piece(client, record)
        fields = {'X-File-Id': record.name, 'X-Start-Byte': str(start), 'X-File-Size': str(record.content.length)}
        record.sent = max(record.sent, start + len(body))
        client.sending('completion' if record.sent == record.content.length else 'append')
        if len(body) > 1 and client.rng.random() < 0.1:
            cut = client.rng.randint(1, len(body) - 1)
            record.doubtful = True
            return client.wire.break_off('POST', '/upload', fields, body[:cut], len(body))
        answer = client.wire.ask('POST', '/upload', fields, body)
        if answer.status != 200:
            record.doubtful = True
            return client.refused(answer)
        self.learn(record, answer)
        took(client, record, start + len(body))
        if start + len(body) == record.content.length:
            record.finished()

    def ask(self, client, record):
        answer = client.wire.ask('GET', '/status', {'X-File-Id': record.name})
        if answer.status != 200:
            return client.refused(answer)
        self.learn(record, answer)
        if record.id:
            took(client, record, int(answer.body))
        record.doubtful = False
        if record.id and int(answer.body) == record.content.length:
            record.finished()

    def learn(self, record, answer):
        if 'Location' in answer.fields:
            record.id = answer.fields['Location'].rsplit('/', 1)[1]


class Tus:
    """spec/tus.md"""

    def begin(self, client, record):
        client.sending('beginning')
        fields = {**TUS, 'Upload-Length': str(record.content.length),
                  'Upload-Metadata': f'filename {base64.b64encode(record.name.encode()).decode()},filetype YS9i'}
        answer = client.wire.ask('POST', '/files', fields)
        if answer.status != 201:
            record.removal = 'asked'
            return client.refused(answer)
        record.id = answer.fields['Location'].rsplit('/', 1)[1]
        took(client, record, 0)
        if record.content.length == 0:
            record.finished()

    def go_on(self, client, record):
        if record.id is None:
            record.removal = 'asked'
        elif record.doubtful:
            self.ask(client, record)
        else:
            self.append(client, record)

    def append(self, client, record):
        start, body = piece(client, record)
        record.sent = max(record.sent, start + len(body))
        client.sending('completion' if record.sent == record.content.length else 'append')
        path, fields = f'/files/{record.id}', {**OCTETS, 'Upload-Offset': str(start)}
        if len(body) > 1 and client.rng.random() < 0.1:
            record.doubtful = True
            return client.wire.break_off('PATCH', path, fields, body[:client.rng.randint(1, len(body) - 1)], len(body))
        answer = client.wire.ask('PATCH', path, fields, body)
        if answer.status != 204:
            record.doubtful = True
            return client.refused(answer)
        took(client, record, answer.count('Upload-Offset'))
        if record.acknowledged == record.content.length:
            record.finished()

    def ask(self, client, record):
        answer = client.wire.ask('HEAD', f'/files/{record.id}', TUS)
        if answer.status != 200:
            return client.refused(answer)
        took(client, record, answer.count('Upload-Offset'))
        if record.acknowledged == record.content.length:
            record.finished()


class Native:
    """spec/native.md: entries named in segments, chunks in any order, alone or framed."""

    def begin(self, client, record):
        client.sending('beginning')
        record.chunk_size = client.rng.choice([65_536, 65_536, 131_072, 1 << 20])
        wish = {'length': record.content.length, 'name': record.name, 'chunkSize': record.chunk_size}
        answer = client.wire.ask('POST', '/v1/uploads', {}, json.dumps(wish).encode())
        if answer.status != 201:
            record.removal = 'asked'
            return client.refused(answer)
        record.id = json.loads(answer.body)['id']
        took(client, record, 0)

    def go_on(self, client, record):
        record.doubtful = False
        if record.id is None:
            record.removal = 'asked'
            return
        entries = prefix.entries(record.content.bytes(), record.chunk_size)
        left = [it for it in range(record.named) if it not in record.chunks]
        if record.named < len(entries):
            self.name(client, record, entries)
        elif left:
            self.bring(client, record, entries, left)
        else:
            self.complete(client, record)

    def name(self, client, record, entries):
        count = min(client.rng.choice([1, 3, 100]), len(entries) - record.named)
        last = record.named + count
        body = b''.join(digest for digest, _ in entries[record.named:last])
        path = f'/v1/uploads/{record.id}/manifest?index={record.named}'
        record.sent = record.content.length     # what the store has of them counts at once
        answer = client.wire.ask('PATCH', path, {'Content-Type': 'application/vnd.cairn.digests'}, body)
        if answer.status != 200:
            return client.refused(answer)
        missing = missing_indices(json.loads(answer.body))
        record.chunks |= set(range(record.named, last)) - missing
        record.named = last
        took(client, record, answer.count('Upload-Offset'))

    def bring(self, client, record, entries, left):
        chosen = client.rng.sample(left, min(len(left), client.rng.choice([1, 1, 4])))
        client.sending('append')
        if len(chosen) == 1:
            digest = entries[chosen[0]][0].hex()
            answer = client.wire.ask('PUT', f'/v1/uploads/{record.id}/chunks/{digest}', {},
                                     self.chunk(record, chosen[0]))
            verdicts = [KEPT if answer.status in (200, 201) else REFUSED]
        else:
            frames = []
            for index in chosen:
                digest, length = entries[index]
                frames += [digest, struct.pack('>IIB', length, length, 0), self.chunk(record, index)]
            answer = client.wire.ask('POST', f'/v1/uploads/{record.id}/chunks',
                                     {'Content-Type': 'application/vnd.cairn.frames'}, b''.join(frames))
            verdicts = answer.body if answer.status == 200 else [REFUSED]
        if any(verdict > HAD for verdict in verdicts):
            client.refused(answer)
        kept = [index for index, verdict in zip(chosen, verdicts) if verdict <= HAD]
        if kept:
            record.chunks |= set(kept)
            took(client, record, answer.count('Upload-Offset'))

    def chunk(self, record, index):
        return record.content.bytes(index * record.chunk_size, (index + 1) * record.chunk_size)

    def complete(self, client, record):
        client.sending('completion')
        record.sealing = True
        answer = client.wire.ask('POST', f'/v1/uploads/{record.id}/complete')
        if answer.status not in (200, 201):
            return client.refused(answer)
        record.finished()
        client.acknowledged()


class Plain:
    """spec/http.md, "Plain": the file is there when the answer is, or not at all."""

    def begin(self, client, record):
        client.sending('completion')
        answer = client.wire.ask('PUT', f'/files/{record.name}', {}, record.content.bytes())
        if answer.status != 201:
            record.removal = 'asked'
            return client.refused(answer)
        record.id = answer.fields['Location'].rsplit('/', 1)[1]
        record.finished()
        client.acknowledged()

    def go_on(self, client, record):
        record.removal = 'asked'    # the answer is lost, and with it the id


def missing_indices(answer):
    """The indices that an answer of the native dialect says are missing."""
    missing, first = answer['missing'], answer['index']
    if 'bitmap' in missing:
        bits = base64.b64decode(missing['bitmap'] + '==')
        return {first + at for at in range(answer['count']) if bits[at // 8] >> (7 - at % 8) & 1}
    runs = [run.split('-') for run in missing['ranges'].split(',') if run]
    return {at for run in runs for at in range(int(run[0]), int(run[-1]) + 1)}


class Cairn:
    """The server under test."""
    name = 'cairn'
    removes = True
    names_known = True
    doors = {'x-start-byte': XStartByte(), 'tus': Tus(), 'native': Native(), 'put': Plain()}

    def __init__(self, binary):
        self.binary = binary

    def command(self, data, chunk_size=65_536):
        return [self.binary, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--chunk-size', str(chunk_size)]

    def door(self, record):
        return self.doors[record.door]

    def warm(self, wire):
        """Names so many entries that the ledger's log is carried over and written anew from its beginning.

        From then on a sync of the log need not make the file system write down what others changed: what relied on
        that is found out.
        """
        wish = {'length': WARM << 16, 'name': 'warm', 'chunkSize': 65_536}
        answer = wire.ask('POST', '/v1/uploads', {}, json.dumps(wish).encode())
        path = f'/v1/uploads/{json.loads(answer.body)["id"]}/manifest?index=0'
        wire.ask('PATCH', path, {'Content-Type': 'application/vnd.cairn.digests'}, os.urandom(32 * WARM))

    def remove(self, client, record):
        """Cancels an upload or removes a file, by one of the doors."""
        if record.id is None:
            return
        client.sending('removal')
        record.removal = 'asked'
        path, fields = client.rng.choice([(f'/v1/uploads/{record.id}', {}), (f'/v1/files/{record.id}', {}),
                                          (f'/files/{record.id}', TUS)])
        answer = client.wire.ask('DELETE', path, fields)
        if answer.status == 204:
            record.removal = 'acknowledged'
            took(client, record)
        else:
            client.refused(answer)

    def verify(self, wire, record, rng):
        """What is lost of a record, as sentences; none when all that was acknowledged is there."""
        asked = record.removal == 'asked'
        lost = list(self.verify_all(wire, record, rng))
        # A removal that nobody was told of may still be carried out after the start, between two of our questions.
        if lost and asked and wire.ask('GET', f'/v1/uploads/{record.id}').status in (404, 410):
            record.removal = 'acknowledged'
            return []
        return lost

    def verify_all(self, wire, record, rng):
        if record.door == 'x-start-byte' and record.id is None:
            answer = wire.ask('GET', '/status', {'X-File-Id': record.name})
            self.doors['x-start-byte'].learn(record, answer)
        if record.id is None:
            return
        answer = wire.ask('GET', f'/v1/uploads/{record.id}')
        if answer.status in (404, 410):
            if record.removal != '' or not record.begun:
                record.removal = 'acknowledged'
            else:
                yield f'is unknown ({answer.status})'
            return
        if answer.status != 200:
            yield f'the state is answered {answer.status} {answer.body[:200]}'
            return
        if record.removal == 'acknowledged':
            yield 'was removed and is back'
            return
        state = json.loads(answer.body)
        yield from self.verify_state(record, state)
        yield from self.verify_doors(wire, record, state)
        yield from self.verify_bytes(wire, record, state, rng)
        if state['state'] == 'open' and record.chunks:
            yield from self.verify_chunks(wire, record)
        record.acknowledge(state['offset'])
        if state['state'] == 'complete':
            record.finished()

    def verify_state(self, record, state):
        offset = state['offset']
        if offset < record.acknowledged:
            yield f'offset {offset} is reported, {record.acknowledged} was acknowledged'
        if offset > record.sent:
            yield f'offset {offset} is reported, {record.sent} was sent'
        if record.complete and state['state'] != 'complete':
            yield f'was complete and is {state["state"]}'
        if record.named > state['entries'] and not record.complete:
            yield f'{state["entries"]} entries are known, {record.named} were named'
        expected = prefix.digest(record.content.bytes(0, offset), state['chunkSize'])
        if state['prefix'] != expected:
            yield f'the prefix digest at {offset} is another'

    def verify_doors(self, wire, record, state):
        """Every door states the same offset."""
        offset = state['offset']
        answer = wire.ask('HEAD', f'/files/{record.id}', TUS)
        if answer.status != 200 or answer.count('Upload-Offset') != offset:
            yield f'tus says {answer.status} {answer.fields.get("Upload-Offset")}, the native door {offset}'
        if record.door == 'x-start-byte':
            answer = wire.ask('GET', '/status', {'X-File-Id': record.name})
            if answer.body != str(offset).encode():
                yield f'/status says {answer.body[:80]}, the native door {offset}'

    def verify_bytes(self, wire, record, state, rng):
        """All that is reported can be read, and is what was sent."""
        offset = state['offset']
        complete = state['state'] == 'complete'
        expected = record.content.bytes(0, offset)
        if complete and offset != record.content.length:
            yield f'is complete with {offset} bytes'
        doors = [f'/files/{record.id}', f'/v1/files/{record.id}'] if complete else [f'/v1/files/{record.id}']
        if offset == 0 and not complete:
            return
        for path in doors:
            answer = wire.ask('GET', path)
            if answer.status not in (200, 206):
                yield f'{path} of {offset} bytes is answered {answer.status} {answer.body[:200]}'
            elif hashlib.sha256(answer.body).digest() != hashlib.sha256(expected).digest():
                yield f'{path} gives {len(answer.body)} bytes, not the {offset} that were acknowledged'
        if offset > 1:
            first = rng.randrange(offset - 1)
            last = rng.randrange(first, offset)
            answer = wire.ask('GET', doors[-1], {'Range': f'bytes={first}-{last}'})
            if answer.body != expected[first:last + 1]:
                yield f'bytes {first}-{last} are answered {answer.status} and others'

    def verify_chunks(self, wire, record):
        """Chunks that were acknowledged out of order are still there."""
        answer = wire.ask('GET', f'/v1/uploads/{record.id}/missing')
        if answer.status != 200:
            yield f'/missing is answered {answer.status} {answer.body[:200]}'
            return
        lost = missing_indices(json.loads(answer.body)) & record.chunks
        if lost:
            yield f'chunks {sorted(lost)[:8]} were acknowledged and are missing'

    def verify_listed(self, wire, known):
        """Files that nobody was told of, but that are listed, can be read too."""
        answer = wire.ask('GET', '/v1/files?limit=1000')
        for file in json.loads(answer.body)['files'] if answer.status == 200 else []:
            if file['id'] in known:
                continue
            try:
                got = wire.ask('GET', f'/files/{file["id"]}')
            except Broken:
                yield f'{file["id"]} is listed and breaks off'
                continue
            if got.status != 200 or len(got.body) != file['length']:
                yield f'{file["id"]} is listed and is answered {got.status} with {len(got.body)} bytes'
