"""Eight clients at once, each with uploads of its own, until the fuse is blown."""
import threading
import time

from record import Content, Record
from wire import Broken, Wire

LENGTHS = (1, 100, 5_000, 65_535, 65_536, 65_537, 150_000, 300_000, 700_000, 1_500_000)
SHARED = 12                 # seeds that several clients send, for deduplication


class Fuse:
    """When the power goes: at a time, or at the n-th of some event, and a moment later."""

    def __init__(self, event, count, delay, longest):
        self.event, self.count, self.delay = event, count, delay
        self.longest = longest
        self.lit = threading.Event()
        self.blown = threading.Event()
        self.dark = threading.Event()
        self.lock = threading.Lock()

    def happened(self, event):
        """Tells of a request of that kind that is about to be sent, or of an acknowledgement."""
        if event != self.event:
            return
        with self.lock:
            self.count -= 1
            if self.count == 0:
                self.lit.set()

    def burn(self):
        """Returns at the moment to cut."""
        if self.lit.wait(self.longest):
            time.sleep(self.delay)

    @property
    def over(self):
        return self.blown.is_set()


class Client(threading.Thread):
    """Begins, goes on with, breaks off and removes uploads of its own, one after the other.

    records: those it had from earlier lives of the server.
    lengths: of files, in bytes: one of them at most, half as much at least.
    """

    def __init__(self, number, rng, server, port, fuse, records, lengths):
        super().__init__(daemon=True)
        self.number, self.rng, self.server, self.fuse = number, rng, server, fuse
        self.wire = Wire(port, dark=fuse.dark.is_set)
        self.records = records
        self.lengths = lengths
        self.acknowledgements = 0
        self.refusals = {}
        self.trouble = None
        self.made = 0

    def run(self):
        try:
            while not self.fuse.over:
                self.step()
        except Exception as error:      # a fault of the bench: told by who joins
            self.trouble = error
        finally:
            self.wire.close()

    def step(self):
        open_ones = [it for it in self.records if not it.complete and not it.removal]
        dice = self.rng.random()
        if dice < 0.06 and self.records and self.server.removes:
            record = self.rng.choice(self.records)
            act = self.server.remove
        elif open_ones and dice < 0.8:
            record = self.rng.choice(open_ones)
            act = self.server.door(record).go_on
        else:
            record = self.new()
            act = self.server.door(record).begin
        record.touched = True
        try:
            act(self, record)
        except Broken:
            record.doubtful = True

    def new(self):
        rng = self.rng
        length = rng.choice(self.lengths)
        length = 0 if rng.random() < 0.02 else rng.randint(max(1, length // 2), length)
        seed = rng.randrange(SHARED) if rng.random() < 0.3 else rng.getrandbits(48) + SHARED
        self.made += 1
        name = f'f{rng.getrandbits(40):010x}-{length}'
        door = rng.choice(sorted(self.server.doors))
        record = Record(door=door, name=name, content=Content(seed, length, rng.random() < 0.15))
        self.records.append(record)
        return record

    def sending(self, event):
        self.fuse.happened(event)

    def acknowledged(self):
        self.acknowledgements += 1
        self.fuse.happened('acknowledgement')

    def refused(self, answer):
        """Counts what is neither a success nor a broken line."""
        self.fuse.happened(f'status {answer.status}')
        self.refusals[answer.status] = self.refusals.get(answer.status, 0) + 1


def run(clients, fuse, cut):
    """Runs the clients until the fuse has burnt down and `cut` has returned; all have ended when it returns."""
    for client in clients:
        client.start()
    fuse.burn()
    moment = cut()
    fuse.blown.set()
    return moment


def join(clients):
    for client in clients:
        client.join(60)
        if client.is_alive():
            raise RuntimeError(f'client {client.number} does not end')
        if client.trouble:
            raise client.trouble
