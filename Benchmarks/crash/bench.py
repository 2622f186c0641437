"""One server on one disk over many lives, the clients' memory of it, and the verification."""
import random
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import load
import names
import plant
from server import NotStarted, Server
from wire import Broken, Wire

CLIENTS = 8
SAMPLE = 12                 # untouched records verified after each life; all of them are before their disk goes

INODES = 8_000              # free ones that a life may need


class Lost(Exception):
    """Something acknowledged is gone, or a start failed; says what, and after how many crash points."""

    def __init__(self, text, points=0):
        super().__init__(text)
        self.points = points


class Bench:
    """One server on one disk, over many lives. Everything acknowledged since the disk was new is remembered.

    environment: of the server alone. lengths: of the files sent. wrap: a command that runs the server's.
    sharp: only lives that show most: one client, a warm ledger, the power cut right after an acknowledgement.
    """

    def __init__(self, target, disk, seed, environment=None, lengths=load.LENGTHS, wrap=(), sharp=False,
                 chunk_size=65_536):
        self.target, self.disk, self.seed, self.sharp = target, disk, seed, sharp
        self.environment, self.lengths, self.wrap = environment or {}, lengths, list(wrap)
        self.chunk_size = chunk_size
        self.log = disk.image.with_suffix('.log')
        self.figures = Counter()
        self.starts = []
        self.server = None
        self.planted = None             # (id, count of chunks) of a file that is too large to be read each time
        self.forget()

    def forget(self):
        self.records = [[] for _ in range(CLIENTS)]
        self.seen = set()

    @property
    def all_records(self):
        return [record for each in self.records for record in each]

    def start(self, prepare=None):
        command = self.target.command(self.disk.data, self.chunk_size)
        self.server = Server(self.wrap + command, self.log, self.environment, prepare)
        try:
            self.starts.append(self.server.wait())
        except NotStarted as error:
            raise Lost(f'the server does not start: {error}') from None

    def stop(self):
        if self.server:
            self.server.kill()
        self.server = None

    def load(self, name, fuse, cut, count=CLIENTS, kill=True):
        """The clients, until the fuse has burnt down and `cut` has returned; then the server is killed, unless not."""
        clients = [load.Client(number, random.Random(f'{name}/{number}'), self.target, self.server.port, fuse,
                               self.records[number], self.lengths) for number in range(count)]
        moment = load.run(clients, fuse, cut)
        if kill:
            self.stop()
        load.join(clients)
        for client in clients:
            self.figures['acknowledgements'] += client.acknowledgements
            self.figures['uploads'] += client.made
            for status, count in client.refusals.items():
                self.figures[f'status {status}'] += count
        return moment

    def verify(self, moment=None, rng=None, whole=True):
        """Raises `Lost` unless everything that was acknowledged is there.

        whole: not only what was touched since the last time, and a sample of the rest.
        """
        rng = rng or random.Random(self.seed)
        chosen = self.all_records if whole else [it for it in self.all_records if it.touched]
        if not whole:
            rest = [it for it in self.all_records if not it.touched]
            chosen += rng.sample(rest, min(SAMPLE, len(rest)))
        with ThreadPoolExecutor(4) as pool:
            parts = [chosen[start::4] for start in range(4)]
            found = list(pool.map(lambda part: self.verify_part(part, moment, rng.random()), parts))
        lost = [sentence for each in found for sentence in each]
        wire = Wire(self.server.port)
        known = {record.id for record in self.all_records}
        if self.planted:
            known.add(self.planted[0])
            lost += plant.faults(self.server.port, *self.planted, rng)
        lost += self.target.verify_listed(wire, known)
        wire.close()
        lost += self.verify_names(chosen, whole)
        if lost:
            raise Lost('\n  '.join([f'{len(lost)} losses:'] + lost[:20]))
        for each in self.records:
            each[:] = [record for record in each if record.removal == '' or record.id]
        self.count(chosen)

    def verify_names(self, records, whole):
        """What is wrong in the data directory, where the target has one that is known."""
        if not self.target.names_known:
            return []
        complete = [record.id for record in records if record.complete and record.removal == '']
        lost = list(names.faults(self.disk.data, set() if whole else self.seen))
        return lost + list(names.record_faults(self.disk.data, complete))

    def count(self, records):
        living = [record for record in records if record.removal == '']
        self.figures['files read'] += sum(record.complete for record in living)
        self.figures['prefixes read'] += sum(record.acknowledged > 0 and not record.complete for record in living)
        self.figures['bytes read'] += sum(record.acknowledged for record in living)

    def verify_part(self, records, moment, seed):
        wire, rng, lost = Wire(self.server.port), random.Random(seed), []
        for record in records:
            described = record.describe(moment)
            try:
                lost += [f'{described}: {sentence}' for sentence in self.target.verify(wire, record, rng)]
                record.touched = False
            except Broken as error:
                lost.append(f'{described}: {error}')
        wire.close()
        return lost

    def renew(self):
        """A disk as it was kept; what was on it is verified once more before it goes."""
        self.verify()
        self.stop()
        self.disk.restore()
        self.forget()
        self.start()

    @property
    def is_full(self):
        """Half of the disk is taken, or a life may run out of inodes: only refusals would be left to see."""
        room, inodes = self.disk.room()
        return room < self.disk.length // 2 or inodes < INODES

    def prepare(self, planted=0):
        """Keeps the disk with a store on it that is empty, or holds a file of so many chunks."""
        self.start()
        if planted:
            self.planted = plant.file(self.server.port, planted), planted
        self.stop()
        self.disk.unmount()
        self.disk.keep()
        self.disk.mount()

    def summary(self):
        return {**self.figures, 'ready median': statistics.median(self.starts), 'ready most': max(self.starts)}
