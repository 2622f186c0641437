"""What the clients were told: the bench's own memory, which no power cut reaches."""
import functools
import random
import time
from dataclasses import dataclass, field


@functools.lru_cache(maxsize=64)
def _bytes(seed, length, repeats):
    if not repeats:
        return random.Random(seed).randbytes(length)
    pattern = random.Random(seed).randbytes(509)
    return (pattern * (length // 509 + 1))[:length]


@dataclass(frozen=True)
class Content:
    """The bytes of a file, made of a seed. Two of one seed have the shorter one's bytes in common.

    repeats: the bytes compress well.
    """
    seed: int
    length: int
    repeats: bool = False

    def bytes(self, start=0, end=None):
        return _bytes(self.seed, self.length, self.repeats)[start:end]


@dataclass
class Record:
    """One upload, as far as its client knows."""
    door: str
    name: str
    content: Content
    id: str | None = None
    begun: bool = False             # its beginning was acknowledged
    acknowledged: int = 0           # the greatest offset that was acknowledged
    sent: int = 0                   # the most that can have arrived
    named: int = 0                  # entries whose naming was acknowledged
    chunks: set = field(default_factory=set)    # indices whose presence was acknowledged
    chunk_size: int = 0
    complete: bool = False          # its completion was acknowledged
    sealing: bool = False           # its completion was asked for
    removal: str = ''               # '', 'asked' or 'acknowledged'
    doubtful: bool = False          # an answer is missing: ask before going on
    moment: float = 0.0             # of the last acknowledgement, monotonic seconds
    touched: bool = True            # something was asked of it since it was verified

    def acknowledge(self, offset=None):
        self.moment = time.monotonic()
        self.begun = True
        self.doubtful = False
        if offset is not None:
            self.acknowledged = max(self.acknowledged, offset)

    def finished(self):
        """The completion was acknowledged, of all bytes."""
        self.acknowledge(self.content.length)
        self.sent = self.content.length
        self.complete = True

    def describe(self, since=None):
        ago = f', acknowledged {1000 * (since - self.moment):.1f} ms before' if since and self.moment else ''
        state = 'complete' if self.complete else f'{self.acknowledged} of {self.content.length} bytes'
        return f'{self.door} {self.name} (id {self.id}): {state}, {len(self.chunks)} chunks{ago}'
