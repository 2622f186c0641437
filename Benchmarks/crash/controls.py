"""Negative controls: a server whose syncs do nothing must be caught, or the bench is worth nothing."""
import pathlib
import shutil
import subprocess

import cuts
from bench import Lost
from disk import Unable

LIES = ['files', 'directories', 'ledger']
MOST = 100                  # crash points until a lie must be found out (stores.md, bar 4)


def library(work):
    """The preloaded library that lies."""
    source = pathlib.Path(__file__).with_name('lie.c')
    made = pathlib.Path(work) / 'lie.so'
    compiler = shutil.which('gcc') or shutil.which('clang')
    if not compiler:
        raise Unable('no C compiler')
    command = [compiler, '-O1', '-shared', '-fPIC', '-o', made, source, '-ldl']
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unable(f'{compiler}: {done.stderr}')
    return made


def run(target, work, kind, seed, lie):
    """(crash points until it was caught, what was seen). Raises `Lost` when nothing was."""
    environment = {'LD_PRELOAD': str(library(work)), 'CRASH_LIE': lie}
    try:
        cuts.run(target, work, kind, f'{seed}/{lie}', MOST, environment, sharp=True)
    except Lost as caught:
        return caught.points, str(caught).split('\n')[1].strip()[:160]
    raise Lost(f'on {kind} syncs of {lie} did nothing, and {MOST} power cuts did not show it')
