#!/usr/bin/env python3
"""What looking after a store costs, and what it finds (spec/checking.md).

    checking.py CAIRN [scrub|rebuild|quick ...] [--chunks N] [--rounds N] [--directory DIR]

scrub    a server over a store in which every chunk is due to be read again and 100 have a bit flipped: how many of the
         100 one pass finds, though the server is killed on the way; and what uploads lose beside a scrub that never
         rests from work, in turns with a server that does not scrub
rebuild  a store of N small chunks in files loses its ledger: how long `cairn store rebuild` takes, and whether every
         file is there again, byte for byte
quick    a store of 2 million chunks, made directly: how long `cairn store check` takes

Without a word, all three. Standard library only. A fault that is not found, or a file that is not the same, ends it
with 1; figures are printed and not judged.
"""
import argparse, hashlib, http.client, json, os, pathlib, random, shutil, signal, sqlite3, statistics, subprocess, sys
import tempfile, time

from large_store import digest
from serving import Serving

FAULTS = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('what', nargs='*', metavar='scrub|rebuild|quick')
    parser.add_argument('--chunks', type=int, default=0)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--directory', type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    for word in options.what:
        if word not in ('scrub', 'rebuild', 'quick'): parser.error(f'{word}: not one of scrub, rebuild, quick')
    return options


def put(server, name, body):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=600)
    connection.request('PUT', f'/files/{name}', body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status not in (200, 201, 204):
        sys.exit(f'an upload was answered {answer.status}')
    return answer.headers['Location'].rsplit('/', 1)[1]


def get(server, path):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=600)
    connection.request('GET', path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def chunk_files(data):
    return sorted(p for p in (data / 'ns/default/chunks').glob('*/*'))


def flip(path, source):
    """One bit of the payload, where no footer tells."""
    with open(path, 'r+b') as file:
        place = source.randrange(path.stat().st_size - 64)
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ (1 << source.randrange(8))]))


def make_due(data):
    """Nobody knows any more when the chunks were right: as if a month had passed."""
    base = sqlite3.connect(data / 'ledger.sqlite')
    base.execute('UPDATE chunk SET verified = 0')
    base.commit()
    base.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    base.close()


def damaged(server):
    return len([name for name in (server.data / 'quarantine').iterdir() if name.name.endswith('.bad')])


def scrub(options, folder):
    source = random.Random(options.seed)
    data = folder / 'scrub'
    server = Serving(options.cairn, data, '--scrub-hours', '0')
    for number in range(16):
        put(server, f'kept-{number}', os.urandom(128 << 20))
    server.end()
    files = chunk_files(data)
    for path in source.sample(files, FAULTS):
        flip(path, source)
    make_due(data)
    started, kills = time.monotonic(), 0
    while True:
        server = Serving(options.cairn, data, '--scrub-hours', '720')
        end = time.monotonic() + source.uniform(1, 3)
        while time.monotonic() < end and damaged(server) < FAULTS:
            time.sleep(0.1)
        left = waiting(data)
        server.end(signal.SIGKILL if left else signal.SIGTERM)
        if not left or damaged(server) >= FAULTS:
            break
        kills += 1
    print(f'scrub: {damaged(server)} of {FAULTS} faults found in one pass of {len(files)} chunks '
          f'({time.monotonic() - started:.0f} s, {kills} kills on the way), seed {options.seed}')
    if damaged(server) != FAULTS:
        sys.exit(1)
    uploads_beside(options, data)


def waiting(data):
    base = sqlite3.connect(data / 'ledger.sqlite', timeout=30)
    try:
        return base.execute('SELECT count(*) FROM chunk WHERE verified = 0 AND state = 0').fetchone()[0]
    finally:
        base.close()


