"""Cairn, by each of its dialects."""
import json
import os
import re
import urllib.request

from server import Server
from subjects import CURL, LANES, Cannot, CurlPut, Http, Sent

ASK = [*CURL, '-w', '\\n%{http_code}']
VERSION = '8'  # of the IETF draft


class Cairn(Http):
    """The server, and what is the same by every dialect."""
    group = 'ours'
    verifies = True

    def __init__(self, binary, key, title, about=''):
        super().__init__(key, title, about)
        self.binary = binary

    def start(self, data, log):
        server = Server([self.binary, 'serve', '--listen', '127.0.0.1:0', '--data', data / 'store', '--no-page'], log)
        server.wait()
        return server

    def ask(self, at, path):
        with urllib.request.urlopen(at.url + path, timeout=60) as answer:
            return json.load(answer)

    def listed(self, at, kind='files'):
        """All complete files, or open uploads, newest first."""
        after = ''
        while after is not None:
            page = self.ask(at, f'/v1/{kind}?limit=1000' + (f'&after={after}' if after else ''))
            yield from page[kind]
            after = page.get('next')

    def addresses(self, at, files):
        names, found = {file.name for file in files}, {}
        for listed in self.listed(at):
            name = (listed['name'] or '').rsplit('/', 1)[-1]
            if name in names:
                found.setdefault(name, f'/files/{listed["id"]}')
                if len(found) == len(names):
                    break
        return found

    def lacking(self, at, file):
        upload = next(self.listed(at, 'uploads'), None)
        return file.length - upload['offset'] if upload else None


class Native(Cairn):
    """`cairn put` and `cairn get`."""

    def put(self, at, *paths):
        at.environment['XDG_CACHE_HOME'] = str(at.work / 'cache')
        return [self.binary, 'put', *paths, '--to', at.url, '--quiet', '--no-cache']

    def send(self, at, file):
        return [[self.put(at, file.path)]]

    go_on = send

    def folder(self, at, files):
        return [[self.put(at, files[0].path.parent)]]

    def fetch(self, at, file, out):
        return [[[self.binary, 'get', at.url + self.addresses(at, [file])[file.name], '-o', out, '--quiet']]]

    def lacking(self, at, file):
        upload = next(self.listed(at, 'uploads'), None)
        if upload is None:
            return None
        size = self.ask(at, f'/v1/uploads/{upload["id"]}')['chunkSize']
        missing = self.ask(at, f'/v1/uploads/{upload["id"]}/missing')
        named = missing['index'] + missing['count']
        unnamed = file.length - min(named * size, file.length)
        return unnamed + sum(min(size, file.length - index * size) for index in indices(missing))


def indices(answer):
    """Those that an answer to `/missing` names (spec/native.md)."""
    from cairn import missing_indices
    return missing_indices(answer)


class Plain(CurlPut, Cairn):
    """`curl -T`."""
    no_resume = 'a plain PUT has no offset to go on at'

    def path(self, file):
        return f'/files/{file.name}'


class XStartByte(Cairn):
    """curl to /upload, as the README tells."""

    def fields(self, file):
        # An id of the page's shape; its first part is the file's name.
        return [f'X-File-Id: {file.name}-{file.length}-{file.path.stat().st_mtime_ns}', f'X-File-Size: {file.length}']

    def upload(self, at, file, *more):
        words = [word for name in self.fields(file) for word in ('-H', name)]
        return [*CURL, '-X', 'POST', '-T', file.path, *words, *more, '-o', os.devnull, f'{at.url}/upload']

    def send(self, at, file):
        return [[self.upload(at, file)]]

    def again(self, at, file):
        # The same id at 0 is a second upload beside the first (spec/x-start-byte.md, rule 9).
        return self.send(at, file)

    def go_on(self, at, file):
        def rest(out):
            offset = int(out[0])
            return [self.upload(at, file, '-C', offset, '-H', 'Content-Range:', '-H', f'X-Start-Byte: {offset}')]

        return [[[*CURL, '-H', self.fields(file)[0], f'{at.url}/status']], rest]

    def folder(self, at, files):
        return self.parallel(at, files, LANES)

    def together(self, at, files):
        return self.parallel(at, files, len(files))

    def parallel(self, at, files, count):
        settings = at.work / 'curl.conf'
        parts = []
        for file in files:
            fields = ''.join(f'header = "{name}"\n' for name in [*self.fields(file), 'Expect:'])
            parts.append(f'silent\nshow-error\nfail\nrequest = POST\n{fields}upload-file = "{file.path}"\n'
                         f'url = "{at.url}/upload"\noutput = "{os.devnull}"\nwrite-out = "%{{time_total}}\\n"\n')
        settings.write_text('next\n'.join(parts))
        return [[['curl', '-Z', '--parallel-immediate', '--parallel-max', count, '-K', settings]]]


class Tus(Sent, Cairn):
    """send.py, which is the client of the other tus servers too."""


class Ietf(CurlPut, Cairn):
    """curl with the fields of the draft."""

    def path(self, file):
        return f'/files/{file.name}'

    def fields(self, file):
        return ['-H', 'Upload-Complete: ?1', '-H', f'Upload-Draft-Interop-Version: {VERSION}']

    def send(self, at, file):
        # The address comes with the first 104.
        return [[[*CURL, *self.fields(file), '-D', at.work / 'head', '-o', os.devnull, '-T', file.path,
                  at.url + self.path(file)]]]

    def go_on(self, at, file):
        head = at.work / 'head'
        found = re.search(r'(?im)^location: *(\S+)', head.read_text() if head.exists() else '')
        if not found:
            raise Cannot('an upload that was cut has no address yet')
        address = at.url + '/files/' + found[1].rsplit('/', 1)[1]

        def rest(out):
            offset = re.search(r'(?im)^upload-offset: *(\d+)', out[0].decode())[1]
            return [[*CURL, *self.fields(file), '-X', 'PATCH', '-T', file.path, '-C', offset, '-H', 'Content-Range:',
                     '-H', f'Upload-Offset: {offset}', '-H', 'Content-Type: application/partial-upload',
                     '-o', os.devnull, address]]

        return [[[*CURL, '-I', '-H', f'Upload-Draft-Interop-Version: {VERSION}', address]], rest]


def subjects(binary):
    return [
        Native(binary, 'put', 'cairn put / get', 'the native protocol; the whole file is read each time'),
        Plain(binary, 'plain', 'Cairn, curl -T', 'a plain PUT'),
        XStartByte(binary, 'x-start-byte', 'Cairn, X-Start-Byte', 'curl to /upload'),
        Tus(binary, 'tus', 'Cairn, tus', 'tus 1.0.0, send.py'),
        Ietf(binary, 'ietf', 'Cairn, IETF', f'the IETF draft, interop version {VERSION}, curl'),
    ]
