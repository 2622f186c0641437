"""Power cuts of a loop-mounted file system under the running server, at random and at chosen moments."""
import random
import statistics
import time

import load
from bench import CLIENTS, Bench, Lost
from disk import Disk
from server import Server
from wire import Wire

EVENTS = ['time', 'time', 'acknowledgement', 'acknowledgement', 'beginning', 'append', 'completion', 'removal']
START_CUT_SHARE = 0.15      # of the cuts fall into the start after a cut


def fuse(rng):
    event = rng.choice(EVENTS)
    few = event in ('beginning', 'removal', 'completion')
    return load.Fuse(event, rng.randint(1, 6 if few else 40), rng.choice([0, rng.random() * 0.003]),
                     longest=0.02 + rng.random() * (0.3 if event == 'time' else 0.8))


def cycle(bench, rng, name):
    """One cut under load, sometimes more of them during the starts that follow, and the verification."""
    clients, burning = rng.choice([1, 2] + [CLIENTS] * 6), fuse(rng)
    if bench.sharp:
        clients, burning = 1, load.Fuse('acknowledgement', rng.randint(1, 12), 0, longest=1)
    if bench.target.warm and (bench.sharp or rng.random() < 0.3):
        bench.target.warm(Wire(bench.server.port))

    def cut():
        # A sync that runs while the kernel shuts down may return 0 and keep nothing (seen on ext4). With the power its
        # caller would be gone as well: what is answered from here on does not count.
        burning.dark.set()
        return bench.disk.cut()

    moment = bench.load(name, burning, cut, clients)
    bench.figures['cuts'] += 1
    bench.figures[f'at {burning.event}' if burning.lit.is_set() else 'at time'] += 1
    bench.disk.remount()
    while rng.random() < START_CUT_SHARE:
        cut_start(bench, rng)
    bench.start()
    bench.verify(moment, rng, whole=False)


def cut_start(bench, rng):
    """The power fails again while the server recovers."""
    server = Server(bench.target.command(bench.disk.data), bench.log, bench.environment)
    usual = statistics.median(bench.starts)
    time.sleep(rng.random() * usual)
    bench.disk.cut()
    server.kill()
    bench.figures['cuts'] += 1
    bench.figures['at start'] += 1
    bench.disk.remount()


def run(target, work, kind, seed, cuts, environment=None, sharp=False):
    """Cuts the power so often, and returns the figures. Raises `Lost`, naming the seed and the cuts it took."""
    disk = Disk(work, kind)
    bench = Bench(target, disk, seed, environment, sharp=sharp)
    number = 0
    try:
        bench.prepare()
        bench.start()
        while bench.figures['cuts'] < cuts:
            number += 1
            rng = random.Random(f'{seed}/{kind}/{number}')
            # A long life of one store, and many young ones: a store lives until it is half full, or shorter.
            if bench.is_full or rng.random() < 0.03:
                bench.renew()
            cycle(bench, rng, f'{seed}/{kind}/{number}')
        bench.verify()
    except Lost as lost:
        raise Lost(f'{kind}, seed {seed}, life {number}, after {bench.figures["cuts"]} cuts: {lost}',
                   bench.figures['cuts']) from None
    finally:
        bench.stop()
        disk.close()
    return bench.summary()
