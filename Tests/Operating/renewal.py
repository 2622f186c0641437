"""The certificate is renewed while requests run: renewal.py CAIRN [--seconds N] [--rounds N].

Clients put and get without a pause, over HTTP/1.1 and HTTP/2, on connections that stay and on new ones; the certificate
is replaced again and again, by files alone and with SIGHUP, and between by a broken one. Not one request may fail.
"""
import argparse, http.client, os, shutil, signal, ssl, subprocess, threading, time, urllib.parse

import parts

arguments = argparse.ArgumentParser()
arguments.add_argument('cairn')
arguments.add_argument('--seconds', type=float, default=60)
arguments.add_argument('--clients', type=int, default=8)
options = arguments.parse_args()

rules = parts.Rules()
folder = parts.work_folder('renewal')
authority = parts.Authority(folder)
certificate, key = folder / 'cert.pem', folder / 'key.pem'
authority.issue('first', certificate, key)
server = parts.Server(options.cairn, folder, '--tls-certificate', certificate, '--tls-key', key)
over = threading.Event()


class Client(threading.Thread):
    """Puts a file, gets it back and compares, again and again; counts what failed and whom it met."""

    def __init__(self, index):
        super().__init__()
        self.index, self.done, self.faults, self.serials = index, 0, [], set()
        self.context = ssl.create_default_context(cafile=authority.certificate)

    def run(self):
        while not over.is_set():
            connection = http.client.HTTPSConnection('localhost', server.port, timeout=60, context=self.context)
            try:
                connection.connect()
                self.serials.add(connection.sock.getpeercert()['serialNumber'])
                # Half of them keep a connection over many requests, and over many certificates.
                for _ in range(1 if self.index % 2 else 200):
                    if over.is_set():
                        break
                    self.exchange(connection)
            except Exception as error:
                self.faults.append(repr(error))
            connection.close()

    def exchange(self, connection):
        content = os.urandom(300_000)
        connection.request('PUT', f'/files/{self.index}-{self.done}', content)
        answer = connection.getresponse()
        place = answer.getheader('Location')
        answer.read()
        if answer.status != 201 or not place:
            raise RuntimeError(f'PUT {answer.status} {place}')
        connection.request('GET', place)
        answer = connection.getresponse()
        if answer.status != 200 or answer.read() != content:
            raise RuntimeError(f'GET {answer.status}')
        connection.request('DELETE', place)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 204:
            raise RuntimeError(f'DELETE {answer.status}')
        self.done += 1


class Streams(threading.Thread):
    """The same with curl over HTTP/2, a connection for each request."""

    def __init__(self, index):
        super().__init__()
        self.done, self.faults, self.serials = 0, [], set()
        self.source, self.target = folder / f'sent-{index}', folder / f'got-{index}'

    def run(self):
        while not over.is_set():
            self.source.write_bytes(os.urandom(2_000_000))
            place = urllib.parse.urljoin(server.url, self.curl('-T', self.source, f'{server.url}/files/').strip())
            self.curl('-o', self.target, place)
            if not self.target.exists() or self.target.read_bytes() != self.source.read_bytes():
                self.faults.append('other bytes')
            self.curl('-X', 'DELETE', place)
            self.done += 1

    def curl(self, *request):
        run = subprocess.run(
            ['curl', '-sS', '--fail', '--http2', '--cacert', authority.certificate, '-w', '%{stderr}%{http_version}',
             *request], capture_output=True, text=True)
        if run.returncode or run.stderr != '2':
            self.faults.append(f'curl {run.returncode}: {run.stderr} {run.stdout[:80]}')
        return run.stdout


def lines(text):
    return server.log_path.read_text(errors='replace').count(text)


def renew(round):
    """One more certificate, and a broken one after it; returns whether the log tells of both."""
    taken, refused = lines('certificate replaced') + lines('certificate read anew'), lines('certificate refused')
    authority.issue(f'round {round}', certificate, key)
    if round % 2:
        server.process.send_signal(signal.SIGHUP)
    isTaken = parts.wait(lambda: lines('certificate replaced') + lines('certificate read anew') > taken)
    certificate.write_text('-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n')
    return isTaken and parts.wait(lambda: lines('certificate refused') > refused)


clients = [Client(index) for index in range(options.clients)] + [Streams(index) for index in range(2)]
for client in clients:
    client.start()
end, rounds, told = time.monotonic() + options.seconds, 0, True
while time.monotonic() < end or rounds < 2:
    told = renew(rounds) and told
    rounds += 1
authority.issue('last', certificate, key)
parts.wait(lambda: ssl.get_server_certificate(('localhost', server.port)).strip() in certificate.read_text())
last = ssl.get_server_certificate(('localhost', server.port)).strip()
over.set()
for client in clients:
    client.join()

faults = [fault for client in clients for fault in client.faults]
requests = 3 * sum(client.done for client in clients)
rules.hold('the certificate is replaced under load, a broken one is refused, and the log tells', told,
           f'{rounds} certificates, {rounds} broken ones')
rules.hold('not one request fails', not faults and requests > 100,
           f'{len(faults)} of {requests} {faults[:3] if faults else ""}')
rules.hold('new connections meet new certificates', len(set().union(*(c.serials for c in clients))) > rounds // 2,
           f'{len(set().union(*(c.serials for c in clients)))} seen')
rules.hold('the last one is in use', last in certificate.read_text())

source, got = folder / 'file', folder / 'got'
source.write_bytes(os.urandom(9_000_000))
trusting = {**os.environ, 'SSL_CERT_FILE': str(authority.certificate)}
strangers = {**os.environ, 'SSL_CERT_FILE': ''}
put = subprocess.run([options.cairn, 'put', source, '--to', server.url, '--ca', authority.certificate, '--json'],
                     capture_output=True, text=True, env=strangers)
address = put.stdout.split('"url":"')[-1].split('"')[0]
get = subprocess.run([options.cairn, 'get', address, '-o', got], capture_output=True, text=True, env=trusting)
rules.hold('cairn put --ca and cairn get with SSL_CERT_FILE trust a private authority',
           put.returncode == 0 and get.returncode == 0 and got.read_bytes() == source.read_bytes(), put.stderr + get.stderr)
stranger = subprocess.run([options.cairn, 'put', source, '--to', server.url], capture_output=True, text=True, env=strangers)
rules.hold('one who does not trust it is told so at once, and sends nothing', stranger.returncode == 76
           and 'certificate' in stranger.stderr, f'{stranger.returncode}: {stranger.stderr.strip()}')
missing = subprocess.run([options.cairn, 'ls', '--to', server.url, '--ca', folder / 'none'], capture_output=True, text=True)
rules.hold('a file of authorities that is not there is said', missing.returncode == 66, missing.stderr.strip())
rules.hold('the server stops', server.stop() == 0)
shutil.rmtree(folder)
rules.end()
