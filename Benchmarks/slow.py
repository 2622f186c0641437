#!/usr/bin/env python3
"""A server with a thousand clients that hardly send: what normal uploads lose by them, and how it gets rid of them.

    slow.py CAIRN [--short] [--slow N] [--dropped N]

First, in three rounds, medians: 100 uploads of 8 MiB, eight at a time, to a server with nothing else (*idle*) and, in
turns with it, to one with 1,000 connections that send a byte a second of a body. Then, with all of their figures: the
slow ones are cut by the rule of 4,096 bytes a minute and what they brought is kept; 1,000 connections that never finish
a head and 1,000 that never begin one are closed; 10,000 connections are opened and dropped. Memory is resident memory
of the server, in MiB.
--short has 200 slow ones, one round, 2,000 dropped, does not wait for the minutes and does not judge the speed. Stores lie in a
memory file system. Exit code 1 when a rule is broken. Standard library only.
"""
import argparse, collections, concurrent.futures, http.client, json, os, pathlib, random, select, shutil, signal
import socket, statistics, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'Tests' / 'Operating'))
from parts import Rules, Server, more_files, wait, work_folder

MIB = 1 << 20
LENGTH = 8 * MIB


class Slow:
    """Connections that begin with `head` and then send a byte a second each, in a process of their own."""

    def __init__(self, port, count, head, every=1.0):
        self.port, self.count, self.head, self.every = port, count, head, every
        self.readable, self.writable = os.pipe()
        self.stopping, self.stopped = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.work()
            finally:
                os._exit(0)
        os.close(self.writable)
        os.close(self.stopping)

    def work(self):
        """One loop over all: a twentieth of them gets its byte every twentieth of a second."""
        os.close(self.readable)
        os.close(self.stopped)
        lines, ended, poll = {}, [], select.poll()
        poll.register(self.stopping, select.POLLIN)
        for number in range(self.count):
            line = socket.create_connection(('127.0.0.1', self.port), timeout=60)
            line.sendall(self.head(number))
            line.setblocking(False)
            lines[line.fileno()] = (line, time.monotonic())
            poll.register(line, select.POLLIN)
        os.write(self.writable, b'b')
        turn = 0
        while True:
            due = time.monotonic() + self.every / 20
            for descriptor in [descriptor for descriptor in lines if descriptor % 20 == turn]:
                try:
                    lines[descriptor][0].send(b'x')
                except OSError:
                    pass  # what it was answered comes below
            turn = (turn + 1) % 20
            time.sleep(max(due - time.monotonic(), 0))
            for descriptor, _ in poll.poll(0):
                if descriptor == self.stopping:
                    return
                line, since = lines.pop(descriptor)
                poll.unregister(descriptor)
                try:
                    answer = line.recv(65536)[9:12].decode()
                except OSError:
                    answer = ''
                ended.append((time.monotonic() - since, answer))
                line.close()
                if not lines:
                    times = sorted(ended)
                    answers = dict(collections.Counter(answer for _, answer in ended))
                    os.write(self.writable, json.dumps([len(ended), times[0][0], times[-1][0], answers]).encode())

    def begun(self):
        return os.read(self.readable, 1) == b'b'

    def end(self):
        """How many ended, after how many seconds the first and the last, and how they were answered."""
        return json.loads(os.read(self.readable, 4096))

    def stop(self):
        os.write(self.stopped, b'x')
        os.waitpid(self.pid, 0)


