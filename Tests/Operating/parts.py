"""What the scripts of this folder share: a real `cairn serve`, and nginx and Caddy with the settings of spec/operating/."""
import json, os, pathlib, re, resource, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SETTINGS = ROOT / 'spec' / 'operating'


class Rules:
    """Sentences that hold or do not; each is printed with its figure."""

    def __init__(self):
        self.broken = 0

    def hold(self, sentence, holds, figure=''):
        print(f'{"ok  " if holds else "NOT "} {sentence}{f": {figure}" if figure != "" else ""}', flush=True)
        self.broken += not holds
        return holds

    def end(self):
        print(f'{self.broken} rules broken')
        sys.exit(1 if self.broken else 0)


def wait(what, seconds=30.0, pause=0.02):
    """The first true value of `what()`, or the last one when the time is over."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(pause)
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """`cairn serve` on a free port of loopback; its log is a file."""

    def __init__(self, cairn, folder, *options):
        self.folder = pathlib.Path(folder)
        self.log_path = self.folder / 'cairn.log'
        self.process = subprocess.Popen(
            [cairn, 'serve', '--listen', '127.0.0.1:0', '--data', self.folder / 'data', *options],
            stdout=subprocess.PIPE, stderr=self.log_path.open('w'), text=True)
        found = re.search(r'listening on (https?)://[^:]+:(\d+)', self.process.stdout.readline())
        if not found:
            sys.exit(f'the server did not start: {self.log_path.read_text()}')
        self.port = int(found[2])
        self.url = f'http://127.0.0.1:{self.port}' if found[1] == 'http' else f'https://localhost:{self.port}'

    def log(self):
        """The lines of requests: method, path, status, bytes received."""
        text = self.log_path.read_text(errors='replace')
        return re.findall(r'\] (\S+) (\S+) (\d{3}) (?:in=(\d+) )?.*from=', text)

    def memory(self, field='VmRSS'):
        """Resident memory in MiB; `VmHWM` is the most so far."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(rf'{field}:\s+(\d+)', status)[1]) / 1024

    def cpu(self):
        """Seconds of its life, user and system."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def files(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def json(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def offset(self, upload):
        """How far an upload is; looking disturbs nobody."""
        return self.json(f'/v1/uploads/{upload}')['offset']

    def open_uploads(self):
        return self.json('/v1/uploads')['uploads']

    def complete_files(self):
        return self.json('/v1/files')['files']

    def is_alive(self):
        try:
            return self.process.poll() is None and self.json('/health')['status'] == 'ok'
        except (OSError, ValueError, KeyError):
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Authority:
    """Vouches for `localhost` in a certificate of its own, as an operator's private one does."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / 'authority'
        self.folder.mkdir()
        self.certificate, self.key = self.folder / 'ca.pem', self.folder / 'ca-key.pem'
        self.openssl('req', '-x509', *self.new_key(self.key), '-days', '2', '-subj', '/CN=authority',
                     '-out', self.certificate)
        (self.folder / 'extensions').write_text('subjectAltName=DNS:localhost')

    def issue(self, name, certificate, key):
        """A certificate with another key, put in the place of the last: the key first, each by renaming."""
        request, fresh, fresh_key = (self.folder / part for part in ('request', 'fresh', 'fresh-key'))
        self.openssl('req', *self.new_key(fresh_key), '-subj', f'/CN={name}', '-out', request)
        self.openssl('x509', '-req', '-in', request, '-CA', self.certificate, '-CAkey', self.key, '-CAcreateserial',
                     '-days', '2', '-extfile', self.folder / 'extensions', '-out', fresh)
        fresh_key.rename(key)
        fresh.rename(certificate)

    @staticmethod
    def new_key(path):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path

    @staticmethod
    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], check=True, capture_output=True)


def settings_of(name, changes):
    """A file of spec/operating/ as it stands there, but for `changes`; each must be found."""
    text = (SETTINGS / name).read_text()
    for old, new in changes:
        if old not in text:
            sys.exit(f'{name} does not say {old!r}')
        text = text.replace(old, new)
    return text


