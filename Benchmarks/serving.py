"""`cairn serve` as the benchmarks run it: over a data directory, on a free port of loopback unless told one."""
import pathlib
import re
import shutil
import signal
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent / 'crash'))

import server


class Serving:
    """A running server. Its log lies beside the data directory, which goes when it is stopped."""

    def __init__(self, cairn, data, *options, port=0):
        self.cairn, self.data, self.options = cairn, pathlib.Path(data), options
        self.start(port)

    def start(self, port=0):
        command = [self.cairn, 'serve', '--listen', f'127.0.0.1:{port}', '--data', self.data, *self.options]
        self.server = server.Server(command, self.data.with_name(f'{self.data.name}.log'))
        self.started_in = self.server.wait()
        self.pid, self.port = self.server.process.pid, self.server.port
        self.host, self.url = '127.0.0.1', f'http://127.0.0.1:{self.port}'

    def log(self):
        """What it has logged since it was started."""
        return self.server.text()

    def peak(self):
        """The most resident memory so far, in MiB."""
        return int(re.search(r'VmHWM:\s+(\d+)', pathlib.Path(f'/proc/{self.pid}/status').read_text())[1]) / 1024

    def kill(self):
        self.server.kill()

    def end(self, how=signal.SIGTERM):
        """Ends it, as an operator would unless told otherwise; its data stay."""
        self.server.kill(how)

    def stop(self):
        self.end()
        shutil.rmtree(self.data, ignore_errors=True)
        self.server.log.unlink(missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
