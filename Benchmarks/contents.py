"""Files that the benchmarks send: random bytes, which nothing makes shorter, and lines of a log, which packing does."""
import os
import random


def write_random(path, length):
    """Writes `length` bytes, a MiB at a time."""
    with open(path, 'wb') as out:
        while length > 0:
            out.write(os.urandom(min(length, 1 << 20)))
            length -= 1 << 20


def write_logs(path, length):
    """Writes lines of an access log, at least `length` bytes of them and the same ones each time."""
    generator = random.Random(1)
    with open(path, 'w') as out:
        line = 0
        while out.tell() < length:
            out.write(''.join(
                f'2026-11-24T12:{(line + i) // 60 % 60:02}:{(line + i) % 60:02}Z info request path=/files/'
                f'{generator.getrandbits(64):016x} status=200 duration={generator.randrange(2000)}ms\n'
                for i in range(10_000)))
            line += 10_000
