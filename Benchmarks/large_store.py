#!/usr/bin/env python3
"""A store of two million chunks: how soon it starts, and whether an upload waits while half of it is reclaimed.

    large_store.py CAIRN [--chunks N] [--directory DIR] [--seconds S]

The store is made directly: rows into the ledger that `cairn serve` made, and for every chunk a name in its folder that
is a hard link to one of a few small files, since no byte of them is read. Half of the chunks belong to files that are
there, half to files that were removed. Then a server runs over it; small files are put one after the other, first for
a while before anything is reclaimed, then until the collector is done; the longest and the usual wait of both are
printed. Standard library only; nothing is asserted.
"""
import argparse, hashlib, http.client, json, os, pathlib, re, shutil, signal, sqlite3, statistics, subprocess, sys
import tempfile, threading, time

FILE = 4096  # entries of each file


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--chunks', type=int, default=2_000_000)
    parser.add_argument('--directory', type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument('--seconds', type=int, default=20, help='how long to measure before the collection')
    return parser.parse_args()


class Server:
    def __init__(self, cairn, data, *options):
        started = time.monotonic()
        self.log = []
        self.process = subprocess.Popen(
            [cairn, 'serve', '--listen', '127.0.0.1:0', '--data', data, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        for line in self.process.stdout:
            if found := re.search(r'listening on http://([^:]+):(\d+)', line):
                self.host, self.port = found[1], int(found[2])
                self.started_in = time.monotonic() - started
                return
        sys.exit('the server did not start: ' + ''.join(self.log[-5:]))

    def read(self):
        for line in self.process.stderr:
            if 'GET' not in line and 'POST' not in line and 'PUT' not in line:
                self.log.append(line)

    def reclaimed(self):
        return sum(int(n) for line in self.log for n in re.findall(r"\bchunks=(\d+)", line) if "reclaimed" in line)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()


def digest(number):
    return hashlib.sha256(b'chunk %d' % number).digest()


def make_rows(path, count):
    """Chunks and entries, as the ledger keeps them; the second half belongs to uploads that have ended."""
    base = sqlite3.connect(path)
    base.executescript('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF')
    base.execute("INSERT OR IGNORE INTO namespace (name) VALUES ('default')")
    space = base.execute("SELECT id FROM namespace WHERE name = 'default'").fetchone()[0]
    base.executemany(
        'INSERT INTO chunk (id, namespace, digest, length, stored, codec, batch, state)'
        ' VALUES (?, ?, ?, 65536, 65536, 0, 1, 0)',
        ((n + 1, space, digest(n)) for n in range(count)))
    files = (count + FILE - 1) // FILE
    for number in range(files):
        first, last = number * FILE, min((number + 1) * FILE, count)
        has_ended = number % 2 == 1
        base.execute(
            'INSERT INTO upload (row, id, namespace, owner, chunk_size, created, metadata, state, length, inferred,'
            ' run_count, run_length, run_peaks, ragged, acknowledged, expires, named_count)'
            " VALUES (?, ?, ?, ?, 65536, 1700000000, '{}', ?, ?, 0, ?, ?, ?, 0, ?, ?, 0)",
            (number + 1, os.urandom(16), space, b'everyone', 2 if has_ended else 1, (last - first) * 65536,
             0 if has_ended else last - first, 0 if has_ended else (last - first) * 65536,
             b'' if has_ended else peaks(first, last), (last - first) * 65536, 4_000_000_000 if has_ended else None))
        base.executemany(
            'INSERT INTO entry (upload, idx, chunk) VALUES (?, ?, ?)',
            ((number + 1, index - first, index + 1) for index in range(first, last)))
        if has_ended:
            base.execute('INSERT INTO unshed (upload) VALUES (?)', (number + 1,))
    base.commit()
    base.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    base.close()


def peaks(first, last):
    """What the tree over these entries keeps: the root of each perfect subtree, the largest first (RFC 9162, 2.1.1)."""
    stack = []
    for number in range(first, last):
        node, height = hashlib.sha256(b'\0' + digest(number) + (65536).to_bytes(4, 'big')).digest(), 0
        while stack and stack[-1][1] == height:
            node, height = hashlib.sha256(b'\1' + stack.pop()[0] + node).digest(), height + 1
        stack.append((node, height))
    return b''.join(node for node, _ in stack)


def make_files(data, count):
    """A name for each chunk, a hundred thousand of them for each inode: more than that no file system takes."""
    chunks = data / 'ns/default/chunks'
    source = None
    for number in range(count):
        if number % 50_000 == 0:
            source = data / f'tmp/{number:x}'
            source.write_bytes(b'a chunk that nobody reads' * 4)
        name = digest(number).hex()
        os.link(source, chunks / name[:3] / name)
    for source in (data / 'tmp').iterdir():
        source.unlink()


def put(server, number):
    """Seconds until a file of one small chunk was acknowledged."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    body = b'%d ' % number * 2000
    started = time.monotonic()
    connection.request('PUT', f'/files/small-{number}', body)
    answer = connection.getresponse()
    answer.read()
    taken = time.monotonic() - started
    connection.close()
    if answer.status not in (200, 201, 204):
        sys.exit(f'an upload was answered {answer.status}')
    return taken


def measure(server, seconds=None, until=None, number=0):
    taken, end = [], time.monotonic() + (seconds or 0)
    while (time.monotonic() < end) if seconds else not until():
        taken.append(put(server, number + len(taken)))
        time.sleep(0.005)
    return taken


def tell(what, taken):
    ordered = sorted(taken)
    place = lambda part: ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000
    print(f'{what}: {len(taken)} uploads, median {place(.5):.1f} ms, 99 % {place(.99):.1f} ms, '
          f'longest {ordered[-1] * 1000:.1f} ms')


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='cairn-large-', dir=options.directory))
    data = folder / 'data'
    try:
        Server(options.cairn, data).end()
        started = time.monotonic()
        make_rows(data / 'ledger.sqlite', options.chunks)
        make_files(data, options.chunks)
        size = (data / 'ledger.sqlite').stat().st_size >> 20
        print(f'{options.chunks} chunks made in {time.monotonic() - started:.0f} s, a ledger of {size} MiB')

        # Another data directory, so that nothing is reclaimed: what an upload takes on this machine anyway.
        calm = Server(options.cairn, folder / 'calm')
        tell('nothing reclaimed', measure(calm, seconds=options.seconds))
        calm.end()

        server = Server(options.cairn, data, '--limit-trash', '24')
        print(f'started in {server.started_in:.2f} s')
        server.end(signal.SIGKILL)
        server = Server(options.cairn, data, '--limit-trash', '24')
        print(f'started in {server.started_in:.2f} s after a kill')
        started = time.monotonic()
        done = lambda: any('reclaimed' in line for line in server.log)
        tell('half of it reclaimed meanwhile', measure(server, until=done, number=1 << 20))
        taken = time.monotonic() - started
        print(f'{server.reclaimed()} chunks reclaimed in {taken:.0f} s')
        server.end()
    finally:
        shutil.rmtree(folder)


if __name__ == '__main__':
    main()
