#!/usr/bin/env python3
"""What a server still has after power cuts, kills, failing system calls and full disks.

    crash CAIRN [--short] [--only PART,…] [--seed SEED] [--cuts N] [--kills N] [--faults N]
    crash CAIRN --peers FOLDER [--only NAME,…] [--cuts N]

As root on Linux, with loop devices. What the machine cannot do is left out, and said. Standard library only;
spec/crash-bench.md tells what is done and how another server is tried.
"""
import argparse
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import time

import cairn
import controls
import cuts
import faults
import kills
import peers
import second
import space
from bench import Lost
from disk import Unable, hide_mounts

KINDS = ('ext4', 'xfs')
PARTS = ('cuts', 'kills', 'faults', 'space', 'second', 'controls')


def arguments():
    parser = argparse.ArgumentParser(
        prog='crash', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path, help="Cairn's executable")
    parser.add_argument('--peers', type=pathlib.Path, help='the table of other servers, some of them installed here')
    parser.add_argument('--short', action='store_true', help='about a minute of everything')
    parser.add_argument('--only', type=lambda text: text.split(','), help=f'of {",".join(PARTS)}, or of the peers')
    parser.add_argument('--seed', default=secrets.token_hex(4))
    parser.add_argument('--cuts', type=int, help='on each file system (300, short 8; peers 20)')
    parser.add_argument('--kills', type=int, help='(500, short 8)')
    parser.add_argument('--faults', type=int, help='(60, short 6)')
    parser.add_argument('--planted', type=int, help='chunks in the store that is killed (100,000, short none)')
    parser.add_argument('--directory', type=pathlib.Path, default=default_directory(), help='of the images')
    return parser.parse_args()


def default_directory():
    """Memory, where it has room for an image or two: a loop device on it is fast, and forgets no less."""
    memory = pathlib.Path('/dev/shm')
    if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30:
        return memory
    return pathlib.Path(tempfile.gettempdir())


def figure(options, name, full, short):
    given = getattr(options, name)
    return given if given is not None else short if options.short else full


def parts(options, target, work):
    """(part, what it is called, how it is run), in the order they are run."""
    seed = options.seed
    for kind in KINDS:
        yield 'cuts', f'power cuts, {kind}', lambda kind=kind: cuts.run(
            target, work, kind, seed, figure(options, 'cuts', 300, 8))
    yield 'kills', 'kills', lambda: kills.run(
        target, work, seed, figure(options, 'kills', 500, 8), figure(options, 'planted', 100_000, 0))
    yield 'faults', 'failing calls', lambda: faults.run(target, work, seed, figure(options, 'faults', 60, 6))
    for squeeze in (make() for make in space.SQUEEZES):
        yield 'space', f'no room: {squeeze.name}', lambda squeeze=squeeze: space.run(target, work, seed, squeeze)
    yield 'space', 'no room: the ledger over RLIMIT_FSIZE', lambda: space.ledger_over_limit(target, work, seed)
    yield 'second', 'a second process', lambda: second.run(target, work, seed, 3 if options.short else 20)
    lies = [(lie, kind) for lie in controls.LIES for kind in KINDS]
    for lie, kind in (lies[0], lies[3], lies[5]) if options.short else lies:
        yield 'controls', f'{kind}, syncs of {lie} do nothing', lambda lie=lie, kind=kind: controls.run(
            target, work, kind, seed, lie)


def say(name, result, seconds):
    if isinstance(result, tuple):
        print(f'{name}: caught after {result[0]} crash points ({seconds:.0f} s): {result[1]}', flush=True)
        return
    told = ', '.join(f'{value:.3f} s {key}' if isinstance(value, float) else f'{value:,} {key}'
                     for key, value in sorted(result.items(), key=lambda each: str(each[0])))
    print(f'{name}: nothing acknowledged is lost ({seconds:.0f} s): {told}', flush=True)


def run_parts(options, target, work):
    """Runs what was chosen; returns how many parts passed, failed and were left out."""
    passed = failed = skipped = 0
    for part, name, act in parts(options, target, work):
        if options.only and part not in options.only:
            continue
        started = time.monotonic()
        try:
            say(name, act(), time.monotonic() - started)
            passed += 1
        except Unable as reason:
            print(f'{name}: LEFT OUT, this machine cannot: {reason}', flush=True)
            skipped += 1
        except Lost as lost:
            print(f'{name}: FAILED after {time.monotonic() - started:.0f} s (again with --seed {options.seed} '
                  f'--only {part}): {lost}', flush=True)
            failed += 1
    return passed, failed, skipped


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # servers and mounts end with us
    print(f'seed {options.seed}, images in {options.directory}', flush=True)
    try:
        hide_mounts()
    except Unable as reason:
        print(f'the crash bench is LEFT OUT, this machine cannot: {reason}')
        return 0
    work = pathlib.Path(tempfile.mkdtemp(prefix='cairn-crash-', dir=options.directory))
    try:
        if options.peers:
            return peers.table(options, work)
        target = cairn.Cairn(options.cairn.resolve())
        passed, failed, skipped = run_parts(options, target, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f'crash: {passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
