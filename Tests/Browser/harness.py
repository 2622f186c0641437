"""What the tests of the page have in common: a server, files, a browser, and the rules a bar must keep."""

import collections
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox"] if os.getuid() == 0 else []
MIB = 1 << 20
# For all waits together: a machine that is busy takes its time; a page that hangs is found all the same.
PATIENCE = 180


class Server:
    """`cairn serve` over a store of its own; it can be killed and started again at its port."""

    def __init__(self, cairn, data, *options):
        self.cairn, self.data, self.options, self.port = cairn, data, options, 0
        self.start()

    def start(self):
        self.log = open(f"{self.data}.log", "ab")
        self.process = subprocess.Popen(
            [self.cairn, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data, "--force", *self.options],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"listening on http://[^:]+:(\d+)", line)
        if not found:
            sys.exit(f"the server did not start: {line}")
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def json(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def files(self):
        found, after = [], ""
        while True:
            page = self.json(f"/v1/files?limit=1000{after}")
            found += page["files"]
            if "next" not in page:
                return found
            after = f"&after={page['next']}"

    def digest(self, file):
        """SHA-256 of what the server gives out."""
        hasher = hashlib.sha256()
        with urllib.request.urlopen(f"{self.url}/files/{file['id']}") as answer:
            while data := answer.read(MIB):
                hasher.update(data)
        return hasher.hexdigest()


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Salted:
    """A long file of random bytes that is made another one, in every chunk, at little cost."""

    def __init__(self, path, length, seed):
        self.path, self.length = path, length
        self.generator = random.Random(seed)
        block = self.generator.randbytes(4 * MIB)
        with open(path, "wb") as file:
            while file.tell() < length:
                file.write(block[: length - file.tell()])
        self.renew()

    def renew(self):
        with open(self.path, "r+b") as file:
            for offset in range(0, self.length, 65536):
                file.seek(offset)
                file.write(self.generator.randbytes(min(32, self.length - offset)))
        return self.path


# Looks at every bar some fifty times a second and at each change, and keeps what differs from the last look.
WATCH = """
  (() => {
    const seen = new Map()
    window.looks = []
    const look = () => {
      for (const row of document.querySelectorAll('#transfers li')) {
        const bar = row.querySelector('progress')
        const reached = row.querySelector('.flight').style.getPropertyValue('--reached')
        const now = {
          name: row.querySelector('.name').textContent, state: row.dataset.state, value: bar.value, max: bar.max,
          reached: Number(reached || 0), amount: row.querySelector('.amount').textContent,
          standing: row.querySelector('.standing').textContent, title: document.title,
        }
        const key = JSON.stringify(now)
        if (seen.get(row.dataset.key) === key) continue
        seen.set(row.dataset.key, key)
        window.looks.push(now)
      }
    }
    setInterval(look, 20)
    addEventListener('DOMContentLoaded', () => {
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
    })
  })()
"""


class Page:
    """The page in a browser, and what was seen on it."""

    def __init__(self, context, url):
        self.context, self.url = context, url
        self.looks = []
        self.troubles = []
        self.asked = set()
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(request.url.split("/")[2]))
        self.page.add_init_script(WATCH)
        self.open()

    def _console(self, message):
        # A request that fails is told by the browser, too; the page goes on.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)

    def open(self):
        self.page.goto(self.url)

    def collect(self):
        """Fetches what was seen since."""
        self.looks += self.page.evaluate("window.looks.splice(0)")

    def reload(self):
        self.collect()
        self.page.reload()

    def choose(self, path, input="files"):
        self.page.locator(f"#{input}").set_input_files(path)

    def is_listed(self):
        """Waits until the server's files, or that there are none, are shown."""
        self.wait("Boolean(document.querySelector('#stored li, #nothing:not([hidden])'))")

    def row(self, name=None):
        rows = self.page.locator("#transfers li")
        return rows.filter(has_text=name) if name else rows.first

    def press(self, label, name=None):
        self.row(name).get_by_role("button", name=label).click()

    def until(self, state, name=None):
        self.row(name).and_(self.page.locator(f'[data-state="{state}"]')).wait_for()

    def wait(self, question):
        """Asks until the answer is true. (Playwright's own way evaluates text in the page, which its policy forbids.)"""
        wait_until(lambda: self.page.evaluate(question) or self.page.wait_for_timeout(30), question)

    def value(self):
        return self.page.evaluate("document.querySelector('#transfers progress').value")

    def reaches(self, share):
        """Waits until the server has acknowledged this share of the first file."""
        self.wait(f"(() => {{ const bar = document.querySelector('#transfers progress');"
                  f" return bar && bar.value >= {share} * bar.max }})()")

    def check(self):
        """The rules of bars, over everything that was seen; and no trouble on the way."""
        self.collect()
        check_bars(self.looks)
        expect(not self.troubles, f"trouble on the page: {self.troubles}")
        hosts = {self.url.split("/")[2]}
        expect(self.asked <= hosts, f"asked others: {self.asked - hosts}")


def check_bars(looks):
    """What is acknowledged never falls, the lighter bar never lies behind it, and full comes with the end only."""
    last = collections.defaultdict(float)
    for look in looks:
        is_done = look["state"] == "done"
        expect(look["value"] >= last[look["name"]] - 1, f"a bar ran backwards: {last[look['name']]} to {look}")
        expect(is_done or look["value"] < look["max"], f"a bar was full before the end: {look}")
        expect(is_done or look["reached"] < 1, f"a lighter bar was full before the end: {look}")
        expect(is_done or "100 %" not in look["amount"] + look["title"], f"100 % before the end: {look}")
        expect(look["reached"] >= look["value"] / look["max"] - 0.001, f"the lighter bar lies behind: {look}")
        last[look["name"]] = look["value"]


class Failed(Exception):
    pass


def expect(holds, text):
    if not holds:
        raise Failed(text)


def wait_until(holds, text):
    end = time.monotonic() + PATIENCE
    while not holds():
        expect(time.monotonic() < end, f"waited in vain for: {text}")
        time.sleep(0.02)


def run(tests, make):
    """Runs the tests by their names, or those given on the command line; ends with 1 when one has failed."""
    wanted = sys.argv[2:]
    failures = 0
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="cairn-browser-") as folder:
        world = make(playwright, pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))
        try:
            for test in tests:
                if wanted and test.__name__ not in wanted:
                    continue
                started = time.monotonic()
                name = test.__name__.replace("_", " ")
                try:
                    said = test(world)
                    print(f"ok {name}{f': {said}' if said else ''} ({time.monotonic() - started:.1f} s)", flush=True)
                except Exception as error:
                    failures += 1
                    print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
                    world.keep(test.__name__)
        finally:
            world.close()
    sys.exit(1 if failures else 0)
