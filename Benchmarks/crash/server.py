"""The server under test: a process that says where it listens, and can be ended in two ways."""
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import time


class NotStarted(Exception):
    """It ended, or said nothing, before it listened. Has its exit code and the end of its log."""

    def __init__(self, code, log):
        super().__init__(f'exit code {code}: {log[-600:]}')
        self.code, self.log = code, log


class Server:
    """A process of its own group, with its log in a file."""

    def __init__(self, command, log, environment=None, prepare=None):
        self.log = pathlib.Path(log)
        self.started = time.monotonic()
        with open(self.log, 'ab') as out:
            out.write(b'--- start\n')
            self.mark = out.tell()
            self.process = subprocess.Popen(
                [str(word) for word in command], stdout=subprocess.PIPE, stderr=out, start_new_session=True,
                env={**os.environ, **(environment or {})}, preexec_fn=prepare)
        self.port = None

    def wait(self, pattern=rb'listening on http://[^\s:]+:(\d+)', timeout=60):
        """Returns the seconds it took to be ready."""
        said = b''
        pipe = self.process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            end = time.monotonic() + timeout
            while time.monotonic() < end:
                if not selector.select(0.2):
                    continue
                piece = os.read(pipe, 4096)
                said += piece
                if found := re.search(pattern, said):
                    self.port = int(found[1])
                    return time.monotonic() - self.started
                if not piece:
                    self.settle()
                    break
        self.kill()
        raise NotStarted(self.process.returncode, self.text())

    def accepts(self, port, timeout=60):
        """Returns when this port is listened at."""
        self.port = port
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.running():
            try:
                socket.create_connection(('127.0.0.1', port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.kill()
        raise NotStarted(self.process.returncode, self.text())

    def settle(self):
        """It has closed its output; its exit code comes in a moment."""
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass

    def text(self):
        """What it has logged since it was started."""
        with open(self.log, 'rb') as log:
            log.seek(self.mark)
            return log.read().decode(errors='replace')

    def kill(self, how=signal.SIGKILL):
        """Ends it and all that it started, and waits."""
        try:
            os.killpg(self.process.pid, how)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()

    def running(self):
        return self.process.poll() is None