class Proxy:
    """nginx or Caddy with the documented settings: its ports, its name and its certificate are the test's.

    `port` speaks TLS; `plain` is the same block without, for clients that know no test certificates.
    """

    def __init__(self, name, server, folder):
        self.name, self.folder = name, pathlib.Path(folder) / name
        self.folder.mkdir()
        self.port, self.plain = free_port(), free_port()
        self.certificate, self.key = self.folder / 'cert.pem', self.folder / 'key.pem'
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
             '-keyout', self.key, '-out', self.certificate, '-subj', '/CN=localhost',
             '-addext', 'subjectAltName=DNS:localhost'], check=True, capture_output=True)
        self.url, self.plain_url = f'https://localhost:{self.port}', f'http://localhost:{self.plain}'
        command = self.nginx(server) if name == 'nginx' else self.caddy(server)
        environment = {**os.environ, 'XDG_DATA_HOME': str(self.folder), 'XDG_CONFIG_HOME': str(self.folder)}
        self.log_path = self.folder / 'log'
        self.process = subprocess.Popen(
            command, stdout=self.log_path.open('w'), stderr=subprocess.STDOUT, env=environment)
        if not wait(self.answers):
            sys.exit(f'{name} did not start: {self.log_path.read_text()}')

    def nginx(self, server):
        (self.folder / 'site.conf').write_text(settings_of('nginx.conf', [
            ('server 127.0.0.1:8080;', f'server 127.0.0.1:{server.port};'),
            ('listen 80;', f'listen 127.0.0.1:{free_port()};'),
            ('listen 443 ssl http2;', f'listen 127.0.0.1:{self.port} ssl http2; listen 127.0.0.1:{self.plain};'),
            ('files.example.org', 'localhost'),
            ('/etc/ssl/cairn/fullchain.pem', str(self.certificate)),
            ('/etc/ssl/cairn/privkey.pem', str(self.key))]))
        temporary = ''.join(
            f'{kind}_temp_path {self.folder}/{kind};' for kind in
            ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        user = 'user root;' if os.getuid() == 0 else ''
        (self.folder / 'nginx.conf').write_text(
            f'{user} daemon off; pid {self.folder}/pid; error_log stderr warn; worker_processes 1;'
            'events { worker_connections 4096; }'
            f'http {{ log_format sent "$request_method $uri $upstream_addr"; access_log {self.folder}/access sent;{temporary} include {self.folder}/site.conf; }}')
        program = shutil.which('nginx') or '/usr/sbin/nginx'
        return [program, '-p', self.folder, '-c', self.folder / 'nginx.conf']

    def caddy(self, server):
        (self.folder / 'Caddyfile').write_text(settings_of('Caddyfile', [
            ('127.0.0.1:8080', f'127.0.0.1:{server.port}'),
            ('{\n\tservers', '{\n\tadmin off\n\tauto_https disable_redirects\n\tservers'),
            ('files.example.org {', '(cairn) {'),
        ]) + f'''
https://localhost:{self.port} {{
	tls {self.certificate} {self.key}
	import cairn
}}
http://localhost:{self.plain} {{
	import cairn
}}
''')
        return [shutil.which('caddy') or '/usr/bin/caddy', 'run', '--config', self.folder / 'Caddyfile',
                '--adapter', 'caddyfile']

    def answers(self):
        if self.process.poll() is not None:
            return False
        try:
            with self.connect() as line:
                line.sendall(b'GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                return b' 200 ' in line.recv(64)
        except OSError:
            return False

    def connect(self):
        """A TLS connection that speaks HTTP/1.1."""
        context = ssl.create_default_context(cafile=self.certificate)
        context.set_alpn_protocols(['http/1.1'])
        plain = socket.create_connection(('127.0.0.1', self.port), timeout=60)
        return context.wrap_socket(plain, server_hostname='localhost')

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:  # Caddy waits for its clients
            self.process.kill()
            self.process.wait()


def more_files():
    """As many open files as this process may have; returns how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def work_folder(name):
    """In memory where that is possible, so that no disk is measured."""
    memory = pathlib.Path('/dev/shm')
    return pathlib.Path(tempfile.mkdtemp(prefix=f'cairn-{name}-', dir=memory if memory.is_dir() else None))
