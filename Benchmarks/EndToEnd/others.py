"""Other servers and tools, as their registries ship them, with the clients that belong to them."""
import http.client
import os
import shutil
import subprocess

import peers
from files import digest_of
from server import Server
from subjects import CURL, LANES, Cannot, CurlPut, Folder, Http, Sent, Subject, free_port

REGISTRY = '''version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {data}}}}}
http: {{addr: "127.0.0.1:{port}", secret: benchmark}}
'''
RSYNC = '''use chroot = no
uid = {uid}
gid = {gid}
reverse lookup = no
[m]
path = {data}
read only = no
'''


def remove(path):
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def largest(folder):
    """Bytes of the largest file below a folder."""
    return max((path.stat().st_size for path in folder.rglob('*') if path.is_file()), default=0)


class FromPeers(Subject):
    """A server that the crash bench knows how to start (Benchmarks/crash/peers.py)."""

    def __init__(self, peer, key, title, about=''):
        super().__init__(key, title, about)
        self.peer, self.needs = peer, peer.needs

    def start(self, data, log):
        return self.peer.start(data, log)


class Put(CurlPut, Folder, FromPeers):
    """PUT by curl of files that are kept as files."""
    subfolder = ''
    no_resume = 'a PUT has no offset to go on at'

    def root(self, at):
        return at.data / self.subfolder

    def fetch(self, at, file, out):
        return [[[*CURL, '-o', out, at.url + self.path(file)]]]


class Nginx(Put):
    subfolder = 'files'


class Copyparty(Put):
    """Its own client, u2c, which hashes, asks what is missing, and sends that."""
    verifies = True
    no_resume = ''

    def start(self, data, log):
        port = free_port()
        # Who replaces files needs the right to delete them; memory is taken for a store when that is allowed.
        server = Server([self.peer.needs[0], '-m', 'copyparty', '-q', '-i', '127.0.0.1', '-p', port, '--wram', '-v',
                         f'{data}::rwd'], log)
        server.accepts(port)
        return server

    def client(self, at, *paths, lanes=1):
        return [self.peer.needs[0], '-m', 'copyparty.web.a.u2c', '-j', lanes, '-ns', '--ow', f'{at.url}/', *paths]

    def send(self, at, file):
        return [[self.client(at, file.path)]]

    go_on = send

    def folder(self, at, files):
        # A slash at the end: what is in the folder, not the folder.
        return [[self.client(at, f'{files[0].path.parent}/', lanes=2)]]

    def together(self, at, files):
        raise Cannot('64 clients at once are 64 Python processes, which is what would be measured')


class TusPeer(Sent, FromPeers):
    """send.py. Files lie under the ids of the uploads."""

    def fetch(self, at, file, out):
        raise Cannot('the protocol has no download')

    def lacking(self, at, file):
        return file.length - largest(at.data)

    def digests(self, at, files):
        found = {}
        for path in at.data.rglob('*'):
            if path.is_file() and path.suffix not in ('.info', '.lock', '.db', '.json', '.log'):
                found.setdefault(path.stat().st_size, []).append(path)
        wanted, held = {file.digest: file.name for file in files}, {}
        for size in {file.length for file in files}:
            for path in found.get(size, []):
                digest = digest_of(path)
                held[wanted.get(digest, path.name)] = digest
        return held


