"""The one list of what is measured. Every subject is driven through all of it; what it cannot do it says."""
import shutil
from dataclasses import dataclass
from typing import Callable

from files import Changed, digest_of
from proxy import Proxy
from subjects import Cannot

MIB = 1 << 20
LINE = {'rate': 50e6 / 8, 'delay': 0.04}  # of the slow line: 50 Mbit/s, 80 ms there and back


@dataclass(frozen=True)
class Sizes:
    """Bytes of the files, but `small`, which is a number of files."""
    file: int
    logs: int
    many: int
    small: int
    slow: int


FULL = Sizes(file=256 * MIB, logs=64 * MIB, many=4 * MIB, small=10_000, slow=8 * MIB)
QUICK = Sizes(file=64 * MIB, logs=16 * MIB, many=MIB, small=1_000, slow=2 * MIB)


@dataclass(frozen=True)
class Scenario:
    """key: of the results. act: carries it out in a life (rounds.py) and returns its figures. payload: bytes of the
    files that it brings, of Files. share: of the time, for it and for what comes `after` it over the same store. only:
    the subjects that are asked, when not all are. counting: whether a round that counts bytes comes first: `always`, in
    the `long` form, or `never`. limit: seconds a run may take. rounds: at least, in the long form."""
    key: str
    title: str
    about: str
    act: Callable
    payload: Callable
    share: float = 0.0
    after: str = ''
    only: tuple = ()
    on_disk: bool = False
    counting: str = 'always'
    limit: int = 40
    rounds: int = 1


def first(life):
    file = life.files.random
    return life.run(lambda at: life.subject.send(at, file), [file])


def download(life):
    file, out = life.files.random, life.work / 'fetched'
    figures = life.run(lambda at: life.subject.fetch(at, file, out))
    restored = out.with_name(f'{out.name}.restored')
    found = next((path for path in restored.rglob(file.name)), out) if restored.exists() else out
    if digest_of(found) != file.digest:
        raise life.wrong('what was fetched is another file')
    shutil.rmtree(restored, ignore_errors=True)
    out.unlink(missing_ok=True)
    return figures


def identical(life):
    file = life.files.random
    return life.run(lambda at: life.subject.again(at, file), [file])


def changed(life):
    with Changed(life.files.random) as file:
        return life.run(lambda at: life.subject.again(at, file), [file])


def resume(life):
    """A client is killed when half of the file has left it; what is measured is the run after it."""
    file = life.files.random
    if life.subject.no_resume:
        raise Cannot(life.subject.no_resume)
    with Proxy(life.at.port) as relay:
        life.cut(relay, file)
        lacking = life.settled(file)  # the relay still delivers what it has taken
        cut = relay.up
    figures = life.run(lambda at: life.subject.go_on(at, file), [file])
    figures['cut'], figures['lacking'] = cut, lacking
    return figures


def small(life):
    files = life.files.small
    return life.run(lambda at: life.subject.folder(at, files), files)


def compressible(life):
    file = life.files.logs
    return life.run(lambda at: life.subject.send(at, file), [file])


def many(life):
    files = life.files.many
    return life.run(lambda at: life.subject.together(at, files), files)


def slow(life):
    file = life.files.slow
    if not life.subject.network:
        raise Cannot('uses no network')
    with Proxy(life.at.port, **LINE) as relay:
        return life.run(lambda at: life.subject.send(at, file), [file], relay)


def total(files):
    return sum(file.length for file in files)


SCENARIOS = [
    Scenario('first', 'First upload', 'A file of random bytes to an empty store.', first,
             lambda files: files.random.length, share=0.46, rounds=3),
    Scenario('download', 'Download', 'The same file back, into a file.', download,
             lambda files: files.random.length, after='first'),
    Scenario('identical', 'Identical', 'The same file once more.', identical,
             lambda files: files.random.length, after='first'),
    Scenario('changed', '1 MiB changed', 'The same file with 1 MiB changed in the middle.', changed,
             lambda files: files.random.length, after='first'),
    Scenario('resume', 'Resume at half',
             'The client was killed when half of the file had left it; this is the run after.', resume,
             lambda files: files.random.length, share=0.14),
    Scenario('small', 'Many small files', 'Files of 4 KiB in a folder.', small,
             lambda files: total(files.small), share=0.16, limit=20, counting='long'),
    Scenario('compressible', 'Compressible', 'Lines of an access log to an empty store.', compressible,
             lambda files: files.logs.length, share=0.06),
    Scenario('many', '64 at once', '64 files by 64 connections or clients that begin together.', many,
             lambda files: total(files.many), share=0.06, counting='long'),
    Scenario('slow', 'A slow line', '50 Mbit/s, 80 ms there and back.', slow,
             lambda files: files.slow.length, share=0.06, counting='never'),
    Scenario('disk', 'First upload, on a disk', 'As the first upload, with the store on a disk.', first,
             lambda files: files.random.length, share=0.06, on_disk=True, counting='never',
             only=('put', 'plain', 'x-start-byte', 'nginx', 'dd', 'cp')),
]


def chains():
    """Lists of scenarios that share a life, in their order."""
    for scenario in SCENARIOS:
        if not scenario.after:
            yield [scenario, *[other for other in SCENARIOS if other.after == scenario.key]]


