"""The page in a real Chromium against a real server: journeys.py CAIRN [TEST ...]

Prints a line for each rule; ends with 1 when one does not hold. Nothing is asserted on time.
"""

import os
import signal
import tempfile
import urllib.error
import urllib.request

from axe_playwright_python.sync_playwright import Axe

from entering import ENTERING, accessible_entry
from harness import (
    ARGUMENTS, CHROMIUM, HERE, MIB, Page, Salted, Server, digest_of, expect, run, wait_until,
)
from line import Line

LARGE = 300 * MIB
SEED = int(os.environ.get("SEED", "20261124"))


class World:
    """A server, a line to it, a browser, and the large file."""

    def __init__(self, playwright, cairn, folder):
        print(f"seed {SEED}")
        self.playwright, self.cairn, self.folder = playwright, cairn, folder
        self.server = Server(cairn, folder / "data")
        self.line = Line(self.server.port)
        self.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        self.large = Salted(folder / "film.mkv", LARGE, SEED)
        self.contexts = []

    def context(self, **options):
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        return context

    def page(self, **options):
        return Page(self.context(**options), self.line.url)

    def line_to(self, server):
        """Another line, to a server of a test's own."""
        return Line(server.port)

    def keep(self, name):
        """What the pages looked like when a test failed."""
        for context in self.contexts:
            for page in context.pages:
                page.screenshot(path=f"{tempfile.gettempdir()}/cairn-browser-{name}.png")

    def file(self, name, length=None, data=b""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(length) if length else data)
        return path

    def close(self):
        self.browser.close()
        self.line.close()
        self.server.stop()


def identical(world, path):
    """The server has the file, whole and the same; it is the newest."""
    file = world.server.files()[0]
    expect(file["name"] == path.name, f"the newest file is {file['name']}")
    expect(file["length"] == path.stat().st_size, f"{file['length']} bytes are there")
    expect(world.server.digest(file) == digest_of(path), "the file is another one")


def paused_and_resumed(world, page):
    page.press("Pause")
    page.until("paused")
    value = page.value()
    world.line.release()
    page.page.wait_for_timeout(500)
    expect(page.value() == value, "the bar moved while it was paused")
    page.press("Resume")


def reloaded_and_chosen_again(world, page):
    value = page.value()
    page.reload()
    world.line.release()
    page.until("absent")
    page.wait(f"document.querySelector('#transfers progress').value > {value * 0.5}")
    page.choose(world.large.path)


def server_killed_and_started_again(world, page):
    world.server.kill()
    world.line.release()
    page.wait("/Trying again/.test(document.querySelector('#transfers .standing').textContent)")
    world.server.start()


def line_broken(world, page):
    world.line.cut()
    world.line.release()


def offline_and_online_again(world, page):
    page.context.set_offline(True)
    world.line.cut()
    world.line.release()
    page.wait("/No network/.test(document.querySelector('#transfers .standing').textContent)")
    expect(page.page.locator("#network").is_visible(), "the head does not say that there is no network")
    page.context.set_offline(False)


INTERRUPTIONS = [
    paused_and_resumed, reloaded_and_chosen_again, server_killed_and_started_again, line_broken,
    offline_and_online_again,
]