class Rsync(Folder):
    """A daemon; file contents are compared even when length and time are equal."""
    verifies = forks = True
    needs = ('rsync',)

    def root(self, at):
        return at.data / 'files'

    def start(self, data, log):
        (data / 'files').mkdir()
        port = free_port()
        settings = data / 'rsyncd.conf'
        settings.write_text(RSYNC.format(uid=os.getuid(), gid=os.getgid(), data=data / 'files'))
        server = Server(['rsync', '--daemon', '--no-detach', '--address', '127.0.0.1', '--port', port,
                         '--config', settings], log)
        server.accepts(port)
        return server

    def put(self, at, *words):
        return [[['rsync', '-t', *words, f'rsync://127.0.0.1:{at.port}/m/']]]

    def send(self, at, file):
        return self.put(at, '--ignore-times', file.path)

    def begin(self, at, file):
        # Else what a cut connection brought may be removed.
        return self.put(at, '--inplace', file.path)

    def go_on(self, at, file):
        return self.put(at, '--append-verify', file.path)

    def lacking(self, at, file):
        kept = self.root(at) / file.name
        return file.length - kept.stat().st_size if kept.exists() else file.length

    def folder(self, at, files):
        return self.put(at, '-r', '--ignore-times', f'{files[0].path.parent}/')

    def fetch(self, at, file, out):
        return [[['rsync', f'rsync://127.0.0.1:{at.port}/m/{file.name}', out]]]


class Restic(Subject):
    """restic to its REST protocol, served by rclone from a folder."""
    verifies = True
    needs = ('restic', 'rclone')
    no_resume = 'what a cut run has sent counts once an index names it'

    def start(self, data, log):
        port = free_port()
        server = Server(['rclone', 'serve', 'restic', '--addr', f'127.0.0.1:{port}', data], log)
        server.accepts(port)
        return server

    def restic(self, at, *words):
        at.environment.update({'RESTIC_PASSWORD': 'benchmark', 'RESTIC_CACHE_DIR': str(at.work / 'cache')})
        return ['restic', '-q', '-r', f'rest:{at.url}/', *words]

    def ask(self, at, *words):
        command = self.restic(at, *words)
        return subprocess.run([str(word) for word in command], env={**os.environ, **at.environment}, check=True,
                              capture_output=True).stdout

    def prepare(self, at):
        self.ask(at, 'init')

    def send(self, at, file):
        return [[self.restic(at, 'backup', '--force', file.path)]]

    def folder(self, at, files):
        return [[self.restic(at, 'backup', '--force', files[0].path.parent)]]

    def together(self, at, files):
        raise Cannot('64 clients at once derive 64 keys, which is what would be measured')

    def fetch(self, at, file, out):
        return [[self.restic(at, 'restore', 'latest', '--target', out.parent / f'{out.name}.restored')]]

    def digests(self, at, files):
        target = at.work / 'restored'
        remove(target)
        self.ask(at, 'restore', 'latest', '--target', target)
        return {path.name: digest_of(path) for path in target.rglob('*') if path.is_file()}


class Casync(Subject):
    """casync makes an index and a store of chunks, here in a folder: over a network it sends by ssh only."""
    verifies = True
    network = False
    needs = ('casync',)
    no_resume = 'uses no network that could be cut'

    def make(self, at, index, path):
        return [[['casync', 'make', f'--store={at.data / "store.castr"}', at.data / index, path]]]

    def send(self, at, file):
        return self.make(at, f'{file.name}.caibx', file.path)

    def folder(self, at, files):
        return self.make(at, 'folder.caidx', files[0].path.parent)

    def together(self, at, files):
        raise Cannot('has no server')

    def digests(self, at, files):
        target = at.work / 'extracted'
        remove(target)
        index = at.data / f'{files[0].name}.caibx'
        if len(files) > 1 or not index.exists():
            index = at.data / 'folder.caidx'
        subprocess.run(['casync', 'extract', f'--store={at.data / "store.castr"}', index, target], check=True,
                       capture_output=True)
        if target.is_file():
            return {files[0].name: digest_of(target)}
        return {path.name: digest_of(path) for path in target.rglob('*') if path.is_file()}