def upload(port, body):
    """A plain upload, and whether it was taken; the name is another one each time, the bytes too."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=120)
    connection.request('PUT', '/files/normal', body)
    status = connection.getresponse().status
    connection.close()
    return status == 201


def normal(port, bodies):
    """Seconds for all of them, eight at a time, and how many were taken."""
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(lambda body: upload(port, body), bodies))
    return time.monotonic() - begun, taken


def bodies(count, seed):
    """Each differs in every chunk, and costs no time to make."""
    whole = random.Random(seed).randbytes(LENGTH)
    half = LENGTH // 2
    made = []
    for number in range(count):
        mark = b'%016d-%08d' % (number, seed)
        made.append(mark + whole[len(mark):half] + mark + whole[half + len(mark):])
    return made


def body_head(run):
    def head(number):
        return (f'POST /upload HTTP/1.1\r\nHost: localhost\r\nX-File-Id: slow-{run}-{number}\r\n'
                'Content-Length: 1000000\r\n\r\n').encode()
    return head


def throughput(cairn, work, rules, slow_count, rounds, isShort):
    """In each round two servers, one with slow clients and one without, get the same uploads in turns of 20.

    While the idle one works the slow clients of the other are stopped, so that they cost nothing. What else the machine
    does falls on both alike.
    """
    ratios, costs, memory, alone = [], ([], []), [], []
    for run in range(rounds):
        servers = []
        for name in ('idle', 'slow'):
            (work / f'{name}-{run}').mkdir()
            servers.append(Server(cairn, work / f'{name}-{run}'))
            upload(servers[-1].port, bodies(1, 10 ** 6)[0])
        slow = Slow(servers[1].port, slow_count, body_head(run))
        slow.begun()
        wait(lambda: len(servers[1].json('/v1/uploads?limit=1000')['uploads']) >= min(slow_count, 1000), 20)
        memory.append(servers[1].memory())
        begun, cpu = time.monotonic(), servers[1].cpu()
        time.sleep(4)
        alone.append((servers[1].cpu() - cpu) / (time.monotonic() - begun))
        walls, taken, spent = [0, 0], [0, 0], [0, 0]
        for turn in range(2 if isShort else 5):
            batch = bodies(20, run * 10 + turn)
            for which in (0, 1):
                os.kill(slow.pid, (signal.SIGSTOP, signal.SIGCONT)[which])
                cpu = servers[which].cpu()
                wall, count = normal(servers[which].port, batch)
                walls[which] += wall
                taken[which] += count
                spent[which] += servers[which].cpu() - cpu
        memory.append(servers[1].memory('VmHWM'))
        idle_memory = servers[0].memory('VmHWM')
        still = len(servers[1].json('/v1/uploads?limit=1000')['uploads'])
        ratios.append(walls[0] / walls[1])
        for which in (0, 1):
            costs[which].append(spent[which] / (taken[which] * LENGTH / 2 ** 30))
        rules.hold('normal uploads beside the slow ones are all taken', taken[0] == taken[1] == 20 * (turn + 1),
                   f'{taken[1]} of {20 * (turn + 1)}, {still} slow ones still there; '
                   f'{taken[0] * LENGTH / MIB / walls[0]:.0f} MiB/s idle, {taken[1] * LENGTH / MIB / walls[1]:.0f} beside')
        slow.stop()
        for server in servers:
            server.stop()
            shutil.rmtree(server.folder)
    ratio = statistics.median(ratios)
    rules.hold(f'normal uploads keep 80 % of their speed beside {slow_count} connections of a byte a second'
               + (' (not judged in the short form)' if isShort else ''), isShort or ratio >= 0.8,
               f'{ratio:.2f}, of {", ".join(f"{ratio:.2f}" for ratio in ratios)}')
    print(f'     the server\'s CPU s for a GiB: {statistics.median(costs[0]):.2f} idle, {statistics.median(costs[1]):.2f} '
          f'beside; the slow ones alone cost {statistics.median(alone):.3f} CPU s a second')
    rules.hold('the server needs at most 128 KiB for a slow client', max(memory) <= idle_memory + slow_count / 8 + 32,
               f'{max(memory):.0f} MiB at most, {idle_memory:.0f} idle, {memory[0]:.0f} with nothing but slow ones')


def cut(cairn, work, rules, count):
    """The slow ones are cut after a minute, heads after half of one."""
    server = Server(cairn, work)
    before = server.files()
    slow = Slow(server.port, count, body_head('cut'))
    # A head that never ends: half of them send nothing after their first line, half a byte a second.
    half = Slow(server.port, count, lambda number: b'POST /upload HTTP/1.1\r\nHost: localhost\r\nX-Y: ')
    silent = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(count)]
    since = time.monotonic()
    slow.begun(), half.begun()
    most, files = server.memory(), server.files()
    took = lambda: time.monotonic() - since
    for line in silent:
        line.settimeout(60)
        line.recv(1)
    rules.hold(f'{count} connections that say nothing are closed in 30 s', took() < 40, f'{took():.0f} s')
    number, first, last, answers = half.end()
    rules.hold(f'{count} heads that come a byte a second are closed in 30 s', number == count and last < 40,
               f'{number} after {first:.0f} to {last:.0f} s, answers {answers}')
    number, first, last, answers = slow.end()
    rules.hold(f'{count} bodies that come a byte a second are cut after a minute, 408',
               number == count and 55 < first and last < 90 and set(answers) == {'408'},
               f'{number} after {first:.0f} to {last:.0f} s, answers {answers}')
    kept = [upload['offset'] for upload in server.json('/v1/uploads?limit=1000')['uploads']]
    rules.hold('and what they brought is kept', len(kept) == min(count, 1000) and min(kept) > 20,
               f'{len(kept)} uploads of {min(kept)} to {max(kept)} bytes')
    wait(lambda: server.files() <= before + 8, 10)
    rules.hold('their descriptors are given back', server.files() <= before + 8,
               f'{before} before, {files} with them, {server.files()} after; {most:.0f} MiB with them')
    slow.stop(), half.stop()
    server.stop()


def dropped(cairn, work, rules, count):
    """Opened and dropped: at once, after a piece of a head, after a head, and by a reset."""
    server = Server(cairn, work)
    wait(server.is_alive)
    before, memory = server.files(), server.memory()
    pieces = [b'', b'GET /v1 HT', b'GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n', body_head('drop')(0) + b'abc']
    begun = time.monotonic()

    def one(number):
        line = socket.create_connection(('127.0.0.1', server.port), timeout=60)
        line.sendall(pieces[number % 4])
        if number // 4 % 2:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')  # a reset
        line.close()

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        list(pool.map(one, range(count)))
    wall = time.monotonic() - begun
    alive = server.is_alive()
    wait(lambda: server.files() <= before + 8, 45)
    rules.hold(f'after {count} connections opened and dropped the server answers, and its descriptors are given back',
               alive and server.files() <= before + 8,
               f'{wall:.1f} s, descriptors {before} before, {server.files()} after, '
               f'memory {memory:.0f} MiB before, {server.memory():.0f} after')
    bad = [line for line in server.log() if line[2] >= '500']
    rules.hold('none of it was answered by a status of 500 or more', not bad, f'{len(server.log())} requests')
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('cairn', type=pathlib.Path)
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--slow', type=int)
    parser.add_argument('--dropped', type=int)
    options = parser.parse_args()
    more_files()
    slow = options.slow or (200 if options.short else 1000)
    rules, work = Rules(), work_folder('slow')
    cairn = options.cairn.resolve()
    try:
        throughput(cairn, work, rules, slow, 1 if options.short else 3, options.short)
        (work / 'dropped').mkdir()
        dropped(cairn, work / 'dropped', rules, options.dropped or (2000 if options.short else 10_000))
        if not options.short:
            (work / 'cut').mkdir()
            cut(cairn, work / 'cut', rules, slow)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rules.end()


main()
