"""What an upload cannot be faster than: reading, hashing, receiving and writing, each alone."""
import pathlib
import sys

from server import Server
from subjects import Cannot, CurlPut, Folder, Sent, Subject, free_port

SINK = pathlib.Path(__file__).with_name('sink.py')


class Limit(Subject):
    group = 'limit'
    network = False
    no_resume = 'is a limit of first uploads'

    def again(self, at, file):
        raise Cannot('is a limit of first uploads')

    def folder(self, at, files):
        raise Cannot('is a limit of single files')

    def together(self, at, files):
        raise Cannot('is a limit of single files')


class Copy(Limit, Folder):
    """cp to the folder in which the stores lie."""

    def send(self, at, file):
        return [[['cp', file.path, at.data]]]

    def folder(self, at, files):
        return [[['cp', *[file.path for file in files], at.data]]]


class Hash(Limit):
    """openssl, which reads and hashes."""
    needs = ('openssl',)

    def send(self, at, file):
        return [[['openssl', 'dgst', '-sha256', file.path]]]

    def again(self, at, file):
        return self.send(at, file)

    def folder(self, at, files):
        return [[['openssl', 'dgst', '-sha256', *[file.path for file in files]]]]

    def digests(self, at, files):
        return {file.name: file.digest for file in files}


class Synced(Limit, Folder):
    """dd, which writes and syncs."""

    def send(self, at, file):
        return [[['dd', f'if={file.path}', f'of={at.data / file.name}', 'bs=1M', 'conv=fsync', 'status=none']]]


class Sinking:
    """To a server that receives and writes, and neither hashes nor syncs."""
    group = 'limit'
    no_resume = 'is a limit of first uploads'

    def start(self, data, log):
        port = free_port()
        server = Server([sys.executable, '-S', SINK, port, data], log)
        server.accepts(port)
        return server

    def again(self, at, file):
        raise Cannot('is a limit of first uploads')

    folder = together = lambda self, at, files: self.again(at, None)


class Sink(Sinking, CurlPut, Folder):
    """By curl."""


class SentSink(Sinking, Sent, Folder):
    """By send.py: what comes by sendfile comes in other pieces, and costs its receiver another time."""
    kind = 'put'
    path = '/'


def subjects():
    return [
        Hash('openssl', 'openssl dgst -sha256', 'reads and hashes; nothing travels'),
        Copy('cp', 'cp', 'reads and writes; nothing travels, nothing is hashed'),
        Synced('dd', 'dd conv=fsync', 'reads, writes and syncs; nothing travels, nothing is hashed'),
        Sink('sink', 'receive and write', 'curl to a server that does nothing else'),
        SentSink('sent-sink', 'receive and write, sendfile', 'send.py to a server that does nothing else'),
    ]
