"""Kills of the server's process at random moments, with eight clients: the kernel's memory survives, ours does not."""
import random

import load
from bench import Bench, Lost
from disk import Disk


def run(target, work, seed, kills, planted=0):
    """Kills so often, and returns the figures. planted: chunks that the store holds besides, all of one file."""
    disk = Disk(work, 'ext4', (2 << 30) if planted else (512 << 20), ['-N', str(planted + 60_000)])
    bench = Bench(target, disk, seed)
    number = 0
    try:
        bench.prepare(planted)
        bench.start()
        for number in range(1, kills + 1):
            rng = random.Random(f'{seed}/kill/{number}')
            if bench.is_full:
                bench.renew()
            fuse = load.Fuse('time', 0, 0, longest=0.01 + rng.random() * 0.4)
            bench.load(f'{seed}/kill/{number}', fuse, bench.server.kill)
            bench.figures['kills'] += 1
            bench.start()
            bench.verify(None, rng, whole=False)
        bench.verify()
    except Lost as lost:
        raise Lost(f'kill {number}, seed {seed}: {lost}') from None
    finally:
        bench.stop()
        disk.close()
    return bench.summary()
