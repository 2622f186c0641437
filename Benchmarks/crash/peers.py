"""Other upload servers under the same power cuts: what each had acknowledged, and what of it is gone.

A peer says how it is started and by which doors it takes files. `make crash-peers` prints the table.
"""
import random
import shutil
import socket
from collections import Counter

import cairn
import load
from bench import CLIENTS
from disk import Disk, Unable
from server import NotStarted, Server
from wire import Broken, Wire

NGINX = '''daemon off; master_process off; error_log stderr error; pid {data}/nginx.pid; user root;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {data}/tmp; client_max_body_size 0;
    proxy_temp_path {data}/t1; fastcgi_temp_path {data}/t2; uwsgi_temp_path {data}/t3; scgi_temp_path {data}/t4;
    server {{ listen 127.0.0.1:{port}; root {data}/files; location / {{ dav_methods PUT DELETE; }} }}
}}
'''
TUSPY = '''import fastapi, sys, tuspyserver, uvicorn
from tuspyserver.storage.local import LocalFileStorage
app = fastapi.FastAPI()
storage = LocalFileStorage(sys.argv[1]) if sys.argv[3:] else None
app.include_router(tuspyserver.create_tus_router(prefix="files", files_dir=sys.argv[1], storage=storage))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
'''


class Put:
    """A file in one PUT under its name; acknowledged by any 2xx."""

    def begin(self, client, record):
        client.sending('completion')
        record.id = f'/{record.name}'
        record.sent = record.content.length
        answer = client.wire.ask('PUT', record.id, {}, record.content.bytes())
        if answer.status not in (200, 201, 204):
            record.removal = 'asked'
            return client.refused(answer)
        record.finished()
        client.acknowledged()

    def go_on(self, client, record):
        record.removal = 'asked'


class Peer:
    """How one server is started, takes files and gives them back. Clients leave it nothing to remove."""
    removes = False

    def __init__(self, name, doors, command, needs=()):
        self.name, self.doors, self.command, self.needs = name, doors, command, needs

    def door(self, record):
        return self.doors[record.door]

    def start(self, data, log):
        """A running server that accepts, over this folder."""
        data.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        server = Server(self.command(data, port), log)
        try:
            server.accepts(port)
        except NotStarted as error:
            raise Unable(f'{self.name} does not start: {error}') from None
        return server

    def kept(self, data, wire, record):
        """(offset that the server reports, bytes it has of the file)."""
        if record.door == 'tus':
            answer = wire.ask('HEAD', f'/files/{record.id}', cairn.TUS)
            offset = answer.count('Upload-Offset') if answer.status in (200, 204) else None
            return offset or 0, self.stored(data, wire, record)
        answer = wire.ask('GET', record.id if record.id.startswith('/') else f'/files/{record.id}')
        body = answer.body if answer.status == 200 else b''
        return len(body), body

    def stored(self, data, wire, record):
        """The bytes of an unfinished upload, which most servers do not give out: the file named after its id."""
        found = [path for path in data.rglob(f'{record.id}*') if path.suffix not in ('.info', '.lock', '.tmp')]
        return max((path.read_bytes() for path in found if path.is_file()), key=len, default=b'')


class CairnPeer(Peer):
    """Cairn itself, by the doors that others have; it gives out unfinished uploads."""

    def stored(self, data, wire, record):
        answer = wire.ask('GET', f'/v1/files/{record.id}')
        return answer.body if answer.status in (200, 206) else b''


def nginx(data, port):
    for name in ('files', 'tmp'):
        (data / name).mkdir(exist_ok=True)
    (data / 'nginx.conf').write_text(NGINX.format(data=data, port=port))
    return ['nginx', '-c', data / 'nginx.conf']


def all_peers(binary, environment):
    """Those of the table. `environment` holds the packages of the Python index."""
    python = environment / 'bin/python'
    return [
        CairnPeer('Cairn', {'tus': cairn.Tus(), 'put': cairn.Plain()}, lambda data, port: [
            binary, 'serve', '--listen', f'127.0.0.1:{port}', '--data', data / 'store'], [binary]),
        Peer('resumable-upload 0.3.0', {'tus': cairn.Tus()}, lambda data, port: [
            python, '-m', 'resumable_upload', 'serve', '--host', '127.0.0.1', '--port', port, '--base-path', '/files',
            '--upload-dir', data / 'uploads', '--db-path', data / 'uploads.db'], [python]),
        Peer('tuspyserver 4.4.3', {'tus': cairn.Tus()}, lambda data, port: [
            python, '-c', TUSPY, data / 'files', port], [python]),
        Peer('tuspyserver 4.4.3, its synced storage', {'tus': cairn.Tus()}, lambda data, port: [
            python, '-c', TUSPY, data / 'files', port, 'synced'], [python]),
        Peer('nginx PUT', {'put': Put()}, nginx, ['nginx']),
        Peer('rclone serve webdav', {'put': Put()}, lambda data, port: [
            'rclone', 'serve', 'webdav', '--addr', f'127.0.0.1:{port}', data], ['rclone']),
        Peer('copyparty 1.20.26 PUT', {'put': Put()}, lambda data, port: [
            python, '-m', 'copyparty', '-q', '-i', '127.0.0.1', '-p', port, '-v', f'{data}::rw'], [python]),
    ]


