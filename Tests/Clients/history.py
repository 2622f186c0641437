#!/usr/bin/env python3
"""Many clients append to one upload at once; the history of what they were told must be that of a single prefix.

    history.py CAIRN [OPERATIONS] [CLIENTS]

Each client asks, or sends a token that only it knows to the offset it believes in, over a connection of its own; now and
then it breaks off in the middle. What must hold (the register that only grows, so this is all of linearizability):

- each offset has one winner: a token that was acknowledged stands where it was sent to, once, and one that was refused
  stands nowhere; a token whose answer was lost stands where it was sent to, or nowhere, or its beginning does;
- no answer is older than one that somebody had before it was asked for.
"""

import asyncio
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

TOKEN = 200
PAUSE = 0.2  # at most, in seconds
ROUND = 2000  # operations on one upload
ACKNOWLEDGED, REFUSED, LOST = range(3)


class Client:
    def __init__(self, port, number, dice):
        self.port, self.number, self.dice = port, number, dice
        self.reader = self.writer = None

    async def exchange(self, method, path, fields, body=b"", cutAt=None):
        """The status and fields of the answer; None when the connection broke, as it does on purpose with `cutAt`."""
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
            self.writer.write(head.encode() + body[:cutAt])
            if cutAt is not None:
                await self.writer.drain()
                self.leave()
                return None
            answer = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 60)).decode("latin-1")
            status = int(answer.split(" ", 2)[1])
            names = {name.lower(): value for name, value in re.findall(r"(?m)^([^:\r\n]+): *([^\r\n]*)", answer)}
            if method != "HEAD":
                names[""] = (await self.reader.readexactly(int(names.get("content-length", 0)))).decode()
            if names.get("connection") == "close":
                self.leave()
            return status, names
        except (ConnectionError, asyncio.IncompleteReadError):
            self.leave()
            return None

    def leave(self):
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def offset(names):
    """The offset that an answer states: beside the digest that proves it."""
    found = re.search(r";offset=(\d+)", names.get("upload-prefix", ""))
    return int(found.group(1)) if found else None


class History:
    def __init__(self):
        self.tokens = {}  # token: (where it was sent to, what became of it)
        self.seen = []  # (asked, answered, offset)

    def check(self, content):
        for token, (place, became) in self.tokens.items():
            count = content.count(token)
            stands = content[place : place + TOKEN] == token
            assert count == (1 if stands else 0), f"{token} stands {count} times, not at {place} alone"
            assert became != ACKNOWLEDGED or stands, f"{token} was acknowledged at {place} and is not there"
            assert became != REFUSED or not stands, f"{token} was refused and is at {place}"
        assert self.seen and max(end for _, _, end in self.seen) <= len(content), "more was told than is there"
        events = sorted([(asked, 1, end) for asked, _, end in self.seen] + [(done, 0, end) for _, done, end in self.seen])
        newest = 0
        latest = {}
        for moment, isQuestion, end in events:
            if not isQuestion:
                newest = max(newest, end)
                continue
            latest[(moment, end)] = newest
        for (_, end), known in latest.items():
            assert end >= known, f"{end} was told after {known} had been"


async def work(client, upload, history, counter, name):
    believed = 0
    while counter[0] > 0:
        counter[0] -= 1
        if client.dice.random() < 0.5:
            await asyncio.sleep(client.dice.random() * PAUSE)  # so that some are alone, and some are many
        asked = time.monotonic()
        if client.dice.random() < 0.2:
            answer = await client.exchange("GET", f"/v1/uploads/{upload}", {})
            if answer is None:
                continue
            assert answer[0] == 200, answer
            believed = offset(answer[1])
            history.seen.append((asked, time.monotonic(), believed))
            continue
        token = f"<{client.number:02d}.{name:03d}.{counter[0]:012d}>".ljust(TOKEN, ".").encode()
        cutAt = client.dice.randrange(TOKEN) if client.dice.random() < 0.05 else None
        place = believed
        answer = await client.exchange("PATCH", f"/v1/uploads/{upload}", {"Upload-Offset": place}, token, cutAt)
        if answer is None:
            history.tokens[token] = (place, LOST)
            continue
        status, names = answer
        told = offset(names)
        if status == 204:
            assert told == place + TOKEN, f"{token} at {place} came to {told}"
            history.tokens[token] = (place, ACKNOWLEDGED)
        else:
            assert status in (409, 400), (status, names)
            # Who was taken over is not told how much of it came.
            isTaken = "taken-over" in names[""] or "body-cut" in names[""]
            history.tokens[token] = (place, LOST if isTaken else REFUSED)
        if told is not None:
            history.seen.append((asked, time.monotonic(), told))
            believed = told


async def check(port, operations, clientCount, dice):
    clients = [Client(port, number, random.Random(dice.random())) for number in range(clientCount)]
    rounds = -(-operations // ROUND)
    total = [0, 0]
    for name in range(rounds):
        status, names = await clients[0].exchange("POST", "/v1/uploads", {})
        assert status == 201, (status, names)
        upload = names["location"].rsplit("/", 1)[1]
        history = History()
        counter = [min(ROUND, operations - name * ROUND)]
        await asyncio.gather(*(work(client, upload, history, counter, name) for client in clients))
        answer = await clients[0].exchange("POST", f"/v1/uploads/{upload}/complete", {})
        assert answer[0] in (200, 201), answer
        status, names = await clients[0].exchange("GET", f"/v1/files/{upload}", {})
        assert status == 200, (status, names)
        history.check(names[""].encode())
        total[0] += len(history.tokens)
        total[1] += sum(became == ACKNOWLEDGED for _, became in history.tokens.values())
    for client in clients:
        client.leave()
    return total


def main():
    cairn = sys.argv[1]
    operations = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    clientCount = int(sys.argv[3]) if len(sys.argv) > 3 else 32
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None) as folder:
        server = subprocess.Popen(
            [cairn, "serve", "--data", f"{folder}/data", "--listen", "127.0.0.1:0",
             "--chunk-size", "64K", "--force"], stdout=subprocess.PIPE,
            stderr=open(f"{folder}/log", "w"), text=True)
        try:
            port = int(re.search(r":(\d+)", server.stdout.readline().split("//")[1]).group(1))
            start = time.monotonic()
            sent, won = asyncio.run(check(port, operations, clientCount, random.Random(seed)))
            print(
                f"{operations} operations by {clientCount} clients in {time.monotonic() - start:.0f} s: {sent} appends, "
                f"{won} acknowledged, each offset has one winner, no answer is older than one before it")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
