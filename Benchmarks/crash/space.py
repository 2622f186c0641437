"""A disk or a limit that is full: 507, nothing lost, and it goes on when there is room."""
import os
import random
import resource
from dataclasses import dataclass
from typing import Callable

import load
from bench import Bench, Lost
from disk import Disk
from wire import Wire

ENOUGH = 40                 # answers 507 until it counts as full


@dataclass
class Squeeze:
    """One way to run out. `prepare`, `brim` and `loosen` are given the bench."""
    name: str
    disk: dict
    prepare: Callable = lambda bench: None      # before the start: bench
    process: Callable | None = None             # in the server's process, before it is one
    brim: Callable = lambda bench: None         # what is left after the reserve, too
    loosen: Callable = lambda bench: None
    chunk_size: int = 65_536
    lengths: tuple = load.LENGTHS
    enough: int = ENOUGH


def full():
    def ballast(bench, name, length):
        with open(bench.disk.path / name, 'wb') as file:
            os.posix_fallocate(file.fileno(), 0, length)

    def brim(bench):
        try:
            with open(bench.disk.path / 'brim', 'wb', buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        except OSError:
            return

    def loosen(bench):
        for name in ('ballast', 'brim'):
            (bench.disk.path / name).unlink(missing_ok=True)

    return Squeeze('64 MiB', {'kind': 'ext4', 'length': 64 << 20}, brim=brim, loosen=loosen,
                   prepare=lambda bench: ballast(bench, 'ballast', 16 << 20))


def inodes():
    def prepare(bench):
        for number in range(300):
            (bench.disk.path / f'empty{number}').touch()

    def loosen(bench):
        for number in range(300):
            (bench.disk.path / f'empty{number}').unlink(missing_ok=True)

    return Squeeze('no inodes', {'kind': 'ext4', 'length': 256 << 20, 'make': ['-N', '5140']},
                   prepare=prepare, loosen=loosen)


def limit():
    """Files of chunks that pass the limit, in a store whose ledger does not reach it."""
    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (12 << 20, resource.RLIM_INFINITY))

    def loosen(bench):
        resource.prlimit(bench.server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    return Squeeze('RLIMIT_FSIZE', {'kind': 'ext4', 'length': 2 << 30}, process=lower, loosen=loosen,
                   chunk_size=16 << 20, lengths=(1_000, 20 << 20), enough=10)


SQUEEZES = [full, inodes, limit]


def run(target, work, seed, squeeze):
    """Runs out in this way, and returns the figures."""
    disk = Disk(work, **squeeze.disk)
    bench = Bench(target, disk, seed, chunk_size=squeeze.chunk_size, lengths=squeeze.lengths)
    try:
        squeeze.prepare(bench)
        bench.start(squeeze.process)
        until_refused(bench, 'full', squeeze.enough)
        removes(bench)
        squeeze.brim(bench)
        until_refused(bench, 'brim', squeeze.enough)
        bench.figures['refused with 507'] = bench.figures['status 507']
        bench.verify()
        squeeze.loosen(bench)
        goes_on(bench)
        bench.load(f'{seed}/cut', burning := load.Fuse('time', 0, 0, 0.3), lambda: (burning.dark.set(), disk.cut())[1])
        disk.remount()
        bench.start(squeeze.process)
        squeeze.loosen(bench)
        bench.verify()
    except Lost as lost:
        raise Lost(f'{squeeze.name}, seed {seed}: {lost}') from None
    finally:
        bench.stop()
        disk.close()
    return bench.summary()


def until_refused(bench, name, enough):
    """Clients, until enough was refused for want of space."""
    before = bench.figures['status 507']
    bench.load(f'{bench.seed}/{name}', load.Fuse('status 507', enough, 0, longest=60), lambda: None, kill=False)
    if bench.figures['status 507'] < before + enough:
        raise Lost(f'{name}: {bench.figures["status 507"] - before} requests were answered 507 in a minute; '
                   f'{health(bench)}; {bench.server.text()[-400:]}')


def health(bench):
    wire = Wire(bench.server.port)
    said = wire.ask('GET', '/health')
    wire.close()
    return f'/health: {said.status} {said.body.decode()}'


def removes(bench):
    """A full store still ends uploads and removes files: the reserve is for that."""
    wire = Wire(bench.server.port)
    chosen = [record for record in bench.all_records if record.id and record.removal == ''][:5]
    for record in chosen:
        record.removal = 'asked'
        answer = wire.ask('DELETE', f'/v1/uploads/{record.id}')
        if answer.status != 204:
            raise Lost(f'a removal while it is full is answered {answer.status} {answer.body[:200]}')
        record.removal = 'acknowledged'
    bench.figures['removed while full'] += len(chosen)
    wire.close()


def goes_on(bench):
    """With room again the same server, and the same uploads, go on."""
    wire = Wire(bench.server.port)
    before = bench.figures['acknowledgements']
    answer = wire.ask('PUT', '/files/room', {}, bytes(100_000))
    if answer.status != 201:
        raise Lost(f'with room again a file is answered {answer.status} {answer.body[:200]}, {health(bench)}')
    wire.close()
    full_before = bench.figures['status 507']
    bench.load(f'{bench.seed}/room', load.Fuse('acknowledgement', 40, 0, longest=30), lambda: None, kill=False)
    if bench.figures['acknowledgements'] < before + 40:
        raise Lost(f'with room again {bench.figures["acknowledgements"] - before} acknowledgements in 30 s, '
                   f'{bench.figures["status 507"] - full_before} answers 507')
    bench.figures['acknowledged with room again'] = bench.figures['acknowledgements'] - before


def ledger_over_limit(target, work, seed):
    """A limit of file length that the ledger's log reaches: read-only, says so, loses nothing, and a start heals it.

    SQLite words EFBIG and EDQUOT as errors of the disk, so the server cannot tell them from one (spec/ledger.md).
    """
    disk = Disk(work, 'ext4')
    bench = Bench(target, disk, seed)
    try:
        bench.start(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY)))
        bench.load(f'{seed}/ledger', load.Fuse('status 503', 20, 0, longest=60), lambda: None, kill=False)
        said = health(bench)
        if 'read-only' not in said:
            raise Lost(f'the ledger passed the limit, and {said}')
        bench.stop()
        bench.start()
        bench.verify()
        goes_on(bench)
    except Lost as lost:
        raise Lost(f'ledger over RLIMIT_FSIZE, seed {seed}: {lost}') from None
    finally:
        bench.stop()
        disk.close()
    return bench.summary()