def uploads_beside(options, data):
    """A gigabyte of new bytes to a server that scrubs all the time and to one that does not, in turns."""
    rates = {'720': [], '0': []}
    for turn in range(options.rounds + 1):
        for hours in rates:
            make_due(data)
            server = Serving(options.cairn, data, '--scrub-hours', hours, '--limit-trash', '0')
            bodies = [os.urandom(256 << 20) for _ in range(4)]
            before = waiting(data)
            started = time.monotonic()
            for number, body in enumerate(bodies):
                put(server, f'upload-{turn}-{number}', body)
            taken = time.monotonic() - started
            read = before - waiting(data)
            server.end()
            if turn:
                rates[hours].append(sum(map(len, bodies)) / taken / 1e6)
            if turn and hours == '720' and read <= 0:
                print('  (the scrub read nothing beside these uploads)')
    beside, alone = (statistics.median(rates[hours]) for hours in ('720', '0'))
    print(f'scrub: uploads {beside:.0f} MB/s beside it ({min(rates["720"]):.0f}-{max(rates["720"]):.0f}), '
          f'{alone:.0f} without ({min(rates["0"]):.0f}-{max(rates["0"]):.0f}): {100 - 100 * beside / alone:.1f} % less')


def rebuild(options, folder):
    count = options.chunks or 100_000
    source = random.Random(options.seed)
    data = folder / 'rebuild'
    server = Serving(options.cairn, data, '--chunk-size', '64K')
    made = {}
    each = 2000
    for number in range(count // each):
        body = os.urandom(each * 65536 - source.randrange(65536))
        made[put(server, f'file-{number}', body)] = hashlib.sha256(body).digest()
    server.end()
    for suffix in ('', '-wal', '-shm'):
        (data / f'ledger.sqlite{suffix}').unlink(missing_ok=True)
    started = time.monotonic()
    done = subprocess.run([options.cairn, 'store', 'rebuild', data, '--json'], capture_output=True, text=True)
    taken = time.monotonic() - started
    if done.returncode:
        sys.exit(f'rebuild ended with {done.returncode}: {done.stderr}')
    server = Serving(options.cairn, data)
    same = sum(hashlib.sha256(get(server, f'/v1/files/{id}')[1]).digest() == sha for id, sha in made.items())
    server.end()
    print(f'rebuild: {same} of {len(made)} files identical, {count} chunks in {taken:.1f} s: '
          f'{count / taken * 60:,.0f} chunks a minute')
    if same != len(made):
        sys.exit(1)


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def footer(name):
    """Of an LZ4 block of 36 bytes that nobody decodes, for a chunk of 64 KiB (spec/disk-format.md, "Chunk file")."""
    head = (b'CRNC\1\1\0\0' + (65536).to_bytes(4, 'big') + (36).to_bytes(4, 'big') + bytes(4) + name + bytes(8))
    return head + crc32c(head).to_bytes(4, 'big')


def quick(options, folder):
    count = options.chunks or 2_000_000
    data = folder / 'quick'
    Serving(options.cairn, data).end()
    base = sqlite3.connect(data / 'ledger.sqlite')
    base.executescript('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF')
    base.execute("INSERT OR IGNORE INTO namespace (name) VALUES ('default')")
    space = base.execute("SELECT id FROM namespace WHERE name = 'default'").fetchone()[0]
    names = sorted(digest(n) for n in range(count))
    base.executemany(
        'INSERT INTO chunk (namespace, digest, length, stored, codec, batch, verified, state)'
        ' VALUES (?, ?, 65536, 36, 1, 1, 0, 0)', ((space, name) for name in names))
    base.commit()
    base.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    base.close()
    for name in names:
        text = name.hex()
        file = os.open(data / 'ns/default/chunks' / text[:3] / text, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(file, bytes(36) + footer(name))
        os.close(file)
    os.sync()
    started = time.monotonic()
    done = subprocess.run([options.cairn, 'store', 'check', data, '--json'], capture_output=True, text=True)
    taken = time.monotonic() - started
    found = json.loads(done.stdout)
    print(f'quick: {found["chunks"]:,} chunks looked at in {taken:.1f} s, {len(found["damaged"])} damaged')
    if done.returncode or found['chunks'] != count or found['damaged']:
        sys.exit(1)


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='cairn-checking-', dir=options.directory))
    try:
        for what in options.what or ['scrub', 'rebuild', 'quick']:
            {'scrub': scrub, 'rebuild': rebuild, 'quick': quick}[what](options, folder)
            shutil.rmtree(folder / what)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
