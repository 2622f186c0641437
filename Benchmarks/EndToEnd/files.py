"""The files of the scenarios, made when the first scenario needs them."""
import functools
import hashlib
import os
import pathlib
from dataclasses import dataclass

from contents import write_logs, write_random

MIB = 1 << 20


@dataclass(frozen=True)
class File:
    path: pathlib.Path
    length: int
    digest: str  # SHA-256 of the contents, in hexadecimal

    @property
    def name(self):
        return self.path.name


def digest_of(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def file(path):
    return File(path, path.stat().st_size, digest_of(path))


class Files:
    """Under one folder, each made once. `sizes` has the figures of the run's form (scenarios.SIZES)."""

    def __init__(self, folder, sizes):
        self.work, self.sizes = folder, sizes

    @functools.cached_property
    def random(self):
        write_random(self.work / 'random.bin', self.sizes.file)
        return file(self.work / 'random.bin')

    @functools.cached_property
    def logs(self):
        write_logs(self.work / 'access.log', self.sizes.logs)
        return file(self.work / 'access.log')

    @functools.cached_property
    def slow(self):
        write_random(self.work / 'slow.bin', self.sizes.slow)
        return file(self.work / 'slow.bin')

    @functools.cached_property
    def small(self):
        """A folder of files of 4 KiB."""
        return self._folder('small', self.sizes.small, 4096)

    @functools.cached_property
    def many(self):
        """64 files, in a folder."""
        return self._folder('many', 64, self.sizes.many)

    def _folder(self, name, count, length):
        folder = self.work / name
        folder.mkdir()
        for number in range(count):
            write_random(folder / f'{name}-{number:05}.bin', length)
        return [file(path) for path in sorted(folder.iterdir())]


class Changed:
    """The file with 1 MiB of it changed in the middle, in its own place; as it was when this is left."""

    def __init__(self, original):
        self.original, self.offset = original, original.length // 2 + 12_345

    def __enter__(self):
        with open(self.original.path, 'r+b') as out:
            out.seek(self.offset)
            self.kept = out.read(MIB)
            out.seek(self.offset)
            out.write(os.urandom(len(self.kept)))
        return file(self.original.path)

    def __exit__(self, *_):
        with open(self.original.path, 'r+b') as out:
            out.seek(self.offset)
            out.write(self.kept)
