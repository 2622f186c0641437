#!/usr/bin/env python3
"""What an upload costs as work grows: with the length of a file, its entries, the chunks of the store, the connections.

    curves.py CAIRN [CURVE ...] [--write PAGE] [--out FOLDER]

Curves: length sparse entries chunks connections. A table for each is printed, and what the figures come to for 1 PB and
for 10,000 clients. --write puts all of it between the marks of a page (spec/scale.md), and the picture beside it.
Stores lie in a memory file system. Standard library only; nothing is asserted.
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import resource
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / 'crash')]

import large_store
import machine
import measuring
import scale
from contents import write_random
from measuring import MIB, Watch, at_rest
from serving import Serving

GIB = 1 << 30
LENGTHS = [MIB << shift for shift in (0, 2, 4, 6, 8, 9)]
SPARSE = [GIB, 4 * GIB, 16 * GIB, 100 * GIB]  # of holes
ENTRIES = [1 << shift for shift in (10, 12, 14, 16, 18, 20)]
CHUNKS = [1_000, 10_000, 100_000, 1_000_000, 5_000_000]
CONNECTIONS = [1, 8, 64, 256, 1_000, 2_000]
BODY = 65_536           # bytes of each upload of the connections
SEGMENT = 8_192         # entries one request may name (spec/http.md, "Limits")


class Run(Serving):
    """A server over an empty store, or over one that was made before, and a connection to it."""

    def __init__(self, cairn, data, *options):
        super().__init__(cairn, data, '--no-page', *options)
        self.line = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)

    def ask(self, method, path, body=None, kind='application/json'):
        self.line.request(method, path, body, {'Content-Type': kind})
        answer = self.line.getresponse()
        read = answer.read()
        if answer.status >= 300:
            sys.exit(f'{method} {path} was answered {answer.status}: {read[:200]!r}')
        return read

    def watch(self):
        return Watch(self.pid)


class Curves:
    def __init__(self, cairn, work):
        self.cairn, self.work = cairn, work

    def run(self, *options):
        return Run(self.cairn, self.work / 'data', *options)

    def put(self, run, path):
        """What a client cost that put a file."""
        command = [self.cairn, 'put', path, '--to', run.url, '--quiet', '--no-cache', '--json']
        return measuring.run([[command]], self.work, {'XDG_CACHE_HOME': str(self.work / 'cache')}, 300)

    def put_often(self, path):
        """Five uploads of a file, each to an empty store: medians, and the most that was sent."""
        rows = []
        for _ in range(5):
            with self.run() as run, run.watch() as watch:
                cost = self.put(run, path)
            sent = json.loads(cost.out[0])['sent']
            rows.append((cost.wall, cost.cpu, watch.cpu, cost.memory, watch.memory, sent))
        wall, client, server, mine, its, _ = [statistics.median(column) for column in zip(*rows)]
        return {'bytes': path.stat().st_size, 'wall': wall, 'longest': max(row[0] for row in rows), 'client': client,
                'server': server, 'clientMiB': mine, 'serverMiB': its, 'sent': max(row[5] for row in rows)}

    def length(self):
        """`cairn put` of random bytes; medians of five."""
        return [self.put_made(length, write_random) for length in LENGTHS]

    def sparse(self):
        """`cairn put` of holes, which are neither read nor sent: what length alone costs; medians of five."""
        return [self.put_made(length, os.truncate) for length in SPARSE]

    def put_made(self, length, make):
        path = self.work / 'file'
        path.touch()
        make(path, length)
        try:
            return self.put_often(path)
        finally:
            path.unlink()

    def entries(self):
        """Entries named in requests of 8,192, all of one chunk that the server has; then the file is completed."""
        chunk = os.urandom(65_536)
        digest, rows = hashlib.sha256(chunk).digest(), []
        for count in ENTRIES:
            with self.run('--chunk-size', '65536') as run:
                run.ask('POST', '/files', chunk, 'application/octet-stream')
                wish = json.dumps({'length': count * 65_536}).encode()
                upload = json.loads(run.ask('POST', '/v1/uploads', wish))['id']
                before = at_rest(run.data)
                with run.watch() as watch:
                    began = time.monotonic()
                    for index in range(0, count, SEGMENT):
                        run.ask('PATCH', f'/v1/uploads/{upload}/manifest?index={index}',
                                digest * min(SEGMENT, count - index), 'application/vnd.cairn.digests')
                    named = time.monotonic() - began
                    times = []
                    for _ in range(51):
                        asked = time.monotonic()
                        run.ask('GET', f'/v1/uploads/{upload}')
                        times.append(time.monotonic() - asked)
                    began = time.monotonic()
                    run.ask('POST', f'/v1/uploads/{upload}/complete')
                    completed = time.monotonic() - began
                rows.append({'entries': count, 'named': named, 'state': statistics.median(times),
                             'completed': completed, 'server': watch.cpu, 'serverMiB': watch.memory,
                             'rest': at_rest(run.data) - before})
        return rows

    def chunks(self):
        """Stores of so many chunks, made as large_store.py makes them: how a server starts, and puts small files."""
        rows = []
        for count in CHUNKS:
            if not self.has_names(count):
                sys.stderr.write(f'{count:,} chunks need as many names; only root can make room for them: left out\n')
                continue
            data = self.work / 'data'
            self.run().end()
            large_store.make_rows(data / 'ledger.sqlite', count)
            large_store.make_files(data, count)
            ledger = (data / 'ledger.sqlite').stat().st_size
            # What was removed is kept for a day, so that nothing is reclaimed meanwhile.
            with Run(self.cairn, data, '--limit-trash', '24') as run:
                taken = sorted(large_store.put(run, number) for number in range(300))
                rows.append({'chunks': count, 'started': run.started_in, 'median': taken[150], 'most': taken[-3],
                             'serverMiB': run.peak(), 'ledger': ledger})
        return rows

    def has_names(self, count):
        """Whether so many files fit: root makes a memory file system for them where there are too few inodes."""
        if os.statvfs(self.work).f_favail > count:
            return True
        return os.geteuid() == 0 and subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'nr_inodes=0', 'tmpfs', self.work]).returncode == 0

    def connections(self):
        """So many connections at once, each with a PUT of 64 KiB; and so many that are open and silent."""
        rows = []
        for count in CONNECTIONS:
            with self.run() as run:
                silent_before = measuring.high_mark(run.pid, 'VmRSS')
                silent = [socket.create_connection(('127.0.0.1', run.port)) for _ in range(count)]
                run.ask('GET', '/health')
                time.sleep(0.2)
                silent_memory = measuring.high_mark(run.pid, 'VmRSS') - silent_before
                for line in silent:
                    line.close()
                with run.watch() as watch:
                    wall, times = put_at_once(run.port, count)
                rows.append({'connections': count, 'wall': wall, 'perSecond': count / wall,
                             'median': statistics.median(times), 'slowest': max(times), 'server': watch.cpu,
                             'serverMiB': watch.memory, 'silentMiB': silent_memory})
        return rows


def put_at_once(port, count):
    """(seconds for all, seconds of each) of PUTs over as many connections, by one loop; each body is another."""
    selector, waiting, times = selectors.DefaultSelector(), {}, []
    began = time.monotonic()
    for number in range(count):
        line = socket.socket()
        line.setblocking(False)
        line.connect_ex(('127.0.0.1', port))
        body = os.urandom(BODY)
        head = f'PUT /files/{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY}\r\n\r\n'.encode()
        waiting[line] = memoryview(head + body)
        selector.register(line, selectors.EVENT_WRITE)
    while waiting:
        for key, _ in selector.select(60):
            line = key.fileobj
            if waiting[line]:
                waiting[line] = waiting[line][line.send(waiting[line]):]
                if not waiting[line]:
                    selector.modify(line, selectors.EVENT_READ)
                continue
            answer = line.recv(4096)
            if not answer.startswith(b'HTTP/1.1 201'):
                sys.exit(f'an upload was answered {answer[:80]!r}')
            times.append(time.monotonic() - began)
            selector.unregister(line)
            line.close()
            del waiting[line]
    return time.monotonic() - began, times


def main():
    names = list(scale.TITLES)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('curves', nargs='*', choices=[*names, []])
    parser.add_argument('--write', type=pathlib.Path)
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('.build/bench'))
    parser.add_argument('--directory', type=pathlib.Path, default=pathlib.Path('/dev/shm'))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with us
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    state = machine.State()
    work = pathlib.Path(tempfile.mkdtemp(prefix='cairn-curves-', dir=options.directory))
    curves, measure = {}, Curves(options.cairn.resolve(), work)
    try:
        for name in options.curves or names:
            began = time.monotonic()
            curves[name] = getattr(measure, name)()
            sys.stderr.write(f'{name}: {time.monotonic() - began:.0f} s\n')
    finally:
        subprocess.run(['umount', '-q', work], stderr=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)
    abouts = {name: ' '.join(getattr(Curves, name).__doc__.split()) for name in curves}
    lines = scale.text_of(curves, abouts, state)
    print('\n'.join(lines))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'curves.json').write_text(json.dumps({'machine': state.dictionary(), 'curves': curves}, indent=1))
    if options.write:
        scale.write(options.write, lines, curves)


if __name__ == '__main__':
    main()
