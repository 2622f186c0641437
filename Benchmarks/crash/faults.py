"""The n-th system call of the real server fails, once in each thread or from then on; then the power is cut."""
import json
import pathlib
import random
import re
import shutil
import subprocess
import time
from collections import Counter

import load
from bench import Bench, Lost
from disk import Disk, Unable
from server import NotStarted, Server
from wire import Broken, Wire

# Calls and what they may answer. Those that this server does not make are left out, by a run that only counts.
CALLS = {
    'fdatasync': ['EIO', 'ENOSPC'], 'fsync': ['EIO', 'ENOSPC'], 'linkat': ['EIO', 'ENOSPC'],
    'renameat': ['EIO', 'ENOSPC'], 'rename': ['EIO'], 'renameat2': ['EIO', 'ENOSPC'], 'fallocate': ['EIO', 'ENOSPC'],
    'pwrite64': ['EIO', 'ENOSPC', 'EDQUOT', 'EFBIG'], 'pwritev': ['EIO', 'ENOSPC'],
    'openat': ['EIO', 'ENOSPC', 'EMFILE'],
    'unlinkat': ['EIO'], 'ftruncate': ['EIO', 'ENOSPC'], 'pread64': ['EIO'], 'mkdirat': ['EIO', 'ENOSPC'],
    'getdents64': ['EIO'],
}
CLIENTS = 4
START_SHARE = 0.25          # of the faults are counted from the start of the process, the others from the load on
LENGTHS = (100, 65_536, 150_000, 300_000)       # of files: a traced server is slow


def strace(log, call, inject=None):
    chosen = ['-e', f'inject={call}:{inject}'] if inject else []
    return ['strace', '-f', '-qqq', '-o', log, '-e', f'trace={call}', '-e', 'signal=none', *chosen]


def attach(server, command):
    """Traces a running server, from when every thread of it is traced."""
    tracer = subprocess.Popen([str(word) for word in command] + ['-p', str(server.process.pid)])
    for _ in range(200):
        threads = pathlib.Path(f'/proc/{server.process.pid}/task').iterdir()
        if all('TracerPid:\t0\n' not in (thread / 'status').read_text() for thread in threads):
            return tracer
        time.sleep(0.01)
    raise Unable('strace cannot attach')


def fuse(rng):
    return load.Fuse('acknowledgement', rng.randint(15, 60), 0, longest=0.8)


def counts(bench, log, rng):
    """How often one thread makes each call, at most, in a start and a short load."""
    bench.wrap = strace(log, ','.join(CALLS))
    bench.start()
    bench.wrap = []
    bench.load(f'{bench.seed}/count', fuse(rng), lambda: None, CLIENTS)
    each = Counter(re.findall(r'^(\d+) +(\w+)\(', log.read_text(errors='replace'), re.MULTILINE))
    most = Counter()
    for (_, call), count in each.items():
        most[call] = max(most[call], count)
    return most


def plan(most, rng):
    """(call, error, n, for ever), every call and error in turn."""
    kinds = [(call, error, ever) for call in CALLS if most[call] for error in CALLS[call] for ever in (False, True)]
    rng.shuffle(kinds)
    while True:
        for call, error, ever in kinds:
            # Small numbers are the start, and the first upload; the rest any moment of the load.
            top = most[call] if rng.random() < 0.6 else min(most[call], 8)
            yield call, error, rng.randint(1, max(1, top)), ever


def run(target, work, seed, points):
    """Injects until so many faults have come about, and returns the figures."""
    if not shutil.which('strace'):
        raise Unable('strace is not installed')
    rng = random.Random(f'{seed}/faults')
    disk = Disk(work, 'ext4')
    bench = Bench(target, disk, seed, lengths=LENGTHS)
    log = disk.image.with_suffix('.strace')
    point = None
    try:
        bench.prepare()
        most = counts(bench, log, rng)
        for point in plan(most, rng):
            if bench.figures['points'] >= points:
                break
            inject(bench, log, rng, *point)
        bench.start()
        bench.verify()
    except Lost as lost:
        words = bench.server.text()[-600:] if bench.server else ''
        raise Lost(f'seed {seed}, fault {point}: {lost}\nlast words of the server: {words}') from None
    finally:
        bench.stop()
        disk.close()
    return bench.summary()


def inject(bench, log, rng, call, error, n, ever):
    """One fault in one life; then the power is cut, and everything acknowledged must be there."""
    command = strace(log, call, f'error={error}:when={n}{"+" if ever else ""}')
    name = f'{bench.seed}/{call}/{error}/{n}/{ever}'
    if rng.random() < START_SHARE:
        lived = injected_start(bench, rng, command, name)
    else:
        bench.start()
        tracer = attach(bench.server, command)
        lived = live(bench, rng, name)
        bench.stop()
        tracer.wait()
    bench.stop()
    fired = log.read_text(errors='replace').count('(INJECTED)')
    bench.disk.remount()
    if fired:
        bench.figures['points'] += 1
        bench.figures['calls that failed'] += fired
        bench.figures[lived] += 1
        bench.figures[f'{call} {error}'] += 1
    bench.start()
    bench.verify(None, rng, whole=False)
    bench.stop()


def injected_start(bench, rng, command, name):
    """The fault comes in a start, sometimes in that of a new store, or in the load after it."""
    if rng.random() < 0.3:
        bench.disk.restore()
        bench.forget()
        shutil.rmtree(bench.disk.data)
    bench.server = Server(command + bench.target.command(bench.disk.data), bench.log)
    try:
        bench.server.wait()
    except NotStarted as refused:
        bench.disk.cut()
        return refusal(refused)
    return live(bench, rng, name)


def live(bench, rng, name):
    """A short load, and what the server is like after it: one of three sentences. The power is cut at the end."""
    burning = fuse(rng)
    bench.load(name, burning, lambda: None, CLIENTS, kill=False)
    if not bench.server.running():
        raise Lost(f'the server ended with code {bench.server.process.returncode}: {bench.server.text()[-600:]}')
    state = after(bench.server.port)
    burning.dark.set()
    bench.disk.cut()
    return state


def after(port):
    """Goes on, or is read-only and says so everywhere, or refuses for a reason that a client can act on."""
    wire = Wire(port, timeout=20)
    try:
        health = wire.ask('GET', '/health')
        written = wire.ask('PUT', '/files/after', {}, b'after the fault')
    except Broken as error:
        raise Lost(f'after the fault the server does not answer: {error}') from None
    finally:
        wire.close()
    said = json.loads(health.body)['status']
    if health.status == 503 and said == 'read-only':
        if written.status not in (503, 507):
            raise Lost(f'read-only by /health, and a file is answered {written.status} {written.body[:200]}')
        return 'read-only, and said so'
    if written.status == 201:
        return 'went on'
    if written.status in (503, 507) and b'"type"' in written.body:
        return 'refused while the fault lasted'
    raise Lost(f'after the fault a file is answered {written.status} {written.body[:200]}, /health says {said}')


def refusal(refused):
    """A server that does not start says why, and is not killed by a signal."""
    if refused.code < 0 or refused.code > 127 or not refused.log.strip():
        raise Lost(f'the start ended with code {refused.code}: {refused.log[-600:]}')
    return 'refused to start, and said why'
