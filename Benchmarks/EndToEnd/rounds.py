"""Carries the scenarios out: round after round over all subjects, so that what else the machine does falls on all."""
import http.client
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

import measuring
from disk import Unable
from measuring import Failed, Watch
from proxy import Proxy
from server import NotStarted
from subjects import At, Cannot, seconds_of_each

ROUNDS = 7          # at most


class Life:
    """One subject's server over an empty store, and what clients do to it, until it is left."""

    def __init__(self, subject, files, work, data, is_counted, limit):
        self.subject, self.files, self.work, self.data = subject, files, work, data
        self.is_counted, self.limit = is_counted, limit
        self.environment = {}

    def __enter__(self):
        for folder in (self.work, self.data):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        try:
            self.server = self.subject.start(self.data, self.work / 'server.log')
        except (NotStarted, OSError) as error:
            raise Failed(f'does not start: {error}') from None
        self.at = At(self.server.port if self.server else 0, self.work, self.data, self.environment)
        self.subject.prepare(self.at)
        return self

    def __exit__(self, *_):
        if self.server:
            try:
                os.killpg(self.server.process.pid, signal.SIGTERM)
                self.server.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
            self.server.kill()
        for folder in (self.work, self.data):
            shutil.rmtree(folder, ignore_errors=True)

    def wrong(self, what):
        """What makes a run count for nothing."""
        return Failed(f'WRONG CONTENTS: {what}')

    def run(self, steps, expected=(), relay=None):
        """The figures of a run, after the contents of the server were compared with what was expected."""
        if self.is_counted and relay is None and self.server and self.subject.network:
            with Proxy(self.at.port) as relay:
                return self._run(steps, expected, relay)
        return self._run(steps, expected, relay)

    def _run(self, steps, expected, relay):
        at = At(relay.port, self.work, self.data, self.environment) if relay else self.at
        rest, steps = measuring.at_rest(self.data), steps(at)
        with Watch(self.server.process.pid if self.server else 0, self.subject.forks) as watch:
            cost = measuring.run(steps, self.work, self.environment, self.limit)
        self.verify(expected)
        figures = {
            'wall': cost.wall, 'client_cpu': cost.cpu, 'client_memory': cost.memory, 'server_cpu': watch.cpu,
            'server_memory': watch.memory, 'foreign': watch.foreign(cost.cpu),
            'rest': measuring.at_rest(self.data) - rest if self.subject.has_files else None}
        each = cost.each if len(cost.each) > 1 else seconds_of_each(cost.out[0]) if cost.out else []
        if len(each) == len(expected) > 1:
            figures['slowest'], figures['mean'] = max(each), statistics.mean(each)
        if relay:
            figures['up'], figures['down'] = relay.up, relay.down
        return figures

    def verify(self, expected):
        """That the server holds what was sent; it is read back whole."""
        if not expected:
            return
        try:
            held = self.subject.digests(self.at, expected)
        except (OSError, subprocess.CalledProcessError, http.client.HTTPException) as error:
            raise self.wrong(f'cannot be read back: {error!r}') from None
        wrong = [file.name for file in expected if held.get(file.name) != file.digest]
        if wrong:
            raise self.wrong(f'{len(wrong)} of {len(expected)} files, {wrong[0]} is {held.get(wrong[0], "not there")}')

    def cut(self, relay, file):
        """Kills a client when half of the file has passed."""
        at = At(relay.port, self.work, self.data, self.environment)
        commands = self.subject.begin(at, file)[0]
        processes = measuring.start(commands, self.work, self.environment)
        client = next(iter(processes.values()))[0]
        end = time.monotonic() + self.limit
        try:
            while relay.up < file.length // 2 and client.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            is_done = client.poll() is not None
        finally:
            measuring.end_group(client.pid)
            client.wait()
        if is_done:
            raise Failed('the client ended before half of the file had passed')

    def settled(self, file):
        """How many bytes the server lacks, when that has stopped to change."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < 15:
            time.sleep(0.4)
            now = self.subject.lacking(self.at, file)
            if now == last:
                return now
            last = now
        return last


class Bench:
    """All results: for each scenario and subject the rows of its rounds, the counted one, and why it has none."""

    def __init__(self, options, subjects, files, work, disk):
        self.options, self.subjects, self.files, self.work, self.disk = options, subjects, files, work, disk
        self.results = {}
        self.end = 0.0  # of the whole run: no round but the first of a scenario begins when it would last beyond it

    def of(self, scenario, subject):
        return self.results.setdefault(scenario.key, {}).setdefault(subject.key, {'runs': []})

    def carry_out(self, chain, seconds):
        """Rounds of a chain for about so many seconds. One that counts bytes comes first and has no times."""
        end = time.monotonic() + seconds
        least = self.options.rounds or (1 if self.options.quick else chain[0].rounds)
        counts = chain[0].counting == 'always' or chain[0].counting == 'long' and not self.options.quick
        for number in range(0 if counts else 1, ROUNDS + 1):
            started = time.monotonic()
            for subject in self.subjects:
                self.live(chain, subject, number)
            taken = time.monotonic() - started
            sys.stderr.write(f'{chain[0].title}: {"counted" if number == 0 else f"round {number}"}, {taken:.0f} s\n')
            late = time.monotonic() + taken
            if number >= 1 and (number >= least and late > end or not self.options.rounds and late > self.end):
                break

    def live(self, chain, subject, number):
        wanted = [scenario for scenario in chain if not scenario.only or subject.key in scenario.only]
        if not wanted or 'cannot' in self.of(chain[0], subject):
            return
        if lacks := subject.lacks():
            for scenario in wanted:
                self.of(scenario, subject)['cannot'] = f'{", ".join(lacks)} is not installed'
            return
        data = (self.disk if chain[0].on_disk else self.work) / 'data'
        at = 0
        try:
            with Life(subject, self.files, self.work / 'life', data, number == 0, chain[0].limit) as life:
                for at, scenario in enumerate(wanted):
                    self.act(scenario, subject, life, number)
        except (Failed, Unable, OSError, subprocess.CalledProcessError) as failed:
            sys.stderr.write(f'{wanted[at].title}, {subject.title}: {failed}\n')
            for scenario in wanted[at:]:
                self.of(scenario, subject).setdefault('cannot', str(failed))

    def act(self, scenario, subject, life, number):
        entry = self.of(scenario, subject)
        if 'cannot' in entry:
            return
        try:
            figures = scenario.act(life)
        except Cannot as reason:
            entry['cannot'] = str(reason)
            return
        except Failed as failed:
            if not scenario.after:
                raise
            sys.stderr.write(f'{scenario.title}, {subject.title}: {failed}\n')
            entry['cannot'] = str(failed)
            return
        if number == 0:
            entry['counted'] = figures
        else:
            entry['runs'].append({**figures, 'round': number})
