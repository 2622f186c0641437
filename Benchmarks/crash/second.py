"""A second process on one store is refused at once, and the first one does not notice."""
import time

import load
from bench import Bench, Lost
from disk import Disk
from server import NotStarted, Server

EX_TEMPFAIL = 75            # spec/command.md, "Exit codes"


def run(target, work, seed, tries):
    """Starts so many second processes under load, and returns the figures."""
    disk = Disk(work, 'ext4')
    bench = Bench(target, disk, seed)
    took = []
    try:
        bench.start()
        fuse = load.Fuse('time', 0, 0, longest=0.2)
        bench.load(seed, fuse, lambda: took.extend(refused(bench) for _ in range(tries)))
        bench.start()
        bench.verify()
    except Lost as lost:
        raise Lost(f'second process, seed {seed}: {lost}') from None
    finally:
        bench.stop()
        disk.close()
    failures = sum(count for name, count in bench.figures.items() if name in ('status 503', 'status 500'))
    if failures:
        raise Lost(f'{failures} requests to the first process failed')
    return {**bench.summary(), 'second processes': tries, 'refused within': max(took)}


def refused(bench):
    """The seconds until a second process was refused."""
    started = time.monotonic()
    second = Server(bench.target.command(bench.disk.data), bench.log)
    try:
        second.wait(timeout=20)
    except NotStarted as error:
        if error.code != EX_TEMPFAIL or str(bench.server.process.pid) not in error.log:
            raise Lost(f'the second process ended otherwise: {error}') from None
        return time.monotonic() - started
    second.kill()
    raise Lost('a second process serves the same store')
