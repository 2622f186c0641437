#!/usr/bin/env python3
"""Sends files as cheaply as Linux can, by sendfile over HTTP/1.1, also where a file takes more than one request.

    send.py tus|docker|put URL STATE CONNECTIONS FILE…

tus (https://tus.io/protocols/resumable-upload): POST, PATCH. docker (the distribution API): HEAD by SHA-256, POST,
PATCH, PUT. put: PUT alone. STATE is a folder in which the address of a tus upload is kept until it is done: a later run
asks there how far it came and goes on. Prints seconds, name and address of each file. Standard library only.
"""
import base64
import hashlib
import http.client
import pathlib
import queue
import sys
import threading
import time
import urllib.parse


class Refused(Exception):
    """An answer that ends the upload."""


class Line:
    """One connection, opened again when the server closes it."""

    def __init__(self, url):
        self.host, self.connection = urllib.parse.urlsplit(url).netloc, None

    def ask(self, method, target, fields, wanted, file=None, offset=0):
        """An answer with one of the wanted statuses. Of `file` the bytes from `offset` on are the body."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=120)
            self.connection.connect()
            self.connection.sock.setsockopt(6, 1, 1)  # TCP_NODELAY: head and body are two writes
        length = file.seek(0, 2) - offset if file else 0
        self.connection.putrequest(method, target)
        for name, value in fields.items():
            self.connection.putheader(name, value)
        if method not in ('GET', 'HEAD'):
            self.connection.putheader('Content-Length', str(length))
        self.connection.endheaders()
        if length:
            file.seek(offset)
            self.connection.sock.sendfile(file, offset, length)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.will_close:
            self.connection.close()
            self.connection = None
        if answer.status not in wanted:
            raise Refused(f'{method} {target}: {answer.status} {body[:200]}')
        return answer


def target(address):
    """Path and query of an absolute or relative address."""
    parts = urllib.parse.urlsplit(address)
    return parts.path + (f'?{parts.query}' if parts.query else '')


def tus(line, base, path, file, state):
    fields = {'Tus-Resumable': '1.0.0'}
    offset = 0
    if state.exists():
        address = state.read_text()
        offset = int(line.ask('HEAD', address, fields, (200, 204)).getheader('Upload-Offset'))
    else:
        name = base64.b64encode(path.name.encode()).decode()
        answer = line.ask('POST', base, {**fields, 'Upload-Length': str(file.seek(0, 2)),
                                         'Upload-Metadata': f'filename {name},filetype YS9i'}, (201,))
        address = target(answer.getheader('Location'))
        state.write_text(address)
    line.ask('PATCH', address, {**fields, 'Content-Type': 'application/offset+octet-stream',
                                'Upload-Offset': str(offset)}, (204,), file, offset)
    return address


def docker(line, base, path, file, _):
    digest = hashlib.file_digest(file, 'sha256').hexdigest()
    blob = f'{base}sha256:{digest}'
    if line.ask('HEAD', blob, {}, (200, 404)).status == 200:
        return blob
    answer = line.ask('POST', f'{base}uploads/', {}, (202,))
    address = target(answer.getheader('Location'))
    answer = line.ask('PATCH', address, {'Content-Type': 'application/octet-stream'}, (202,), file)
    address = target(answer.getheader('Location'))
    line.ask('PUT', f'{address}{"&" if "?" in address else "?"}digest=sha256:{digest}', {}, (201,))
    return blob


def put(line, base, path, file, _):
    line.ask('PUT', base + path.name, {}, (201,), file)
    return base + path.name


def work(send, url, states, waiting, failures):
    line, base = Line(url), target(url)
    while True:
        try:
            path = waiting.get_nowait()
        except queue.Empty:
            return
        started, state = time.monotonic(), states / path.name
        try:
            with path.open('rb') as file:
                address = send(line, base, path, file, state)
        except (OSError, http.client.HTTPException, Refused) as error:
            failures.append(f'{path.name}: {error!r}')
            return
        state.unlink(missing_ok=True)
        sys.stdout.write(f'{time.monotonic() - started:.6f} {path.name} {address}\n')  # one write: lines stay whole


def main():
    kind, url, states, connections, *files = sys.argv[1:]
    if len(files) == 1 and pathlib.Path(files[0]).is_dir():
        files = sorted(pathlib.Path(files[0]).iterdir())
    waiting, failures = queue.SimpleQueue(), []
    for file in files:
        waiting.put(pathlib.Path(file))
    send = {'tus': tus, 'docker': docker, 'put': put}[kind]
    threads = [threading.Thread(target=work, args=(send, url, pathlib.Path(states), waiting, failures))
               for _ in range(min(int(connections), len(files)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit('\n'.join(failures[:3]))


if __name__ == '__main__':
    main()
