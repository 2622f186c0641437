#!/usr/bin/env python3
"""Whole uploads over loopback: Cairn by each of its dialects, other servers, and what no upload can be faster than.

    EndToEnd CAIRN [--quick] [--minutes M] [--only SUBJECT,…] [--scenarios SCENARIO,…] [--length BYTES]
    EndToEnd --again RESULTS.json

Prints a table for each scenario and the bars; writes results.json, results.md and results.html into --out. A run counts
when what the server then holds was read back and is what was sent. Benchmarks/README.md tells how all of it is read.
Standard library only; nothing is asserted.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# What is shared comes first from here, then from the benchmarks, then from the crash bench, which starts the peers.
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / 'crash')]

import bars
import limits
import machine
import ours
import others
import report
import scenarios
from files import Files
from rounds import Bench


def arguments():
    parser = argparse.ArgumentParser(
        prog='EndToEnd', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path, nargs='?', help="Cairn's executable")
    parser.add_argument('--quick', action='store_true', help='smaller files and one round, in two to three minutes')
    parser.add_argument('--minutes', type=float, help='about how long (9, quick 2.5)')
    parser.add_argument('--rounds', type=int, help='at least, whatever the time (1; first uploads 3, quick 1)')
    parser.add_argument('--length', type=int, help='bytes of the file (256 MiB, quick 64 MiB)')
    parser.add_argument('--only', type=words, help='subjects, by their keys')
    parser.add_argument('--scenarios', type=words, help='scenarios, by their keys')
    parser.add_argument('--packages', type=pathlib.Path, default=pathlib.Path('.build'),
                        help='where .make/endtoend.sh has put the Python packages of other servers')
    parser.add_argument('--directory', type=pathlib.Path, default=memory(), help='of files and stores')
    parser.add_argument('--disk', type=pathlib.Path, default=pathlib.Path('.build'), help='of the store on a disk')
    parser.add_argument('--out', type=pathlib.Path, default=pathlib.Path('.build/bench'))
    parser.add_argument('--again', type=pathlib.Path, help='makes the tables and the page of earlier results')
    return parser.parse_args()


def words(text):
    return text.split(',')


def memory():
    folder = pathlib.Path('/dev/shm')
    return folder if folder.is_dir() else pathlib.Path(tempfile.gettempdir())


def chosen(all, only, what):
    """Those named, in their order; a name that is none ends the program."""
    if only and (unknown := set(only) - {each.key for each in all}):
        sys.exit(f'no such {what}: {", ".join(sorted(unknown))}; there are {", ".join(each.key for each in all)}')
    return [each for each in all if not only or each.key in only]


def measure(options):
    sizes = scenarios.QUICK if options.quick else scenarios.FULL
    if options.length:
        sizes = dataclasses.replace(sizes, file=options.length)
    binary = options.cairn.resolve()
    known = [*ours.subjects(binary), *others.subjects(binary, options.packages.absolute()), *limits.subjects()]
    subjects = chosen(known, options.only, 'subject')
    wanted = {scenario.key for scenario in chosen(scenarios.SCENARIOS, options.scenarios, 'scenario')}
    wanted |= {scenario.after for scenario in scenarios.SCENARIOS if scenario.key in wanted}
    chains = [[scenario for scenario in chain if scenario.key in wanted] for chain in scenarios.chains()]
    # The chain with the most rounds is the last, and has what time the others have left.
    chains = sorted([chain for chain in chains if chain], key=lambda chain: chain[0].share)
    state = machine.State()
    minutes = options.minutes or (2.5 if options.quick else 9)
    work = pathlib.Path(tempfile.mkdtemp(prefix='cairn-bench-', dir=options.directory.absolute()))
    disk = pathlib.Path(tempfile.mkdtemp(prefix='cairn-bench-', dir=options.disk.absolute()))
    os.environ['TMPDIR'] = tempfile.tempdir = str(work)
    try:
        files = Files(work, sizes)
        bench = Bench(options, subjects, files, work, disk)
        bench.end = time.monotonic() + minutes * 60
        payloads = {}
        for number, chain in enumerate(chains):
            # What one chain leaves of its time the next ones have.
            left = sum(chain[0].share for chain in chains[number:])
            bench.carry_out(chain, max(0, bench.end - time.monotonic()) * chain[0].share / left)
            payloads.update({scenario.key: scenario.payload(files) for scenario in chain})
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(disk, ignore_errors=True)
    return report.results(state, options, subjects, wanted, payloads, bench.results, sizes)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with us
    if options.again:
        results = json.loads(options.again.read_text())
    elif options.cairn is None:
        sys.exit('the path of Cairn\'s executable is missing')
    else:
        results = measure(options)
    results['bars'] = bars.bars(results)
    options.out.mkdir(parents=True, exist_ok=True)
    report.write(results, options.out)


if __name__ == '__main__':
    main()
