"""Pictures of the page, to be looked at: screenshots.py CAIRN FOLDER

Empty, uploading, paused, failed, finished; asking for a token, entered, a link; light, dark, narrow. A server of its own, real uploads; what is
staged is where they are held, and the server's refusal.
"""

import os
import pathlib
import sys
import tempfile

from playwright.sync_api import sync_playwright

from entering import Guarded, give, is_asking, is_in, troubled
from harness import ARGUMENTS, CHROMIUM, MIB, Page, Salted, Server
from line import Line

WIDE = {"width": 880, "height": 720}
NARROW = {"width": 390, "height": 844}
VIEWS = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "narrow": {"viewport": NARROW, "color_scheme": "light", "device_scale_factor": 2},
}

# What stands for the system's font where no desktop is installed.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match target="pattern"><edit name="family" mode="prepend_first" binding="strong"><string>Inter</string></edit></match>
<match target="pattern"><test name="family" compare="contains"><string>monospace</string></test>
<edit name="family" mode="prepend_first" binding="strong"><string>DejaVu Sans Mono</string></edit></match></fontconfig>"""


class Studio:
    def __init__(self, playwright, cairn, folder, out):
        self.cairn, self.folder, self.out = cairn, folder, out
        self.server = Server(cairn, folder / "data")
        self.line = Line(self.server.port)
        fonts = folder / "fonts.conf"
        fonts.write_text(FONTS)
        self.browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, env={**os.environ, "FONTCONFIG_FILE": str(fonts)})
        self.film = Salted(folder / "Winter light, fourth cut.mov", 300 * MIB, 1)
        self.scans = Salted(folder / "Scans 1–240.zip", 260 * MIB, 2)
        self.notes = folder / "Notes to the cut.pdf"

    def shoot(self, page, view, state):
        page.page.mouse.move(1, 1)
        page.page.wait_for_timeout(700)
        page.page.screenshot(path=self.out / f"{state}-{view}.png")
        print(f"{state}-{view}.png", flush=True)

    def view(self, view):
        page = Page(self.browser.new_context(**VIEWS[view]), self.line.url)
        page.is_listed()
        self.shoot(page, view, "empty")
        self.notes.write_bytes(os.urandom(3_400_000))
        page.choose(self.notes)
        page.until("done", "Notes")
        self.line.hold(200 * MIB)
        page.choose([self.film.renew(), self.scans.renew()])
        page.wait("((bars) => bars.length > 2 && bars.every((bar) => bar.value > bar.max / 5))"
                  "([...document.querySelectorAll('#transfers progress')])")
        self.shoot(page, view, "uploading")
        page.press("Pause", "Winter")
        page.until("paused", "Winter")
        page.press("Cancel", "Scans")
        self.shoot(page, view, "paused")
        page.press("Keep", "Scans")
        page.context.route("**/chunks", lambda route: route.fulfill(
            status=503, content_type="application/problem+json",
            body='{"type":"/problems/read-only","title":"The store is read-only","status":503,"retryable":false}'))
        page.press("Resume", "Winter")
        self.line.release()
        page.until("failed", "Winter")
        self.shoot(page, view, "failed")
        page.until("failed", "Scans")
        page.context.unroute("**/chunks")
        for name in ("Winter", "Scans"):
            page.press("Retry", name)
        page.until("done", "Winter")
        page.until("done", "Scans")
        page.reload()
        page.choose([self.film.path, self.notes])
        page.until("done", "Winter")
        page.until("done", "Notes")
        page.press("Verify", "Winter")
        page.wait("/^Verified/.test(document.querySelector('#transfers .standing').textContent)")
        self.shoot(page, view, "finished")
        page.context.close()

    def entering(self, view):
        server = Guarded(self, f"guarded {view}")
        page = Page(self.browser.new_context(**VIEWS[view]), server.url)
        is_asking(page)
        self.shoot(page, view, "asking")
        give(page, "cairn_0123")
        troubled(page, "This is no token")
        page.page.get_by_role("button", name="Show the token").click()
        self.shoot(page, view, "not a token")
        give(page, server.tokens["ann"])
        is_in(page)
        page.choose(self.notes)
        page.until("done")
        page.press("Copy link")
        page.wait("/needs a token/.test(document.querySelector('#transfers .standing').textContent)")
        self.shoot(page, view, "entered")
        server.revoke("ann")
        page.page.wait_for_timeout(1500)
        page.page.get_by_role("button", name="Refresh").click()
        is_asking(page)
        self.shoot(page, view, "taken back")
        page.context.close()
        server.make("ann", "--links")
        server.make("sender", "--rights", "put", "--days", "30", "--namespace", "studio")
        server.counts("sender")
        page = Page(self.browser.new_context(**VIEWS[view]), server.url)
        is_asking(page)
        give(page, server.tokens["sender"])
        is_in(page)
        self.shoot(page, view, "may only upload")
        page.context.close()
        address = server.link("--length", "5000000", "--type", "application/pdf", "--type", "image/*")
        page = Page(self.browser.new_context(**VIEWS[view]), address)
        page.page.locator("#link-terms").wait_for()
        self.shoot(page, view, "link")
        page.choose(self.notes)
        page.until("done")
        page.page.locator("#link-end").wait_for()
        self.shoot(page, view, "link used")
        page.context.close()
        server.stop()

    def close(self):
        self.browser.close()
        self.line.close()
        self.server.stop()


def main():
    out = pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="cairn-pictures-") as folder:
        studio = Studio(playwright, pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder), out)
        try:
            for view in VIEWS:
                studio.view(view)
                studio.entering(view)
        finally:
            studio.close()


main()
