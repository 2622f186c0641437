"""HTTP/1.1 to a server that may die at any moment: an answer that came whole, or `Broken`."""
import http.client
import socket
import time
from dataclasses import dataclass


class Broken(Exception):
    """No whole answer came; what the request did is not known."""


@dataclass
class Answer:
    status: int
    fields: http.client.HTTPMessage
    body: bytes

    def count(self, name):
        """A field that is a number, or None."""
        value = self.fields.get(name, '')
        return int(value) if value.isdigit() else None


class Wire:
    """One connection to a loopback port, opened again after it broke.

    dark: whether the power is gone. An answer that comes then would never have left the machine; it does not count.
    """

    def __init__(self, port, timeout=30, dark=lambda: False):
        self.port, self.timeout, self.dark = port, timeout, dark
        self.connection = None

    def ask(self, method, path, fields=None, body=b''):
        try:
            return self._ask(method, path, fields or {}, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Broken(f'{method} {path}: {error!r}') from None

    def _ask(self, method, path, fields, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=self.timeout)
        if method not in ('GET', 'HEAD'):
            fields = {'Content-Length': str(len(body)), **fields}
        self.connection.request(method, path, body=body or None, headers=fields)
        answer = self.connection.getresponse()
        got = answer.read()
        if self.dark():
            raise OSError('no power')
        if answer.will_close:
            self.close()
        return Answer(answer.status, answer.headers, got)

    def break_off(self, method, path, fields, body, length):
        """Sends `body` of `length` declared bytes, and cuts the line."""
        lines = [f'{method} {path} HTTP/1.1', 'Host: localhost', f'Content-Length: {length}']
        lines += [f'{name}: {value}' for name, value in fields.items()]
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=self.timeout) as line:
                line.sendall('\r\n'.join(lines).encode() + b'\r\n\r\n' + body)
                time.sleep(0.002)
        except OSError as error:
            raise Broken(f'{method} {path}: {error!r}') from None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None