def journey(world, interruptions):
    """300 MB, held again and again on their way, with something done to them there; then to their end."""
    path = world.large.renew()
    page = world.page()
    for number, interruption in enumerate(interruptions):
        # Counted from where it is: what was in flight is sent again.
        before = 0 if number == 0 else page.value()
        world.line.hold(LARGE // (len(interruptions) + 1))
        if number == 0:
            page.choose(path)
        page.wait(f"document.querySelector('#transfers progress')?.value > {before + 8 * MIB}")
        interruption(world, page)
        page.until("running")
    page.until("done")
    page.check()
    identical(world, path)
    expect(len(page.looks) > 5, "the bar was not seen moving")
    page.context.close()
    return f"{len(page.looks)} looks at the bar"


def interrupted_in_every_way(world):
    return journey(world, INTERRUPTIONS)


def full_only_when_the_server_says_complete(world):
    page = world.page()
    held = []
    page.page.route("**/complete", lambda route: held.append(route))
    page.choose(world.file("held.bin", 20 * MIB))
    wait_until(lambda: page.page.wait_for_timeout(50) or held, "a completion")
    page.page.wait_for_timeout(400)
    page.collect()
    look = page.looks[-1]
    expect(look["state"] == "running" and look["amount"] == "99 %", f"before the server's word: {look}")
    expect("Finishing" in look["standing"], f"before the server's word: {look}")
    held[0].continue_()
    page.until("done")
    page.check()
    page.context.close()


def known_file_is_not_sent(world):
    path = world.large.renew()
    first = world.page()
    first.choose(path)
    first.until("done")
    first.context.close()
    second = world.page()
    second.page.wait_for_load_state("networkidle")
    before = world.line.up
    second.choose(path)
    second.until("done")
    travelled = world.line.up - before
    expect(travelled < 100_000, f"{travelled} bytes travelled")
    expect("All of it was known" in second.row().inner_text(), second.row().inner_text())
    second.check()
    # Half of it is new: the page tells how much was not.
    with open(path, "r+b") as file:
        file.seek(LARGE // 2)
        file.write(os.urandom(LARGE - LARGE // 2))
    third = world.page()
    third.choose(path)
    third.until("done")
    expect("were known" in third.row().inner_text(), third.row().inner_text())
    identical(world, path)
    for page in (second, third):
        page.context.close()
    return f"{travelled} bytes travelled"


def empty_file(world):
    page = world.page()
    path = world.file("nothing.txt")
    page.choose(path)
    page.until("done")
    page.check()
    identical(world, path)
    page.context.close()


NAMES = ["größe", "写真 2024", "Данные", "a b & c", "кириллица/внутри", "🪨", "e\u0301 decomposed", "%41", "quote\"s"]


def folder_of_many_files(world):
    expected = {}
    for index in range(500):
        data = f"file {index}".encode() * (index % 40)
        path = world.file(f"Ordner/{NAMES[index % len(NAMES)]}/Datei {index} – ü.txt", data=data)
        expected[str(path.relative_to(world.folder))] = digest_of(path)
    before = {file["id"] for file in world.server.files()}
    page = world.page()
    page.choose(world.folder / "Ordner", "folder")
    page.wait("/^500 files/.test(document.getElementById('summary').textContent)")
    rows = page.page.locator("#transfers li").count()
    expect(rows <= 40, f"{rows} rows are in the document")
    found = [file for file in world.server.files() if file["id"] not in before]
    expect(len(found) == 500, f"{len(found)} files are there")
    for file in found:
        expect(world.server.digest(file) == expected.pop(file["name"]), f"{file['name']} is another file")
    page.check()
    page.page.get_by_role("button", name="Clear finished").click()
    page.page.locator("#uploads").wait_for(state="hidden")
    page.context.close()


def refusal_says_what_to_do(world):
    server = Server(world.cairn, world.folder / "small", "--limit-length", "1000000")
    page = Page(world.browser.new_context(), server.url)
    page.choose(world.file("long.bin", 2_000_000))
    page.until("failed")
    text = page.row().inner_text()
    expect("more than the server takes" in text and "Retry" in text, text)
    page.press("Cancel")
    page.row().wait_for(state="detached")
    page.check()
    page.context.close()
    server.stop()


def cancelled(world):
    page = world.page()
    path = world.file("unwanted.bin", 60 * MIB)
    world.line.hold(40 * MIB)
    page.choose(path)
    page.reaches(0.2)
    page.press("Cancel")
    page.press("Keep")
    expect(page.row().get_attribute("data-state") == "running", "it does not go on")
    page.press("Cancel")
    page.press("Discard")
    page.row().wait_for(state="detached")
    world.line.release()
    wait_until(
        lambda: all(upload["name"] != path.name for upload in world.server.json("/v1/uploads")["uploads"]),
        "the server gave up the upload")
    page.reload()
    page.page.wait_for_load_state("networkidle")
    expect(page.page.locator("#transfers li").count() == 0, "a cancelled upload came back")
    page.check()
    page.context.close()


def by_keyboard(world):
    page = world.page()
    world.line.hold(10 * MIB)
    page.choose(world.file("keys.bin", 60 * MIB))
    page.row().wait_for()
    page.page.keyboard.press("Tab")
    page.page.locator("#choose-files").focus()
    label = "document.activeElement.getAttribute('aria-label')"
    # Forward from the choice to the row's first action.
    for _ in range(8):
        page.page.keyboard.press("Tab")
        if page.page.evaluate(label) == "Pause: keys.bin":
            break
    expect(page.page.evaluate(label) == "Pause: keys.bin", "Tab does not lead to the row")
    page.page.keyboard.press("Enter")
    page.until("paused")
    expect(page.page.evaluate(label) == "Resume: keys.bin", "the keyboard's place is lost")
    world.line.release()
    page.page.keyboard.press("Space")
    page.until("done")
    page.wait("/uploaded/.test(document.getElementById('spoken').textContent)")
    page.check()
    page.context.close()


def verified_again(world):
    page = world.page()
    path = world.file("proof.bin", 9 * MIB)
    page.choose(path)
    page.until("done")
    page.press("Verify")
    page.wait("/^Verified/.test(document.querySelector('#transfers .standing').textContent)")
    link = page.row().get_by_role("link", name="Download")
    with page.page.expect_download() as download:
        link.click()
    expect(digest_of(download.value.path()) == digest_of(path), "the download is another file")
    listed = page.page.locator("#stored li").first
    expect(path.name in listed.inner_text(), listed.inner_text())
    # A chunk goes bad under the server, which has it no longer in mind.
    world.server.kill()
    newest = max((world.folder / "data").glob("ns/*/chunks/*/*"), key=os.path.getmtime)
    with open(newest, "r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    world.server.start()
    listed.get_by_role("button", name="Verify").click()
    page.wait("/damaged/.test(document.querySelector('#stored .standing').textContent)")
    page.context.close()


def original_page_beside_ours(world):
    """The page and script this began with, on the same server at the same time."""
    ours = world.page()
    old = world.browser.new_context().new_page()
    for name, path in (("original.html", "index.html"), ("uploader.js", "uploader.js")):
        old.route(f"**/{name}", lambda route, _, path=path: route.fulfill(path=HERE / "original" / path))
    old.goto(f"{world.line.url}/original.html")
    path = world.file("old way.bin", 60 * MIB)
    world.line.hold(50 * MIB)
    ours.choose(world.large.renew())
    old.locator("#file").set_input_files(path)
    log = old.locator("#log")
    old.get_by_text("Send").click()
    old.wait_for_function("/^progress/.test(document.getElementById('log').textContent)")
    old.get_by_text("Stop").click()
    old.wait_for_function("document.getElementById('log').textContent === 'stopped'")
    world.line.release()
    old.get_by_text("Send").click()
    old.wait_for_function("/^(success|error)/.test(document.getElementById('log').textContent)", timeout=180_000)
    expect(log.inner_text() == "success", log.inner_text())
    ours.until("done")
    ours.check()
    files = {file["name"]: file for file in reversed(world.server.files())}
    expect(world.server.digest(files["old way.bin"]) == digest_of(path), "the old page's file is another one")
    expect(world.server.digest(files["film.mkv"]) == digest_of(world.large.path), "our file is another one")
    old.context.close()
    ours.context.close()


def crash_of_the_browser(world):
    """The browser is killed; a new one knows the upload, and goes on with the file."""
    profile = str(world.folder / "profile")
    start = lambda: world.playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=ARGUMENTS)
    path = world.large.renew()
    world.line.hold(LARGE // 2)
    first = Page(start(), world.line.url)
    first.choose(path)
    first.reaches(0.3)
    first.page.wait_for_timeout(1500)
    for process in os.listdir("/proc"):
        if process.isdigit() and is_main(process, profile):
            os.kill(int(process), signal.SIGKILL)
    world.line.release()
    second = Page(start(), world.line.url)
    second.until("absent")
    second.wait("document.querySelector('#transfers progress').value > 0")
    second.choose(path)
    second.until("done")
    second.check()
    identical(world, path)
    second.context.close()


def dropped_file_goes_on_by_itself(world):
    """A file that was dropped has a handle: after a reload nobody has to choose it again."""
    page = world.page()
    path = world.large.renew()
    world.line.hold(LARGE // 3)
    session = page.context.new_cdp_session(page.page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})
    page.reaches(0.1)
    page.reload()
    world.line.release()
    page.until("done")
    page.check()
    identical(world, path)
    page.context.close()


def is_main(process, profile):
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            command = file.read().decode(errors="replace")
    except OSError:
        return False
    return f"--user-data-dir={profile}" in command and "--type=" not in command


def served_from_the_binary(world):
    """What the page is made of: cached by tag, of the right type, and allowed to speak with its server only."""
    head = urllib.request.urlopen(world.server.url + "/")
    policy = head.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
        expect(part in policy, policy)
    request = urllib.request.Request(world.server.url + "/", headers={"If-None-Match": head.headers["ETag"]})
    try:
        urllib.request.urlopen(request)
        expect(False, "the page was sent again")
    except urllib.error.HTTPError as error:
        expect(error.code == 304, f"{error.code}")
    without = Server(world.cairn, world.folder / "bare", "--no-page")
    try:
        urllib.request.urlopen(without.url + "/")
        expect(False, "a page is served")
    except urllib.error.HTTPError as error:
        expect(error.code == 404, f"{error.code}")
    without.stop()


def accessible(world):
    """axe finds nothing, in any state, light and dark."""
    checked = 0
    for scheme in ("light", "dark"):
        page = world.page(color_scheme=scheme, bypass_csp=True)
        page.is_listed()
        checked += axe(page, f"{scheme}, empty")
        world.line.hold(20 * MIB)
        page.choose([world.large.renew(), world.file("short.txt", data=b"abc")])
        page.until("running", "film.mkv")
        # An upload of which the server has nothing is cancelled without a question.
        page.wait("[...document.querySelectorAll('#transfers progress')].some((bar) => bar.max > 3 && bar.value > 0)")
        checked += axe(page, f"{scheme}, uploading")
        page.press("Pause", "film.mkv")
        world.line.release()
        page.until("done", "short.txt")
        page.press("Cancel", "film.mkv")
        checked += axe(page, f"{scheme}, paused and asking")
        page.reload()
        page.until("absent")
        page.is_listed()
        checked += axe(page, f"{scheme}, waiting for its file")
        page.context.close()
    return f"{checked} rules passed"


def entered_accessibly(world):
    return accessible_entry(world, axe)


def axe(page, what):
    found = Axe().run(page.page).response
    troubles = [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found["violations"]]
    expect(not troubles, f"{what}: {troubles}")
    return len(found["passes"])


JOURNEYS = [
    served_from_the_binary, empty_file, interrupted_in_every_way, full_only_when_the_server_says_complete,
    known_file_is_not_sent, folder_of_many_files, refusal_says_what_to_do, cancelled, by_keyboard, verified_again,
    original_page_beside_ours, crash_of_the_browser, dropped_file_goes_on_by_itself, accessible,
    *ENTERING, entered_accessibly,
]

if __name__ == "__main__":
    run(JOURNEYS, World)
