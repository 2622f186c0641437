#!/usr/bin/env python3
"""What an upload costs as work grows: with the length of a file, its entries, the chunks of the store, the connections.

    curves.py CAIRN [CURVE ...] [--write PAGE] [--out FOLDER]

Curves: length sparse entries chunks connections. Each prints a table, the last one what the figures come to for
1 PB and for 10,000 clients. --write puts all of it between the marks of a page (spec/scale.md), and the picture beside it.
Stores lie in a memory file system. Standard library only; nothing is asserted.
"""
import argparse
import hashlib
import http.client
import importlib
import json
import os
import pathlib
import re
import resource
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / 'crash')]

from chart import picture
import machine
import measuring
from contents import write_random
from measuring import MIB, Watch, at_rest
from server import Server


GIB = 1 << 30
CHUNK = 4 * MIB         # what the server cuts by unless told otherwise
LENGTHS = [MIB << shift for shift in (0, 2, 4, 6, 8, 9)]
SPARSE = [GIB, 4 * GIB, 16 * GIB, 100 * GIB]  # of holes
ENTRIES = [1 << shift for shift in (10, 12, 14, 16, 18, 20)]
CHUNKS = [1_000, 10_000, 100_000, 1_000_000]
CONNECTIONS = [1, 8, 64, 256, 1_000, 2_000]
BODY = 65_536           # bytes of each upload of the connections
SEGMENT = 8_192         # entries one request may name (spec/http.md, "Limits")
MOST_ENTRIES = 1 << 20  # of a file


class Run:
    """A server over an empty store, or over one that was made before."""

    def __init__(self, cairn, data, *options):
        began = time.monotonic()
        self.data = data
        self.server = Server([cairn, 'serve', '--listen', '127.0.0.1:0', '--data', data, '--no-page', *options],
                             data.parent / 'server.log')
        self.server.wait()
        self.started_in, self.port = time.monotonic() - began, self.server.port
        self.line = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.line.close()
        self.server.kill(15)
        shutil.rmtree(self.data, ignore_errors=True)

    def ask(self, method, path, body=None, kind='application/json'):
        self.line.request(method, path, body, {'Content-Type': kind})
        answer = self.line.getresponse()
        read = answer.read()
        if answer.status >= 300:
            sys.exit(f'{method} {path} was answered {answer.status}: {read[:200]!r}')
        return read

    def watch(self):
        return Watch(self.server.process.pid)

    def memory(self):
        return measuring.high_mark(self.server.process.pid)


class Curves:
    def __init__(self, cairn, work):
        self.cairn, self.work = cairn, work

    def run(self, *options):
        return Run(self.cairn, self.work / 'data', *options)

    def put(self, run, path):
        """What a client cost that put a file."""
        command = [self.cairn, 'put', path, '--to', f'http://127.0.0.1:{run.port}', '--quiet', '--no-cache']
        return measuring.run([[command]], self.work, {'XDG_CACHE_HOME': str(self.work / 'cache')}, 300)

    def put_each(self, paths):
        """Three uploads of each file to a fresh store, medians."""
        for path in paths:
            rows = []
            for _ in range(3):
                with self.run() as run, run.watch() as watch:
                    cost = self.put(run, path)
                    ledger = (run.data / 'ledger.sqlite').stat().st_size
                rows.append((cost.wall, cost.cpu, watch.cpu, cost.memory, watch.memory, ledger))
            wall, *rest = [statistics.median(column) for column in zip(*rows)]
            yield (path.stat().st_size, wall, *rest)

    def length(self):
        """`cairn put` of random bytes."""
        paths = []
        for length in LENGTHS:
            paths.append(self.work / f'random-{length}')
            write_random(paths[-1], length)
        rows = [{'bytes': bytes, 'wall': wall, 'client': client, 'server': server, 'clientMiB': mine, 'serverMiB': its}
                for bytes, wall, client, server, mine, its, _ in self.put_each(paths)]
        for path in paths:
            path.unlink()
        return rows

    def sparse(self):
        """`cairn put` of holes, which are neither read nor sent: what length costs when no byte moves."""
        path = self.work / 'sparse'
        rows = []
        for length in SPARSE:
            with path.open('wb') as out:
                out.truncate(length)
            for bytes, wall, client, server, mine, its, ledger in self.put_each([path]):
                rows.append({'bytes': bytes, 'wall': wall, 'client': client, 'server': server, 'clientMiB': mine,
                             'serverMiB': its})
        path.unlink()
        return rows

    def entries(self):
        """Entries named in requests of 8,192, all of one chunk that the server has; then the file is completed."""
        chunk = os.urandom(65_536)
        digest, rows = hashlib.sha256(chunk).digest(), []
        for count in ENTRIES:
            with self.run('--chunk-size', '65536') as run:
                run.ask('POST', '/files', chunk, 'application/octet-stream')
                upload = json.loads(run.ask('POST', '/v1/uploads', json.dumps({'length': count * 65_536}).encode()))['id']
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
                rows.append({'entries': count, 'named': named, 'state': statistics.median(times), 'completed': completed,
                             'server': watch.cpu, 'serverMiB': watch.memory, 'rest': at_rest(run.data) - before})
        return rows

    def chunks(self):
        """Stores of so many chunks, made as large-store.py makes them: how a server starts, and puts small files."""
        store = importlib.import_module('large-store')
        rows = []
        for count in CHUNKS:
            with self.run():
                pass
            data = self.work / 'data'
            made = Run(self.cairn, data)
            made.server.kill(15)
            store.make_rows(data / 'ledger.sqlite', count)
            store.make_files(data, count)
            ledger = (data / 'ledger.sqlite').stat().st_size
            # What was removed is kept for a day, so that nothing is reclaimed meanwhile.
            with Run(self.cairn, data, '--limit-trash', '24') as run:
                run.host = '127.0.0.1'
                taken = sorted(store.put(run, number) for number in range(300))
                rows.append({'chunks': count, 'started': run.started_in, 'median': taken[150], 'most': taken[-3],
                             'serverMiB': run.memory(), 'ledger': ledger})
        return rows

    def connections(self):
        """So many connections at once, each with a PUT of 64 KiB; and so many that are open and silent."""
        rows = []
        for count in CONNECTIONS:
            with self.run() as run:
                silent_before = measuring.high_mark(run.server.process.pid, 'VmRSS')
                silent = [socket.create_connection(('127.0.0.1', run.port)) for _ in range(count)]
                run.ask('GET', '/health')
                time.sleep(0.2)
                silent_memory = measuring.high_mark(run.server.process.pid, 'VmRSS') - silent_before
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


