"""Chromium with nothing switched on in it: what a tool that drives browsers listens to costs it a quarter of its speed.

Speaks the DevTools protocol over a pipe (file descriptors 3 and 4 of the browser, messages that end in NUL).
"""

import fcntl
import itertools
import json
import os
import subprocess
import tempfile

from harness import ARGUMENTS, CHROMIUM


class Bare:
    def __init__(self):
        commands, self.writer = os.pipe()
        self.reader, answers = os.pipe()
        # Away from 3 and 4, which the shell is about to give new meanings.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 50) for end in (commands, answers)]
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        browser = [CHROMIUM, "--headless=new", "--no-first-run", "--remote-debugging-pipe",
                   f"--user-data-dir={self.profile.name}", *ARGUMENTS, "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{high[0]} 4>&{high[1]}; exec "$@"', "bash", *browser], pass_fds=high,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (commands, answers, *high):
            os.close(end)
        self.numbers, self.received = itertools.count(1), b""

    def message(self):
        while b"\0" not in self.received:
            more = os.read(self.reader, 1 << 20)
            if not more:
                raise EOFError("the browser ended")
            self.received += more
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while (answer := self.message()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, url):
        return Tab(self, url)

    def close(self):
        self.ask("Browser.close")
        self.process.wait(10)
        self.profile.cleanup()
        os.close(self.writer)
        os.close(self.reader)


class Tab:
    def __init__(self, browser, url):
        self.browser = browser
        self.target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.ask("Page.navigate", url=url)

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def choose(self, path):
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector="#files")["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def close(self):
        self.browser.ask("Target.closeTarget", targetId=self.target)
