#!/usr/bin/env python3
"""Cairn behind nginx and Caddy with the settings of spec/operating/, which are used as they stand there.

    proxies.py CAIRN [--length BYTES] [--only nginx|caddy]

Only names, ports and certificates are the test's. Behind each proxy: addresses are right, progress is what is durable
while the body still arrives, a client killed in the middle of a body resumes by every dialect, refusals arrive, and a
body of --length zero bytes passes (1 GB unless told otherwise; `make proxies` sends 30 GB). Every rule is printed with
its figure; exit code 1 when one is broken. Standard library, curl, nginx, caddy, openssl.
"""
import argparse, base64, concurrent.futures, hashlib, http.client, json, os, pathlib, random, re, shutil, socket, subprocess
import sys, time

from parts import ROOT, Proxy, Rules, Server, wait, work_folder

sys.path.insert(0, str(ROOT / 'Benchmarks'))
from proxy import Proxy as Line

MIB = 1 << 20
LENGTH = 24 * MIB + 12345
TUS = {'Tus-Resumable': '1.0.0'}
APPEND = {**TUS, 'Content-Type': 'application/offset+octet-stream'}


class Behind:
    """The rules for one proxy."""

    def __init__(self, proxy, server, cairn, work, rules):
        self.proxy, self.server, self.cairn, self.work, self.rules = proxy, server, cairn, work, rules
        self.file = work / 'file'
        self.bytes = self.file.read_bytes()

    def hold(self, sentence, holds, figure=''):
        return self.rules.hold(f'{self.proxy.name}: {sentence}', holds, figure)

    def curl(self, *arguments, **options):
        return subprocess.run(
            ['curl', '-sS', '--cacert', self.proxy.certificate, *map(str, arguments)], capture_output=True, **options)

    def ask(self, method, path, fields=(), *arguments):
        """Status, fields and body of a request without a body."""
        told = [x for name, value in dict(fields).items() for x in ('-H', f'{name}: {value}')]
        shape = ['-I'] if method == 'HEAD' else ['-i', '-X', method]
        out = self.curl(*shape, *told, *arguments, self.proxy.url + path).stdout
        return parse(out)

    # --- Addresses

    def addresses(self):
        lies = {'Forwarded': 'host=evil.example;proto=http', 'X-Forwarded-Host': 'evil.example',
                'X-Forwarded-Proto': 'http'}
        for version in ('--http1.1', '--http2'):
            for told in ({}, lies):
                _, fields, _ = self.ask('POST', '/files', {**TUS, 'Upload-Length': '5', **told}, version)
                place = fields.get('location', '')
                self.hold(f'Location is where the client is ({version[2:]}{", who lies about it" if told else ""})',
                          place.startswith(self.proxy.url + '/files/'), place[:60])
        place = self.curl('-T', self.file, self.proxy.url + '/files/').stdout.decode().strip()
        self.hold('the address that curl -T prints is relative and leads back',
                  place.startswith('/files/') and self.fetched(self.proxy.url + place), place)

    def fetched(self, url, *options):
        return self.curl(*options, url).stdout == self.bytes

    # --- Progress

    def progress(self):
        """Sends a third, a second third and no end; what was sent must be acknowledged before the end comes."""
        for name, begin, ask in (('X-Start-Byte', self.open_start_byte, self.asked_start_byte),
                                 ('tus, chunked', self.open_tus, None)):
            with self.proxy.connect() as line:
                upload, frame = begin(line)
                seen, sent = [], 0
                for third in (MIB * 8, MIB * 8 + 3):
                    line.sendall(frame(self.bytes[sent:sent + third]))
                    sent += third
                    upload = upload or wait(ask)
                    wait(lambda: self.server.offset(upload) == sent, 20)
                    seen.append((sent, self.server.offset(upload)))
                self.hold(f'what was sent is acknowledged while the body still arrives ({name})',
                          all(sent == offset for sent, offset in seen), ', '.join(f'{b} of {a}' for a, b in seen))

    def open_start_byte(self, line):
        line.sendall(b'POST /upload HTTP/1.1\r\nHost: localhost\r\nX-File-Id: progress-%s\r\nContent-Length: %d\r\n\r\n'
                     % (self.proxy.name.encode(), LENGTH))
        return None, lambda data: data

    def asked_start_byte(self):
        try:
            return self.server.json(f'/v1/uploads?file-id=progress-{self.proxy.name}')['id']
        except OSError:
            return None

    def open_tus(self, line):
        _, fields, _ = self.ask('POST', '/files', {**TUS, 'Upload-Length': LENGTH})
        upload = fields['location'].rpartition('/')[2]
        told = ''.join(f'{name}: {value}\r\n' for name, value in APPEND.items())
        line.sendall(f'PATCH /files/{upload} HTTP/1.1\r\nHost: localhost\r\nUpload-Offset: 0\r\n{told}'
                     'Transfer-Encoding: chunked\r\n\r\n'.encode())
        return upload, lambda data: b'%x\r\n%s\r\n' % (len(data), data)

    # --- Killed and resumed

    def killed(self, arguments, offset, least=3 * MIB):
        """Runs curl slowly, kills it once `offset()` says that so much is durable; whether Cairn knows of the cut."""
        path = arguments[-1].removeprefix(self.proxy.url)
        before = len(self.server.log())
        process = subprocess.Popen(
            ['curl', '-sS', '--http1.1', '--cacert', self.proxy.certificate, '--limit-rate', '8M', *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: offset() >= least, 20)
        process.kill()
        process.wait()
        return wait(lambda: any(line[1] == path and line[2] == '400' and int(line[3] or 0) >= least
                                for line in self.server.log()[before:]), 10)

    def resumes(self, name, cut, offset, rest, url):
        """`rest` sends from an offset on; then the file must be the same."""
        self.hold(f'Cairn learns at once that a client was killed ({name})', cut)
        kept = offset()
        status = rest(kept)
        self.hold(f'killed in the middle of a body, it goes on and is the same file ({name})',
                  0 < kept < LENGTH and status in (200, 201, 204) and self.fetched(url), f'from {kept} of {LENGTH}')

    def start_byte(self):
        told = ['-X', 'POST', '-H', f'X-File-Id: cut-{self.proxy.name}', '-H', f'X-File-Size: {LENGTH}']
        look = f'/v1/uploads?file-id=cut-{self.proxy.name}'

        def offset():
            return quiet(lambda: self.server.json(look)['offset'])

        cut = self.killed([*told, '-T', self.file, self.proxy.url + '/upload'], offset)

        def asked():
            return int(self.ask('GET', '/status', {'X-File-Id': f'cut-{self.proxy.name}'})[2] or 0)

        def rest(kept):
            return self.send(kept, *told, '-H', f'X-Start-Byte: {kept}', self.proxy.url + '/upload')

        self.resumes('X-Start-Byte', cut, asked, rest, self.proxy.url + self.server.json(look)['url'])

    def send(self, kept, *arguments):
        """The status of a request that brings the file from an offset on."""
        out = self.curl('-o', '/dev/null', '-w', '%{http_code}', '--data-binary', '@-', *arguments,
                        input=self.bytes[kept:]).stdout
        return int(out)

    def tus(self):
        url = self.ask('POST', '/files', {**TUS, 'Upload-Length': LENGTH})[1]['location']
        told = ['-X', 'PATCH', *(x for name, value in APPEND.items() for x in ('-H', f'{name}: {value}'))]
        cut = self.killed(
            [*told, '-H', 'Upload-Offset: 0', '-T', self.file, url], lambda: self.server.offset(url.rpartition('/')[2]))
        path = url.removeprefix(self.proxy.url)

        def asked():
            return int(self.ask('HEAD', path, TUS)[1].get('upload-offset', 0))

        self.resumes('tus', cut, asked, lambda kept: self.send(kept, *told, '-H', f'Upload-Offset: {kept}', url), url)

    def ietf(self, version):
        mark = ['-H', f'Upload-Draft-Interop-Version: {version}'] if version else []
        url = parse(self.curl('-i', '-X', 'POST', *mark, '-H', 'Upload-Complete: ?0', '-H', 'Content-Length: 0',
                              self.proxy.url + '/files').stdout)[1].get('location')
        if not self.hold(f'an upload begins (IETF {version or "without a version"})', url):
            return
        told = ['-X', 'PATCH', *mark, '-H', 'Content-Type: application/partial-upload', '-H', 'Upload-Complete: ?1']
        cut = self.killed(
            [*told, '-H', 'Upload-Offset: 0', '-T', self.file, url], lambda: self.server.offset(url.rpartition('/')[2]))
        asking = {'Upload-Draft-Interop-Version': version} if version else {}

        def asked():
            return int(self.ask('HEAD', url.removeprefix(self.proxy.url), asking)[1].get('upload-offset', 0))

        self.resumes(f'IETF {version or "without a version"}', cut, asked,
                     lambda kept: self.send(kept, *told, '-H', f'Upload-Offset: {kept}', url), url)

    def plain(self):
        name = f'cut-{self.proxy.name}.bin'
        since = time.monotonic()
        cut = self.killed(['-T', self.file, f'{self.proxy.url}/files/{name}'], lambda: time.monotonic() - since > 1, 1)
        self.hold('Cairn learns at once that a client was killed (plain curl -T)', cut)
        left = [file for file in self.server.complete_files() + self.server.open_uploads() if file['name'] == name]
        self.hold('a plain curl -T that was killed leaves nothing', not left, f'{len(left)} left')

    def native(self):
        """`cairn put` over a slow line, killed, run again: what it sent is not sent again."""
        file = self.work / f'native-{self.proxy.name}'
        content = random.Random(self.proxy.name).randbytes(40 * MIB + 77)
        file.write_bytes(content)
        command = [self.cairn, 'put', file, '--json', '--quiet', '--to']
        known = {upload['id'] for upload in self.server.open_uploads()}
        before = len(self.server.log())

        def brought():
            """Bytes of whole chunks and frames that are kept, as the log tells."""
            return sum(int(line[3] or 0) for line in self.server.log()[before:]
                       if '/chunks' in line[1] and line[2] in ('200', '201'))

        with Line(self.proxy.plain, rate=16 * MIB) as line:
            process = subprocess.Popen([*command, f'http://localhost:{line.port}'], stdout=subprocess.DEVNULL)
            wait(lambda: brought() >= 12 * MIB, 20)
            process.kill()
            process.wait()
        kept = brought()
        told = json.loads(subprocess.run([*command, self.proxy.plain_url], capture_output=True, check=True).stdout)
        back = self.work / f'back-{self.proxy.name}'
        subprocess.run([self.cairn, 'get', self.proxy.plain_url + '/files/' + told['id'], '-o', back, '--quiet'],
                       check=True, stdout=subprocess.DEVNULL)
        self.hold('a cairn put that was killed goes on and sends nothing twice',
                  back.read_bytes() == content and 0 < told['sent'] <= len(content) - kept + 1024,
                  f'{told["sent"]} of {len(content)} sent by the second run, {kept} kept of the first')
        self.hold('the address that cairn put prints is of the proxy', told['url'].startswith(self.proxy.plain_url),
                  told['url'][:48])

    # --- Answers

    def slow_bodies(self):
        """Bodies of 8 s by a version of the IETF draft that is told its progress by 104."""
        part = self.work / 'slow'
        part.write_bytes(self.bytes[:800_000])

        def send(version):
            return self.curl(version, '--limit-rate', '100k', '-o', '/dev/null', '-w', '%{http_code}', '-H',
                             'Upload-Draft-Interop-Version: 6', '-H', 'Upload-Complete: ?1', '-H', 'Expect:',
                             '--data-binary', f'@{part}', self.proxy.url + '/files').stdout.decode()

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = list(pool.map(send, ('--http1.1', '--http2')))
        self.hold('no interim answer breaks a body of 8 s (IETF 6, HTTP/1.1 and 2)', found == ['201', '201'], found)

    def refusals(self):
        """A refusal that comes before a long body has arrived must arrive."""
        url = self.ask('POST', '/files', {**TUS, 'Upload-Length': LENGTH})[1]['location']
        told = ['-X', 'PATCH', *(x for name, value in APPEND.items() for x in ('-H', f'{name}: {value}'))]
        found = [self.curl(version, '-o', '/dev/null', '-w', '%{http_code} %header{upload-offset}', *told, '-H',
                           'Upload-Offset: 5', '-H', 'Expect:', '-T', self.file, url).stdout.decode()
                 for _ in range(8) for version in ('--http1.1', '--http2')]
        self.hold('a refusal in front of 24 MiB arrives, with its offset', set(found) == {'409 0'},
                  f'{found.count("409 0")} of {len(found)}; {sorted(set(found))}')

    def trailers(self):
        """A digest in a trailer: taken, or refused because the proxy dropped it; never passed over."""
        url = self.ask('POST', '/files', {**TUS, 'Upload-Length': 5})[1]['location']
        path = url.removeprefix(self.proxy.url)
        found = []
        for content, right in ((b'hello', b'hellO'), (b'hello', b'hello')):
            digest = hashlib.sha1(right).digest()
            line = self.proxy.connect()
            told = ''.join(f'{name}: {value}\r\n' for name, value in APPEND.items())
            line.sendall(f'PATCH {path} HTTP/1.1\r\nHost: localhost\r\nUpload-Offset: 0\r\n{told}'
                         'Trailer: Upload-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n'.encode()
                         + b'5\r\n' + content + b'\r\n0\r\nUpload-Checksum: sha1 '
                         + base64.b64encode(digest) + b'\r\n\r\n')
            found.append(line.recv(65536).split(b' ', 2)[1].decode())
            line.close()
        self.hold('a checksum in a trailer counts or is refused, and is never passed over',
                  found in (['460', '204'], ['400', '400']), found)

    # --- Long bodies, parts of files

    def ranges(self):
        place = self.curl('-T', self.file, self.proxy.url + '/files/ranges').stdout.decode().strip()
        url = self.proxy.url + place
        out = self.work / f'half-{self.proxy.name}'
        out.write_bytes(self.bytes[:LENGTH // 2])
        self.curl('-C', '-', '-o', out, url)
        self.hold('curl -C - goes on with a download', out.read_bytes() == self.bytes)
        for version in ('--http1.1', '--http2'):
            part = self.curl(version, '-r', '7-1000006', url).stdout
            several = self.curl(version, '-i', '-r', '0-9,100-109', url).stdout
            status, fields, _ = self.ask('GET', place, {'Range': 'bytes=99999999-'}, version)
            tag = self.ask('HEAD', place, {}, version)[1].get('etag')
            same = self.ask('GET', place, {'If-None-Match': tag}, version)[0]
            self.hold(f'ranges, several ranges, 416 and 304 come through ({version[2:]})',
                      part == self.bytes[7:1000007] and self.bytes[100:110] in several and status == 416 and same == 304,
                      f'{len(part)} bytes, {status} {fields.get("content-range")}, {same}')

    def long(self, length):
        sparse = self.work / 'sparse'
        with sparse.open('wb') as file:
            file.truncate(length)
        for version, way in (('--http1.1', 'Content-Length'), ('--http2', 'chunked')):
            source = sparse if way == 'Content-Length' else '-'
            begun = time.monotonic()
            with sparse.open('rb') as file:
                place = self.curl(version, '-T', source, self.proxy.url + '/files/long', stdin=file).stdout.decode()
            wall = time.monotonic() - begun
            head = self.ask('HEAD', place.strip(), {}, version)[1]
            found = int(head.get('content-length', -1))
            self.hold(f'a body of {length} bytes passes ({version[2:]}, length {"told" if source != "-" else "untold"})',
                      found == length, f'{found} bytes in {wall:.1f} s, Cairn at {self.server.memory("VmHWM"):.0f} MiB')
        begun = time.monotonic()
        back = self.curl('-o', '/dev/null', '-w', '%{size_download}', self.proxy.url + place.strip()).stdout.decode()
        self.hold('and comes back', int(back or 0) == length, f'{back} bytes in {time.monotonic() - begun:.1f} s')

    def all(self, length):
        self.addresses()
        together = (self.progress, self.start_byte, self.tus, lambda: self.ietf(None), lambda: self.ietf(6), self.plain,
                    self.native, self.slow_bodies)
        with concurrent.futures.ThreadPoolExecutor(len(together)) as pool:
            for rule in [pool.submit(rule) for rule in together]:
                rule.result()
        for rule in (self.refusals, self.trailers, self.ranges):
            rule()
        self.long(length)


def parse(out):
    """Status, fields in lower case and body of the last answer of `curl -i`."""
    while True:
        head, _, body = out.partition(b'\r\n\r\n')
        lines = head.decode(errors='replace').split('\r\n')
        status = int(lines[0].split(' ')[1]) if ' ' in lines[0] else 0
        if not 100 <= status < 200:
            return status, {name.lower(): value.strip() for name, _, value in (x.partition(':') for x in lines[1:])}, body
        out = body


def quiet(what):
    try:
        return what()
    except OSError:
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--length', type=int, default=10 ** 9)
    parser.add_argument('--only', choices=('nginx', 'caddy'))
    options = parser.parse_args()
    rules, work = Rules(), work_folder('proxies')
    os.environ['XDG_CACHE_HOME'] = str(work / 'cache')
    cairn = options.cairn.resolve()
    (work / 'file').write_bytes(random.Random(7).randbytes(LENGTH))
    try:
        server = Server(cairn, work, '--trusted-proxy', '127.0.0.1')
        for name in ('nginx', 'caddy'):
            if options.only in (None, name):
                proxy = Proxy(name, server, work)
                try:
                    Behind(proxy, server, cairn, work, rules).all(options.length)
                finally:
                    proxy.stop()
        rules.hold('Cairn answered nothing with a status of 500 or more',
                   not [line for line in server.log() if line[2] >= '500'], f'{len(server.log())} requests')
        server.stop()
    finally:
        if rules.broken:
            sys.stdout.flush()
            for log in work.glob('*/log'):
                sys.stderr.write(f'--- {log.parent.name}\n{log.read_text()[-3000:]}\n')
        shutil.rmtree(work, ignore_errors=True)
    rules.end()


main()
