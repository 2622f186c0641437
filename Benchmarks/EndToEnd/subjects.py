"""What every subject of the benchmark can be asked to do, and curl, which is the client of many of them."""
import concurrent.futures
import hashlib
import http.client
import os
import pathlib
import shutil
import socket
import sys
from dataclasses import dataclass, field

from files import digest_of

SEND = pathlib.Path(__file__).with_name('send.py')
LANES = 8  # connections of a client that sends many files
# `Expect` would cost a second with a server that does not answer it.
CURL = ['curl', '-sSf', '-H', 'Expect:']


class Cannot(Exception):
    """Why a subject cannot do a scenario."""


@dataclass
class At:
    """Where a client finds the server, and a folder for what it has to remember."""
    port: int
    work: pathlib.Path
    data: pathlib.Path
    environment: dict = field(default_factory=dict)

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Subject:
    """A server and the client that sends to it. Steps are those of `measuring.run`.

    group: `ours`, `peer` or `limit`. verifies: whether an upload that ends well was compared, end to end, with a digest
    of the contents. network: whether bytes travel at all. forks: whether the server works in processes that end.
    no_resume: why nothing can go on with a cut upload, when that is so. has_files: whether its store is files.
    """
    group = 'peer'
    verifies = False
    network = True
    forks = False
    no_resume = ''
    has_files = True
    needs = ()

    def __init__(self, key, title, about=''):
        self.key, self.title, self.about = key, title, about

    def lacks(self):
        """Programs that are not installed here."""
        return [str(need) for need in self.needs if not shutil.which(str(need))]

    def start(self, data, log):
        """A server that accepts, over an empty folder; None when the subject has none."""
        return None

    def prepare(self, at):
        """What must be there before the first upload, outside of all measuring."""

    def send(self, at, file):
        """Uploads a file under its name."""
        raise Cannot('takes no files')

    def again(self, at, file):
        """Uploads a file of a name that the server has, with the same or nearly the same contents."""
        return self.send(at, file)

    def begin(self, at, file):
        """Uploads a file, and will be killed."""
        return self.send(at, file)

    def go_on(self, at, file):
        """Uploads a file of which a killed `begin` has brought about half."""
        raise NotImplementedError

    def folder(self, at, files):
        """Uploads all files of a folder."""
        return self.together(at, files)

    def together(self, at, files):
        """Uploads all of them at the same time."""
        return [[command for file in files for command in self.send(at, file)[0]]]

    def fetch(self, at, file, out):
        """Downloads a file."""
        raise Cannot('gives no files back over the network')

    def lacking(self, at, file):
        """How many bytes of a file that was cut the server does not have, or None when it does not tell."""
        return None

    def digests(self, at, files):
        """The SHA-256 of what the server holds under each name."""
        raise NotImplementedError


class Http(Subject):
    """Gives files back by GET."""

    def addresses(self, at, files):
        """Name to path."""
        raise NotImplementedError

    def fetch(self, at, file, out):
        return [[[*CURL, '-o', out, at.url + self.addresses(at, [file])[file.name]]]]

    def digests(self, at, files):
        found = self.addresses(at, files)
        names = [file.name for file in files if file.name in found]
        parts = [names[start::LANES] for start in range(LANES)]
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            return {name: digest for part in pool.map(lambda part: self._read(at, found, part), parts)
                    for name, digest in part}

    def _read(self, at, found, names):
        line = http.client.HTTPConnection('127.0.0.1', at.port, timeout=120)
        read = []
        for name in names:
            line.request('GET', found[name])
            answer, digest = line.getresponse(), hashlib.sha256()
            while piece := answer.read(1 << 20):
                digest.update(piece)
            read.append((name, digest.hexdigest() if answer.status == 200 else str(answer.status)))
        line.close()
        return read


class Folder(Subject):
    """Keeps files as files."""

    def root(self, at):
        return at.data

    def digests(self, at, files):
        paths = {file.name: self.root(at) / file.name for file in files}
        return {name: digest_of(path) for name, path in paths.items() if path.is_file()}


class CurlPut:
    """A file in one PUT by curl; many by one curl over several connections."""

    def path(self, file):
        return f'/{file.name}'

    def fields(self, file):
        """Header fields that all requests have alike."""
        return []

    def send(self, at, file):
        return [[[*CURL, *self.fields(file), '-o', os.devnull, '-T', file.path, at.url + self.path(file)]]]

    def folder(self, at, files):
        return self.parallel(at, files, LANES)

    def together(self, at, files):
        return self.parallel(at, files, len(files))

    def parallel(self, at, files, count):
        settings = at.work / 'curl.conf'
        settings.write_text(''.join(
            f'upload-file = "{file.path}"\nurl = "{at.url}{self.path(file)}"\noutput = "{os.devnull}"\n'
            for file in files))
        return [[[*CURL, *self.fields(files[0]), '-Z', '--parallel-immediate', '--parallel-max', count,
                  '-w', '%{time_total}\\n', '-K', settings]]]


class Sent:
    """Files sent by send.py, which remembers addresses."""
    kind = 'tus'
    path = '/files/'

    def command(self, at, connections, *paths):
        states = at.work / 'states'
        states.mkdir(exist_ok=True)
        return [[[sys.executable, '-S', SEND, self.kind, at.url + self.path, states, connections, *paths]]]

    def send(self, at, file):
        return self.command(at, 1, file.path)

    def go_on(self, at, file):
        if not (at.work / 'states' / file.name).exists():
            raise Cannot('an upload that was cut has no address yet')
        return self.send(at, file)

    def folder(self, at, files):
        return self.command(at, LANES, files[0].path.parent)

    def together(self, at, files):
        return self.command(at, len(files), files[0].path.parent)


def seconds_of_each(out):
    """What curl and send.py print for each file, as seconds."""
    first = [line.split()[0] for line in out.decode(errors='replace').splitlines() if line.strip()]
    try:
        return [float(word) for word in first]
    except ValueError:
        return []
