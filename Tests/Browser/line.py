"""A line between browser and server: counts the bytes, stops them at an agreed count, and can be cut."""

import asyncio
import threading


class Line:
    """Forwards connections on a free port to `port`, both on loopback.

    `up` counts the bytes of browsers. From `hold(count)` on only so many more pass, until `release()`.
    """

    def __init__(self, port):
        self.target = port
        self.up = 0
        self.allowed = None
        self.writers = set()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()
        self.url = f"http://127.0.0.1:{self.port}"

    def hold(self, count):
        self.allowed = self.up + count

    def release(self):
        self.allowed = None
        self.loop.call_soon_threadsafe(self.gate.set)

    def cut(self):
        """Breaks every connection."""
        self.loop.call_soon_threadsafe(self._abort)

    def close(self):
        self.loop.call_soon_threadsafe(self._abort)
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _abort(self):
        for writer in list(self.writers):
            writer.transport.abort()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.gate = asyncio.Event()
        self.loop.set_exception_handler(lambda *_: None)
        server = self.loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _accept(self, reader, writer):
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return writer.transport.abort()
        pair = {writer, there[1]}
        self.writers |= pair
        await asyncio.gather(self._pass(reader, there[1], True), self._pass(there[0], writer, False))
        self.writers -= pair
        for end in pair:
            end.close()

    async def _pass(self, reader, writer, is_up):
        try:
            while data := await reader.read(1 << 18):
                if is_up:
                    self.up += len(data)
                    # Heads and questions pass; bodies wait.
                    while self.allowed is not None and self.up > self.allowed and len(data) > 4096:
                        self.gate.clear()
                        await self.gate.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            writer.transport.abort()
