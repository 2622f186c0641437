#!/usr/bin/env python3
"""How long an upload takes, against the time that hashing the same file takes: interleaved runs, medians, CPU, memory.

    upload.py CAIRN [--length BYTES] [--rounds N] [--directory DIR]

Each round, in turn: `openssl dgst -sha256` of the file, `cairn put` to a fresh store, `curl` to /upload of a fresh
store. The file and the stores lie in a memory file system. The server's figures are those of its whole life, start
included. Standard library only; nothing is asserted.
"""
import argparse, os, pathlib, re, shutil, signal, statistics, subprocess, sys, tempfile, time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--length', type=int, default=1 << 30, help='bytes of the random file')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--directory', type=pathlib.Path, default=pathlib.Path('/dev/shm'))
    return parser.parse_args()


class Server:
    """`cairn serve` on a free port over a store of its own, and what it cost."""

    def __init__(self, cairn, data):
        self.data = data
        self.process = subprocess.Popen(
            [cairn, 'serve', '--listen', '127.0.0.1:0', '--data', data],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if found := re.search(r'listening on (http://[^\s,]+)', line):
                self.url = found[1].rstrip('/')
                return
        sys.exit('the server did not start')

    def cost(self):
        """CPU seconds and the most resident memory, in MiB."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        peak = re.search(r'VmHWM:\s+(\d+)', pathlib.Path(f'/proc/{self.process.pid}/status').read_text())
        return ticks / os.sysconf('SC_CLK_TCK'), int(peak[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.data)


def run(command):
    """Wall and CPU seconds of a command that must succeed, and its most resident memory in MiB."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if status:
        sys.exit(f'{command[0]} failed: {errors.decode()}')
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def put(cairn, file, url):
    return [cairn, 'put', file, '--to', url, '--quiet', '--no-cache']


def curl(_, file, url):
    length = file.stat().st_size
    return ['curl', '-sf', '-X', 'POST', '-T', file, '-H', 'X-File-Id: bench', '-H', f'X-File-Size: {length}',
            f'{url}/upload']


def main():
    options = arguments()
    work = pathlib.Path(tempfile.mkdtemp(prefix='cairn-bench-', dir=options.directory))
    try:
        file = work / 'random'
        with file.open('wb') as out:
            for _ in range(options.length >> 20):
                out.write(os.urandom(1 << 20))
        figures = {name: [] for name in ('openssl', 'put', 'curl')}
        for _ in range(options.rounds + 1):
            figures['openssl'].append(run(['openssl', 'dgst', '-sha256', file]))
            for name, client in (('put', put), ('curl', curl)):
                server = Server(options.cairn, work / 'data')
                wall = run(client(options.cairn, file, server.url))
                figures[name].append(wall + server.cost())
                server.stop()
        report(options, {name: rows[1:] for name, rows in figures.items()})
    finally:
        shutil.rmtree(work)


def report(options, figures):
    limit = [row[0] for row in figures['openssl']]
    print(f'{options.length / 2**20:.0f} MiB, {options.rounds} interleaved rounds after one to warm up, medians')
    print('command   wall s  of openssl     (pairs)        client CPU s  MiB   server CPU s  MiB')
    for name, rows in figures.items():
        wall, *costs = (statistics.median(column) for column in zip(*rows))
        pairs = [row[0] / base for row, base in zip(rows, limit)]
        spread = f'{min(pairs):.2f}-{max(pairs):.2f}'
        cells = ''.join(f'{cost:12.2f}' for cost in costs)
        print(f'{name:8} {wall:7.2f} {statistics.median(pairs):9.2f} x {spread:>14} {cells}')


main()