def judge(record, offset, content):
    """(bytes of what was acknowledged that are gone, whether the server denies it)."""
    expected = record.content.bytes(0, record.acknowledged)
    got = content[:record.acknowledged]
    same = len(expected)
    if got != expected:
        same = next((at for at, pair in enumerate(zip(got, expected)) if pair[0] != pair[1]), len(got))
    kept = min(same, offset)
    return record.acknowledged - kept, kept < record.acknowledged and offset > kept


def life(peer, disk, name, burning, end):
    """Clients until the fuse has burnt down and `end` has returned; then the process is killed. Returns the records."""
    server = peer.start(disk.data, disk.image.with_suffix('.log'))
    records = [[] for _ in range(CLIENTS)]
    clients = [load.Client(number, random.Random(f'{name}/{number}'), peer, server.port, burning, records[number],
                           load.LENGTHS) for number in range(CLIENTS)]
    load.run(clients, burning, end)
    server.kill()
    load.join(clients)
    return [record for some in records for record in some if record.acknowledged and not record.removal]


def inspect(peer, disk, records, figures):
    """Asks a new process for what was acknowledged, and counts what is not there."""
    server = peer.start(disk.data, disk.image.with_suffix('.log'))
    wire = Wire(server.port)
    before = figures['lost']
    for record in records:
        figures['uploads'] += 1
        figures['acknowledged'] += record.acknowledged
        try:
            lost, denied = judge(record, *peer.kept(disk.data, wire, record))
        except Broken:
            lost, denied = record.acknowledged, True
        figures['lost'] += lost
        figures['harmed'] += lost > 0
        figures['wrong'] += denied
    wire.close()
    server.kill()
    figures['lives'] += 1
    figures['lives with a loss'] += figures['lost'] > before


def prepare(peer, disk, seed):
    """A life without a power cut, in which nothing may be missing: else it is the bench that cannot read this server.

    What it leaves is durable, the folders of the server among it, and every cut starts from there.
    """
    calm = Counter()
    records = life(peer, disk, f'{seed}/calm', load.Fuse('acknowledgement', 60, 0, longest=5), lambda: None)
    inspect(peer, disk, records, calm)
    if calm['lost'] or not calm['uploads']:
        raise Unable(f'without a power cut {calm["lost"]} of {calm["acknowledged"]} bytes are not found')
    disk.unmount()
    disk.keep()


def measure(peer, work, kind, seed, count):
    """The figures of one server on one file system."""
    missing = [str(need) for need in peer.needs if not shutil.which(str(need))]
    if missing:
        raise Unable(f'{", ".join(missing)} is not installed')
    disk, figures = Disk(work, kind), Counter()
    try:
        prepare(peer, disk, seed)
        for number in range(count):
            name = f'{seed}/{kind}/{peer.name}/{number}'
            disk.restore()
            rng = random.Random(name)
            burning = load.Fuse('acknowledgement', rng.randint(1, 60), rng.choice([0, rng.random() * 0.003]), longest=5)
            records = life(peer, disk, name, burning, lambda: (burning.dark.set(), disk.cut()))
            disk.remount()
            inspect(peer, disk, records, figures)
    finally:
        disk.close()
    return figures


def row(name, kind, figures):
    cells = [name, kind] + [str(figures[key]) for key in ('lives', 'lives with a loss', 'uploads', 'harmed')]
    cells += [f'{figures[key] / 1048576:.1f} MiB' for key in ('acknowledged', 'lost')]
    return f'| {" | ".join(cells)} | {figures["wrong"]} |'


def table(options, work):
    """Prints the table in Markdown; 0 when it could be made."""
    count = options.cuts or 20
    binary = options.cairn.resolve()
    print('| server | on | cuts | with a loss | uploads | harmed | acknowledged | lost | wrong |')
    print('|---|---|--:|--:|--:|--:|--:|--:|--:|')
    for peer in all_peers(binary, options.peers.resolve()):
        if options.only and not any(part in peer.name.lower() for part in options.only):
            continue
        for kind in ('ext4', 'xfs'):
            try:
                it = measure(peer, work, kind, options.seed, count)
            except Unable as reason:
                print(f'{peer.name} on {kind}: LEFT OUT, this machine cannot: {reason}', flush=True)
                continue
            print(row(peer.name, kind, it), flush=True)
    return 0
