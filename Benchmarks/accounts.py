"""Reads the native protocol as it passes a proxy: which chunks were acknowledged, and whether any was sent again."""
import re, struct, time

HEADER = 41


class Accounts:
    """Give it to `Proxy(observer=...)`. Chunk bodies of uploads (PUT, frames) are booked by digest.

    A client knows of an acknowledgement that was given to itself, or to another before it began: then it asked later.
    What is told to one that was killed, after the next has asked, nobody heard.
    """

    def __init__(self):
        self.client = 0         # clients that have begun; connections belong to the latest
        self.acknowledged = {}  # digest -> the clients that were told, and the last one that had begun before
        self.sent = 0           # chunk bodies begun
        self.again = 0          # of these, begun by a client that knows of their acknowledgement
        self.first = None       # when the first chunk body passed

    def client_begins(self):
        self.client += 1

    def connection(self):
        return Connection(self, self.client)

    def begins(self, digest, client):
        self.first = self.first or time.monotonic()
        self.sent += 1
        told, later = self.acknowledged.get(digest, (set(), client))
        self.again += client in told or client > later

    def acknowledges(self, digest, client):
        told, later = self.acknowledged.get(digest, (set(), self.client))
        self.acknowledged[digest] = (told | {client}, later)


class Connection:
    """Two parsers, one a direction, over one connection; requests are answered in their order."""

    def __init__(self, accounts, client):
        self.accounts, self.client = accounts, client
        self.waiting = []  # (kind, digests) of requests whose answer has not passed
        self.up = Messages(self.request)
        self.down = Messages(self.answer)

    def request(self, head):
        method, target = head.split(b' ', 2)[:2]
        chunk = re.fullmatch(rb'/v1/uploads/[^/]+/chunks/([0-9a-f]{64})', target)
        if method == b'PUT' and chunk:
            digest = bytes.fromhex(chunk[1].decode())
            self.accounts.begins(digest, self.client)
            self.waiting.append(('put', [digest]))
        elif method == b'POST' and target.endswith(b'/chunks'):
            digests = []
            self.waiting.append(('frames', digests))
            return Frames(self.accounts, self.client, digests)
        else:
            self.waiting.append(('other', []))

    def answer(self, head):
        status = int(head.split(b' ', 2)[1])
        if status < 200 or not self.waiting:
            return None
        kind, digests = self.waiting.pop(0)
        if status >= 300 or kind == 'other':
            return None
        if kind == 'put':
            self.accounts.acknowledges(digests[0], self.client)
            return None
        return Verdicts(self.accounts, self.client, digests)


class Frames:
    def __init__(self, accounts, client, digests):
        self.accounts, self.client, self.digests = accounts, client, digests
        self.head, self.skip = b'', 0

    def feed(self, data):
        while data:
            if self.skip:
                taken = min(self.skip, len(data))
                self.skip -= taken
                data = data[taken:]
                continue
            taken = HEADER - len(self.head)
            self.head, data = self.head + data[:taken], data[taken:]
            if len(self.head) == HEADER:
                digest, _, wire, _ = struct.unpack('>32sIIB', self.head)
                self.head, self.skip = b'', wire
                self.digests.append(digest)
                self.accounts.begins(digest, self.client)


class Verdicts:
    def __init__(self, accounts, client, digests):
        self.accounts, self.client, self.digests, self.index = accounts, client, digests, 0

    def feed(self, data):
        for verdict in data:
            if verdict in (0, 1):
                self.accounts.acknowledges(self.digests[self.index], self.client)
            self.index += 1


def length_of(head):
    found = re.search(rb'\r\ncontent-length: *(\d+)', head, re.IGNORECASE)
    return int(found[1]) if found else 0


class Messages:
    """Cuts one direction into heads and bodies of a known length; chunked bodies end the reading, which is told."""

    def __init__(self, head):
        self.on_head, self.buffer, self.left, self.body = head, b'', 0, None

    def feed(self, data):
        while data:
            if self.left:
                taken = min(self.left, len(data))
                if self.body:
                    self.body.feed(data[:taken])
                self.left -= taken
                data = data[taken:]
                continue
            self.buffer += data
            end = self.buffer.find(b'\r\n\r\n')
            if end < 0:
                return
            head, data, self.buffer = self.buffer[:end + 2], self.buffer[end + 4:], b''
            if re.search(rb'\r\ntransfer-encoding:', head, re.IGNORECASE):
                raise ValueError('a chunked body cannot be booked')
            self.body = self.on_head(head)
            self.left = length_of(head)
