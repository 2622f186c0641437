"""What a run cost: wall time, CPU and memory of the client and of the server, and what others did meanwhile."""
import os
import pathlib
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field

TICK = os.sysconf('SC_CLK_TCK')
CORES = len(os.sched_getaffinity(0))
MIB = 1 << 20


class Failed(Exception):
    """A client that did not end with 0, or not in time."""


@dataclass
class Cost:
    """Of the clients of a run. Seconds; memory is the most resident of any of them, in MiB."""
    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    each: list = field(default_factory=list)  # seconds of each client, when several ran at once
    out: list = field(default_factory=list)   # what each wrote


def run(steps, work, environment, limit):
    """Carries out the steps, one after the other, and returns what they cost together.

    A step is a list of commands that run at the same time, or a function of what the steps before it wrote that
    returns one. A command is a list of words. After `limit` seconds all are killed.
    """
    cost, started = Cost(), time.monotonic()
    for step in steps:
        commands = step(cost.out) if callable(step) else step
        cost.out = together(commands, work, environment, limit - (time.monotonic() - started), cost)
    cost.wall = time.monotonic() - started
    return cost


def together(commands, work, environment, limit, cost):
    processes = start(commands, work, environment)
    group = next(iter(processes))
    late = threading.Event()
    timer = threading.Timer(max(limit, 0.1), lambda: (late.set(), end_group(group)))
    timer.start()
    sampler = Sampler(processes)
    failed, left = [], set(processes)
    try:
        while left:
            pid, status, usage = os.wait4(-group, 0)
            left.discard(pid)
            cost.each.append(time.monotonic() - processes[pid][3])
            cost.cpu += usage.ru_utime + usage.ru_stime
            cost.memory = max(cost.memory, sampler.memory(usage.ru_maxrss / 1024))
            if status:
                failed.append(pid)
    finally:
        timer.cancel()
        sampler.done.set()
        if left:
            end_group(group)
    for process, out, errors, _ in processes.values():
        process.returncode = 0  # wait4 has taken it
        out.seek(0), errors.seek(0)
    if late.is_set():
        raise Failed(f'not done in {limit:.0f} s')
    if failed:
        process, out, errors, _ = processes[failed[0]]
        told = (errors.read() + out.read()).decode(errors='replace').strip()
        raise Failed(f'{pathlib.Path(str(process.args[0])).name} failed: {told[-300:]}')
    return [out.read() for _, out, _, _ in processes.values()]


def start(commands, work, environment):
    """The processes by their ids, in a group that the first one leads: each with its output and when it began."""
    processes, group = {}, 0
    for number, command in enumerate(commands):
        began = time.monotonic()
        out, errors = open(work / f'out-{number}', 'w+b'), open(work / f'errors-{number}', 'w+b')
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=errors, process_group=group,
            env={**os.environ, **environment})
        # The first one is not waited for yet, so that its group stays one even when it has ended.
        group = group or process.pid
        processes[process.pid] = (process, out, errors, began)
    return processes


class Sampler:
    """The most resident memory of processes, in MiB.

    The kernel's own figure at the end of a process begins with what its parent had when it forked. Where it is no more
    than that, what was seen every 10 ms is taken; 0 when it ended before it was seen.
    """

    def __init__(self, pids):
        self.pids, self.seen, self.done = list(pids), 0.0, threading.Event()
        self.floor = high_mark(os.getpid()) * 1.1
        threading.Thread(target=self._sample, daemon=True).start()

    def memory(self, told):
        return told if told > self.floor else self.seen

    def _sample(self):
        while not self.done.wait(0.01):
            self.seen = max([self.seen, *[high_mark(pid) for pid in self.pids]])


def high_mark(pid, what='VmHWM'):
    """Resident memory of a process in MiB, 0 when it has ended."""
    try:
        found = re.search(rf'{what}:\s+(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def end_group(group):
    try:
        os.killpg(group, 9)
    except ProcessLookupError:
        pass


class Watch:
    """The server's CPU seconds and memory while it is entered, and what the rest of the machine did.

    The server is every process of its session; those that ended count when their parent has waited for them. `forks`:
    the work is done by processes that end, so that memory is sampled; else it is the kernel's own high mark.
    """

    def __init__(self, session, forks=False):
        self.session, self.forks = session, forks
        self.cpu = self.memory = 0.0

    def __enter__(self):
        self.before = self._cpu()
        self.busy, self.own, self.since = busy(), time.process_time(), time.monotonic()
        for pid in self._members():
            try:
                pathlib.Path(f'/proc/{pid}/clear_refs').write_text('5')  # the high mark begins anew
            except OSError:
                pass
        self.done = threading.Event()
        if self.forks:
            self.sampler = threading.Thread(target=self._sample, daemon=True)
            self.sampler.start()
        return self

    def __exit__(self, *_):
        self.wall = time.monotonic() - self.since
        self.busy = busy() - self.busy
        self.own = time.process_time() - self.own
        self.done.set()
        self.cpu = self._settled() - self.before
        self.memory = max(self.memory, self._memory('VmHWM'))

    def foreign(self, client):
        """Which part of the machine others used, 0 to 1, when the clients used `client` CPU seconds."""
        return max(0.0, self.busy - self.own - self.cpu - client) / (self.wall * CORES)

    def _settled(self):
        """What the server still does when the client has its answer belongs to the upload: at most a second of it."""
        now = self._cpu()
        for _ in range(10):
            time.sleep(0.05)
            last, now = now, self._cpu()
            if now - last < 0.005:
                break
        return now

    def _members(self):
        if not self.session:
            return
        for entry in os.listdir('/proc'):
            if entry.isdigit() and stat(entry)[3:4] == [str(self.session)]:
                yield entry

    def _cpu(self):
        return sum(sum(map(int, stat(pid)[11:15])) for pid in self._members()) / TICK

    def _memory(self, what):
        return sum(high_mark(pid, what) for pid in self._members())

    def _sample(self):
        while not self.done.wait(0.02):
            self.memory = max(self.memory, self._memory('VmRSS'))


def stat(pid):
    """The fields of /proc/PID/stat from the state on; empty when it has ended."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except OSError:
        return []


def busy():
    """CPU seconds that the machine has worked, or waited for its host."""
    user, nice, system, _, _, irq, soft, steal = map(int, pathlib.Path('/proc/stat').read_text().split()[1:9])
    return (user + nice + system + irq + soft + steal) / TICK


def at_rest(folder):
    """Bytes that all files below a folder take."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except OSError:
                pass
    return total
