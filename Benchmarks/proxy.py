"""A TCP proxy between client and server that counts bytes, and may be as slow, far and unreliable as a bad line."""
import asyncio, random, threading


class Proxy:
    """Forwards connections to `port` on loopback while it is entered.

    rate: bytes a second each way, over all connections; delay: seconds each way; drop: mean seconds between two cuts
    of all connections; observer: reads what passes (see accounts.py).
    """

    def __init__(self, port, rate=None, delay=0.0, drop=None, observer=None):
        self.target, self.rate, self.delay, self.drop, self.observer = port, rate, delay, drop, observer
        self.up = self.down = self.cuts = 0
        self.free = {'up': 0.0, 'down': 0.0}
        self.writers = set()

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.set_exception_handler(lambda *_: None)
        self.loop.run_until_complete(asyncio.sleep(0.1))

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._accept, '127.0.0.1', 0))
        self.port = server.sockets[0].getsockname()[1]
        if self.drop:
            self.loop.create_task(self._cut())
        ready.set()
        self.loop.run_forever()

    async def _cut(self):
        while True:
            await asyncio.sleep(random.expovariate(1 / self.drop))
            self.cuts += 1
            for writer in list(self.writers):
                writer.transport.abort()

    async def _accept(self, reader, writer):
        try:
            there = await asyncio.open_connection('127.0.0.1', self.target)
        except OSError:
            return writer.transport.abort()
        pair = {writer, there[1]}
        self.writers |= pair
        seen = self.observer and self.observer.connection()
        ways = [self._pass('up', reader, there[1], seen and seen.up),
                self._pass('down', there[0], writer, seen and seen.down)]
        await asyncio.gather(*ways)
        self.writers -= pair
        for end in pair:
            end.close()

    async def _pass(self, way, reader, writer, seen):
        queue = asyncio.Queue(maxsize=4096)
        sending = asyncio.create_task(self._send(queue, writer))
        try:
            while data := await reader.read(16384 if self.rate else 1 << 20):
                setattr(self, way, getattr(self, way) + len(data))
                if seen:
                    seen.feed(data)
                now = self.loop.time()
                if self.rate:
                    # A sleep that overslept is made good; a line that was idle is not.
                    self.free[way] = max(self.free[way], now - 0.05) + len(data) / self.rate
                    await asyncio.sleep(max(self.free[way] - now, 0))
                await queue.put((self.loop.time() + self.delay, data))
        except OSError:
            pass
        await queue.put(None)
        await sending

    async def _send(self, queue, writer):
        try:
            while item := await queue.get():
                await asyncio.sleep(max(item[0] - self.loop.time(), 0))
                writer.write(item[1])
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            while await queue.get():
                pass
