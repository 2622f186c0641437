#!/usr/bin/env python3
"""What the native protocol saves, counted on the wire: one scenario after the other, each with its figure.

    native.py CAIRN [SCENARIO ...]

Scenarios: identical changed zeros first logs small kills line terabyte memory start lanes. Files and stores lie in a memory file
system but for `small`, which also uses the disk under the temporary folder. Standard library only; nothing is asserted.
"""
import hashlib, json, os, pathlib, random, shutil, subprocess, sys, tempfile, time, urllib.request

from accounts import Accounts
from contents import write_logs, write_random
from proxy import Proxy
from serving import Serving

MEMORY = pathlib.Path('/dev/shm')
GIB = 1 << 30
CHUNK = 4 << 20


class Bench:
    def __init__(self, cairn):
        self.cairn = cairn
        self.work = pathlib.Path(tempfile.mkdtemp(prefix='cairn-native-', dir=MEMORY))
        os.environ['XDG_CACHE_HOME'] = str(self.work / 'cache')

    def server(self, *options, data=None):
        return Serving(self.cairn, data or self.work / 'data', *options)

    def random_file(self, name='random', length=GIB):
        path = self.work / name
        if not path.exists():
            write_random(path, length)
        return path

    def put(self, file, url, *options):
        """Wall seconds, most resident MiB, and what it printed."""
        started = time.monotonic()
        process = subprocess.Popen(
            [self.cairn, 'put', file, '--to', url, '--json', '--quiet', *options], stdout=subprocess.PIPE)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f'put ended with {status}')
        return time.monotonic() - started, usage.ru_maxrss / 1024, [json.loads(line) for line in out.splitlines()]

    def openssl(self, file):
        started = time.monotonic()
        subprocess.run(['openssl', 'dgst', '-sha256', file], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started

    def counted(self, file, server, *options):
        with Proxy(server.port) as proxy:
            _, _, (receipt,) = self.put(file, f'http://127.0.0.1:{proxy.port}', *options)
        return proxy.up + proxy.down, receipt

    # The scenarios.

    def identical(self):
        file = self.random_file()
        with self.server() as server:
            self.put(file, server.url, '--no-cache')
            wire, receipt = self.counted(file, server, '--no-cache')
            pairs = [(self.openssl(file), self.put(file, server.url, '--no-cache')[0]) for _ in range(5)]
            self.put(file, server.url)
            warm = sorted(self.put(file, server.url)[0] for _ in range(5))[2]
        ratio = sorted(put / base for base, put in pairs)[2]
        print(f'identical 1 GiB: {wire} bytes on the wire, {receipt["sent"]} of body; wall {ratio:.2f} x openssl, '
              f'with a warm cache {warm:.2f} s')

    def changed(self):
        file = self.random_file()
        with self.server() as server:
            self.put(file, server.url, '--no-cache')
            other = self.work / 'changed'
            shutil.copyfile(file, other)
            with other.open('r+b') as out:
                out.seek(GIB // 2 + 12345)
                out.write(os.urandom(1 << 20))
            wire, receipt = self.counted(other, server)
        other.unlink()
        print(f'1 MiB changed in 1 GiB: {receipt["sent"]} of body ({receipt["sent"] / CHUNK:.2f} chunks), {wire} on the wire')

    def zeros(self):
        file = self.work / 'zeros'
        with file.open('wb') as out:
            for _ in range(GIB >> 20):
                out.write(bytes(1 << 20))
        hole = self.work / 'hole'
        with hole.open('wb') as out:
            out.truncate(GIB)
        for path in (file, hole):
            with self.server() as server:
                wire, receipt = self.counted(path, server)
            print(f'1 GiB of zeros ({path.name}): {receipt["sent"]} of body, {wire} on the wire')
            path.unlink()

    def first(self):
        file = self.random_file()
        ratios = []
        for _ in range(6):
            base = self.openssl(file)
            with self.server() as server:
                ratios.append(self.put(file, server.url, '--no-cache')[0] / base)
        ratios = sorted(ratios[1:])
        print(f'first upload of 1 GiB random: wall {ratios[2]:.2f} x openssl ({ratios[0]:.2f}-{ratios[-1]:.2f})')

    def logs(self):
        file = self.work / 'logs'
        write_logs(file, GIB)
        with self.server() as server:
            wire, receipt = self.counted(file, server)
            rest = sum(entry.stat().st_size for entry in (self.work / 'data' / 'ns').rglob('*') if entry.is_file())
        print(f'1 GiB of logs: {wire / receipt["length"]:.2f} of the bytes on the wire, '
              f'{rest / receipt["length"]:.2f} at rest')
        file.unlink()

    def small(self):
        folder = self.work / 'small'
        folder.mkdir()
        for number in range(10_000):
            (folder / f'{number:05}').write_bytes(os.urandom(4096))
        for name, data in (('memory', self.work / 'data'), ('disk', pathlib.Path(tempfile.mkdtemp()) / 'data')):
            with self.server(data=data) as server:
                wall, peak, receipts = self.put(folder, server.url)
                again = self.put(folder, server.url)
            sent = sum(receipt['sent'] for receipt in again[2])
            print(f'10,000 files of 4 KiB to {name}: {len(receipts) / wall:.0f} files/s ({peak:.0f} MiB); '
                  f'again: {10_000 / again[0]:.0f} files/s, {sent} bytes of body')

    def kills(self, count=100):
        file = self.random_file()
        digest = subprocess.run([self.cairn, 'id', file], capture_output=True, text=True, check=True).stdout[:64]
        generator = random.Random()
        with self.server() as server:
            accounts = Accounts()
            with Proxy(server.port, rate=100e6, observer=accounts) as proxy:
                url = f'http://127.0.0.1:{proxy.port}'
                for number in range(count):
                    accounts.client_begins()
                    client = subprocess.Popen(
                        [self.cairn, 'put', file, '--to', url, '--quiet'], stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
                    time.sleep(generator.uniform(0.1, 0.8))
                    if number % 2:
                        server.kill()
                        server.start(server.port)
                    client.kill()
                    client.wait()
                accounts.client_begins()
                _, _, (receipt,) = self.put(file, url)
        print(f'{count} kills of one upload of 1 GiB: identical {receipt["contentId"] == digest}, '
              f'{proxy.up / file.stat().st_size:.2f} x the file on the wire in all; of {len(accounts.acknowledged)} chunks '
              f'acknowledged {accounts.again} were sent again')

    def line(self):
        file = self.random_file('line', 48 << 20)
        rate = 20e6 / 8
        with self.server() as server, Proxy(server.port, rate=rate, delay=0.04, drop=4) as proxy:
            wall, _, (receipt,) = self.put(file, f'http://127.0.0.1:{proxy.port}', '--tries', '1000')
        print(f'20 Mbit/s, 80 ms, cut {proxy.cuts} times: goodput {receipt["length"] / wall / rate:.0%} of the line')

    def terabyte(self):
        chunk = os.urandom(CHUNK)
        digest = hashlib.sha256(chunk).digest()

        def ask(method, path, body=None, type='application/json'):
            request = urllib.request.Request(
                server.url + path, data=body, method=method, headers={'Content-Type': type})
            with urllib.request.urlopen(request) as answer:
                return answer.read()

        with self.server() as server:
            ask('POST', '/files', chunk, 'application/octet-stream')
            started = time.monotonic()
            upload = json.loads(ask('POST', '/v1/uploads', json.dumps({'length': 1 << 40}).encode()))['id']
            count = (1 << 40) // CHUNK
            for index in range(0, count, 8192):
                ask('PATCH', f'/v1/uploads/{upload}/manifest?index={index}', digest * 8192, 'application/vnd.cairn.digests')
            times = []
            for _ in range(101):
                asked = time.monotonic()
                ask('GET', f'/v1/uploads/{upload}')
                times.append(time.monotonic() - asked)
            file = json.loads(ask('POST', f'/v1/uploads/{upload}/complete'))
            wall = time.monotonic() - started
            peak = server.peak()
        print(f'1 TiB of one known chunk: {file["state"]} in {wall:.1f} s, state in {sorted(times)[50] * 1000:.1f} ms, '
              f'server {peak:.0f} MiB')

    def memory(self):
        file = self.random_file()
        with self.server() as server:
            _, peak, _ = self.put(file, server.url, '--no-cache')
            print(f'first upload of 1 GiB: client {peak:.0f} MiB, server {server.peak():.0f} MiB')

    def start(self):
        file = self.random_file('large', 2 * GIB)
        for name, command in (('a file', [self.cairn, 'put', file]), ('a stream', [self.cairn, 'put', '-'])):
            times = []
            for _ in range(5):
                accounts = Accounts()
                with self.server() as server, Proxy(server.port, observer=accounts) as proxy, file.open('rb') as bytes:
                    started = time.monotonic()
                    process = subprocess.Popen(
                        [*command, '--to', f'http://127.0.0.1:{proxy.port}', '--quiet', '--no-cache'], stdin=bytes,
                        stdout=subprocess.DEVNULL)
                    while not accounts.first:
                        time.sleep(0.001)
                    times.append(accounts.first - started)
                    process.kill()
                    process.wait()
            print(f'{name} of 2 GiB: first byte on the wire {sorted(times)[2] * 1000:.0f} ms after the command began')
        file.unlink()

    def lanes(self):
        file = self.random_file('large', 2 * GIB)
        for delay, options in ((0, ('--connections', '16')), (0.15, ())):
            with self.server() as server, Proxy(server.port, delay=delay) as proxy:
                process = subprocess.Popen(
                    [self.cairn, 'put', file, '--to', f'http://127.0.0.1:{proxy.port}', '--quiet', '--no-cache', *options],
                    stdout=subprocess.DEVNULL)
                most = 0
                while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    most = max(most, len(proxy.writers) // 2)
                    time.sleep(0.05)
                _, status, usage = os.wait4(process.pid, 0)
                line = f'{2000 * delay:.0f} ms away' if delay else 'beside it, --connections 16'
                print(f'2 GiB to a server {line}: {most} connections, client {usage.ru_maxrss / 1024:.0f} MiB, '
                      f'server {server.peak():.0f} MiB, status {status}')
        file.unlink()

    def end(self):
        shutil.rmtree(self.work)


def main():
    names = ['identical', 'changed', 'zeros', 'first', 'logs', 'small', 'kills', 'line', 'terabyte', 'memory', 'start', 'lanes']
    bench = Bench(pathlib.Path(sys.argv[1]).resolve())
    try:
        for name in sys.argv[2:] or names:
            getattr(bench, name)()
            sys.stdout.flush()
    finally:
        bench.end()


main()