class Registry(Sent, Http):
    """Blobs of a container registry; the client names their SHA-256 and the server compares it."""
    verifies = True
    needs = ('docker-registry',)
    kind, path = 'docker', '/v2/bench/blobs/'
    no_resume = 'refuses an upload of which a body was cut'

    def start(self, data, log):
        port = free_port()
        settings = data / 'registry.yml'
        settings.write_text(REGISTRY.format(data=data / 'blobs', port=port))
        server = Server(['docker-registry', 'serve', settings], log)
        server.accepts(port)
        return server

    def addresses(self, at, files):
        return {file.name: f'{self.path}sha256:{file.digest}' for file in files}


class S3(Http):
    """rclone to the S3 of moto, which keeps objects in memory."""
    verifies = True
    needs = ('rclone',)
    no_resume = 'rclone begins a cut file anew'
    has_files = False

    def __init__(self, moto, key, title, about=''):
        super().__init__(key, title, about)
        self.server, self.needs = moto, (moto, 'rclone')

    def start(self, data, log):
        port = free_port()
        server = Server([self.server, '-H', '127.0.0.1', '-p', port], log, environment={'TMPDIR': str(data)})
        server.accepts(port)
        return server

    def prepare(self, at):
        line = http.client.HTTPConnection('127.0.0.1', at.port, timeout=30)
        line.request('PUT', '/bench')
        line.getresponse().read()
        line.close()

    def rclone(self, at, *words):
        at.environment.update({
            'RCLONE_CONFIG': os.devnull, 'AWS_CA_BUNDLE': '', 'RCLONE_S3_PROVIDER': 'Other',
            'RCLONE_S3_ENDPOINT': at.url, 'RCLONE_S3_ACCESS_KEY_ID': 'a', 'RCLONE_S3_SECRET_ACCESS_KEY': 'b',
            'RCLONE_S3_REGION': 'us-east-1',
            'RCLONE_S3_FORCE_PATH_STYLE': 'true', 'RCLONE_S3_ACL': 'public-read',
            'RCLONE_S3_NO_CHECK_BUCKET': 'true'})
        return ['rclone', '--checksum', *words]

    def send(self, at, file):
        return [[self.rclone(at, 'copyto', file.path, f':s3:bench/{file.name}')]]

    def folder(self, at, files):
        return [[self.rclone(at, '--transfers', LANES, 'copy', files[0].path.parent, ':s3:bench')]]

    def together(self, at, files):
        return [[self.rclone(at, '--transfers', len(files), 'copy', files[0].path.parent, ':s3:bench')]]

    def addresses(self, at, files):
        return {file.name: f'/bench/{file.name}' for file in files}


def subjects(binary, packages):
    """All of them. `packages`: where .make/endtoend.sh has put the Python packages; `binary`: Cairn's executable."""
    known = {peer.name.split()[0] + (' put' if 'PUT' in peer.name else ''): peer
             for peer in peers.all_peers(binary, packages / 'peers') if 'synced' not in peer.name}
    return [
        Nginx(known['nginx put'], 'nginx', 'nginx, curl -T', 'PUT of its dav module; neither hashes nor syncs'),
        Rsync('rsync', 'rsync daemon', 'compares contents; a digest of each file'),
        S3(packages / 'moto/bin/moto_server', 'rclone-s3', 'rclone to S3 (moto)', 'moto keeps objects in memory'),
        Put(known['rclone'], 'rclone-webdav', 'rclone webdav, curl -T', 'PUT; neither hashes nor syncs'),
        TusPeer(known['tuspyserver'], 'tuspyserver', 'tuspyserver, tus', 'send.py; neither hashes nor syncs'),
        TusPeer(known['resumable-upload'], 'resumable-upload', 'resumable-upload, tus', 'send.py'),
        Restic('restic', 'restic', 'cut by content, packed, encrypted; to rclone serve restic'),
        Casync('casync', 'casync', 'cut by content, packed; into a folder, over no network'),
        Registry('registry', 'docker-registry', 'send.py; SHA-256 on both sides'),
        Copyparty(known['copyparty put'], 'copyparty', 'copyparty, u2c', 'its own client; SHA-512 of each chunk'),
    ]