def slope(rows, x, y):
    """What one more of x costs, by least squares."""
    xs, ys = [row[x] for row in rows], [row[y] for row in rows]
    middle, level = statistics.mean(xs), statistics.mean(ys)
    return sum((a - middle) * (b - level) for a, b in zip(xs, ys)) / sum((a - middle) ** 2 for a in xs)


def exponent(rows, x, y):
    """b of y = a·x^b over the upper half of the rows: 1 is linear, 0 costs nothing more."""
    import math
    some = [row for row in rows[len(rows) // 2 - 1:] if row[y] > 0]
    if len(some) < 2:
        return 0.0
    logs = [{'x': math.log(row[x]), 'y': math.log(row[y])} for row in some]
    return slope(logs, 'x', 'y')


TITLES = {
    'length': ('Length', 'bytes', 'wall'), 'sparse': ('Length of holes', 'bytes', 'wall'),
    'entries': ('Entries', 'entries', 'named'), 'chunks': ('Chunks in the store', 'chunks', 'median'),
    'connections': ('Connections at once', 'connections', 'wall')}
WORDS = {
    'bytes': 'length', 'wall': 'wall s', 'client': 'client CPU s', 'server': 'server CPU s', 'clientMiB': 'client MiB',
    'serverMiB': 'server MiB', 'entries': 'entries', 'named': 'named in s', 'state': 'state ms', 'completed': 'completed in ms',
    'rest': 'at rest', 'chunks': 'chunks', 'started': 'started in s', 'median': 'median ms', 'most': '99 % ms',
    'ledger': 'ledger', 'connections': 'connections', 'perSecond': 'uploads/s', 'slowest': 'slowest ms',
    'silentMiB': 'silent ones MiB'}
MILLISECONDS = ('state', 'completed', 'median', 'most', 'slowest')


def word(name, value):
    if name in ('bytes', 'rest', 'ledger'):
        from report import size
        return size(value)
    if name in MILLISECONDS:
        return f'{value * 1000:.1f}'
    return f'{value:,}' if isinstance(value, int) else f'{value:.0f}' if value >= 100 else f'{value:.2f}'


def table(rows):
    names = list(rows[0])
    lines = [f'| {" | ".join(WORDS[name] for name in names)} |', f'|{"--:|" * len(names)}']
    return lines + [f'| {" | ".join(word(name, row[name]) for name in names)} |' for row in rows]


def arithmetic(curves):
    """What the figures come to. Each line names what it is made of."""
    lines, day = [], 86_400
    petabyte, clients = 10 ** 15, 10_000
    entries = petabyte // CHUNK
    lines.append(f'- 1 PB in chunks of 4 MiB is {entries:,} chunks and entries; a file has at most {MOST_ENTRIES:,}, which is '
                 f'{MOST_ENTRIES * CHUNK >> 40} TiB, so these are {-(-entries // MOST_ENTRIES):,} files at least.')
    if rows := curves.get('length'):
        cost = slope(rows, 'bytes', 'server') * GIB
        mine = slope(rows, 'bytes', 'client') * GIB
        lines.append(f'- A GiB more costs the server {cost:.2f} CPU s and the client {mine:.2f}: 1 PB is '
                     f'{petabyte / GIB * cost / day:.1f} days of one core of the server, {petabyte / GIB * mine / day:.1f} of clients.')
        most = max(row['serverMiB'] for row in rows)
        lines.append(f'- Memory does not follow length: at most {most:.0f} MiB in the server.')
    if rows := curves.get('entries'):
        one = slope(rows, 'entries', 'named')
        rest = slope(rows, 'entries', 'rest')
        lines.append(f'- An entry more takes {one * 1e6:.1f} µs to name and {rest:.0f} bytes at rest: those of 1 PB '
                     f'{entries * one / 60:.0f} minutes and {entries * rest / GIB:.0f} GiB, whatever the chunks\' own rows take.')
    if rows := curves.get('chunks'):
        row = slope(rows, 'chunks', 'ledger')
        lines.append(f'- A chunk more, with an entry of a file, is {row:.0f} bytes of ledger: {entries * row / GIB:.0f} GiB for '
                     f'1 PB, beside {entries:,} files. The start took {max(row["started"] for row in rows):.2f} s at most.')
        lines.append(f'- A small upload takes {rows[-1]["median"] / rows[0]["median"]:.2f} × as long over {rows[-1]["chunks"]:,} '
                     f'chunks as over {rows[0]["chunks"]:,}; its exponent over the upper half is '
                     f'{exponent(rows, "chunks", "median"):.2f}.')
    if rows := curves.get('connections'):
        one = slope(rows, 'connections', 'silentMiB') * 1024
        best = max(row['perSecond'] for row in rows)
        last = rows[-1]
        lines.append(f'- A silent connection takes {one:.1f} KiB; {clients:,} would take {clients * one / 1024:,.0f} MiB, and '
                     f'{-(-clients // 4096)} servers, as one takes 4,096.')
        lines.append(f'- {last["connections"]:,} at once were served at {last["perSecond"]:.0f} uploads/s, the best is {best:.0f}: '
                     f'{clients:,} clients with 64 KiB each wait {clients / last["perSecond"]:.1f} s for the last answer.')
    return lines


def text_of(curves, state):
    load = state.load[0]
    lines = [f'{state.date} UTC, {state.dictionary()["cpu"]}, {measuring.CORES} cores; load average before it {load:.2f}.']
    if state.is_loaded:
        lines += ['', f'**{state.sentence()}**']
    for name, rows in curves.items():
        title, x, y = TITLES[name]
        about = ' '.join(getattr(Curves, name).__doc__.split())
        lines += ['', f'### {title}', '', about, '', *table(rows), '',
                  f'Exponent of {WORDS[y].removesuffix(" ms").removesuffix(" s")} over the upper half: '
                  f'{exponent(rows, x, y):.2f}.']
    return lines + ['', '### What it comes to', '', *arithmetic(curves)]


def write(page, lines, curves):
    old = page.read_text()
    start, end = '<!-- curves.py writes from here -->', '<!-- to here -->'
    if start not in old or end not in old:
        sys.exit(f'{page} has no marks')
    head, rest = old.split(start, 1)
    page.write_text(f'{head}{start}\n' + '\n'.join(lines) + f'\n{end}{rest.split(end, 1)[1]}')
    drawing = page.parent / 'images' / 'scale.svg'
    drawing.write_text(picture([(TITLES[name], rows) for name, rows in curves.items()]))


def main():
    names = list(TITLES)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('curves', nargs='*', choices=[*names, []])
    parser.add_argument('--write', type=pathlib.Path)
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('.build/bench'))
    parser.add_argument('--directory', type=pathlib.Path, default=pathlib.Path('/dev/shm'))
    options = parser.parse_args()
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
        shutil.rmtree(work, ignore_errors=True)
    lines = text_of(curves, state)
    print('\n'.join(lines))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / 'curves.json').write_text(json.dumps({'machine': state.dictionary(), 'curves': curves}, indent=1))
    if options.write:
        write(options.write, lines, curves)


if __name__ == '__main__':
    main()
