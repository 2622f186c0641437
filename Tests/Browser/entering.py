"""Journeys on a server that asks who comes: tokens, what they allow, and links for one file (spec/page.md, "Entering")."""

import hashlib
import json
import subprocess
import time
import urllib.error
import urllib.request

from harness import MIB, Page, Server, digest_of, expect, wait_until


class Guarded(Server):
    """A server with tokens, made by the command."""

    def __init__(self, world, name):
        self.cairn, self.data = world.cairn, world.folder / name
        self.tokens = {}
        self.make("ann", "--links")
        super().__init__(world.cairn, self.data)

    def command(self, *arguments):
        done = subprocess.run([self.cairn, *arguments], capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        return done.stdout.strip()

    def make(self, name, *options):
        self.tokens[name] = self.command("token", "create", name, "--data", self.data, *options)
        return self.tokens[name]

    def revoke(self, name):
        self.command("token", "revoke", name, "--data", self.data)

    def counts(self, name):
        """Waits until the server takes this token."""
        wait_until(lambda: self.status("/v1", self.tokens[name]) == 200, f"{name} counts")
        return self.tokens[name]

    def link(self, *options, page=None):
        return self.command("link", "--token", self.tokens["ann"], *options, "--page", page or self.url)

    def request(self, path, token):
        fields = {"Authorization": f"Bearer {token}"}
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=fields))

    def status(self, path, token):
        try:
            return self.request(path, token).status
        except urllib.error.HTTPError as error:
            return error.code

    def files(self, name="ann"):
        return json.load(self.request("/v1/files", self.tokens[name]))["files"]

    def has(self, path, name="ann"):
        """The newest file is this one, byte for byte."""
        file = self.files(name)[0]
        content = self.request(f"/files/{file['id']}", self.tokens[name]).read()
        expect(hashlib.sha256(content).hexdigest() == digest_of(path), f"{file['name']} is another file")


def is_asking(page):
    page.page.locator("#entry").wait_for()


def give(page, token, remember=False):
    page.page.get_by_label("Token", exact=True).fill(token)
    if remember:
        page.page.get_by_label("Remember on this device").check()
    page.page.get_by_role("button", name="Continue").click()


def is_in(page):
    page.page.locator("#entry").wait_for(state="hidden")
    page.page.locator("#who").wait_for()


def kept(page):
    """What this tab and this device keep of tokens."""
    return [page.page.evaluate(f"Object.entries({storage}).filter(([name]) => name.startsWith('cairn-token'))"
                               ".map(([, value]) => value)") for storage in ("sessionStorage", "localStorage")]


def troubled(page, text):
    page.wait(f"document.getElementById('entry-trouble').textContent.includes({json.dumps(text)})")
    expect(page.page.evaluate("document.activeElement.id") == "token", "the keyboard's place is not the token")


def asked_for_a_token(world):
    """Only a token that counts lets one in; it is kept for the tab, and for the device when that is wanted."""
    server = Guarded(world, "asking")
    ann = server.tokens["ann"]
    page = Page(world.context(), server.url)
    is_asking(page)
    for hidden in ("#choose", "#server", "#who"):
        expect(not page.page.locator(hidden).is_visible(), f"{hidden} is shown to a stranger")
    expect(page.page.evaluate("document.activeElement.id") == "token", "the form does not wait for the token")
    give(page, "cairn_of_somebody")
    troubled(page, "This is no token")
    give(page, ann[:-1] + ("0" if ann[-1] != "0" else "1"))
    troubled(page, "The server knows no such token")
    expect(kept(page) == [[], []], "a token that does not count is kept")
    field = page.page.get_by_label("Token", exact=True)
    expect(field.get_attribute("type") == "password", "the token is shown")
    page.page.get_by_role("button", name="Show the token").click()
    expect(field.get_attribute("type") == "text", "the token is not shown")
    page.page.get_by_role("button", name="Hide the token").click()
    give(page, f"  {ann} ")
    is_in(page)
    expect(page.page.locator("#who-name").inner_text() == "ann", page.page.locator("#who-name").inner_text())
    path = world.file("of ann.bin", 20 * MIB)
    page.choose(path)
    page.until("done")
    server.has(path)
    expect(kept(page) == [[ann], []], "it is kept elsewhere than in the tab")
    page.reload()
    is_in(page)
    second = Page(page.context, server.url)
    is_asking(second)
    give(second, ann, remember=True)
    is_in(second)
    expect(kept(second) == [[], [ann]], "it is not kept on the device")
    third = Page(page.context, server.url)
    is_in(third)
    third.page.get_by_role("button", name="Forget token").click()
    is_asking(third)
    expect(kept(third) == [[], []], "it is not forgotten")
    # Another tab that lives on it forgets it, too.
    is_asking(second)
    for seen in (page, second, third):
        expect(ann not in seen.page.content(), "the token stands in the document")
        seen.check()
    page.context.close()
    server.stop()


def token_taken_back_on_the_way(world):
    """The page asks again; another token of the principal goes on where it stopped, and a stranger's finds nothing."""
    server = Guarded(world, "taken back")
    server.make("short", "--principal", "dora")
    line = world.line_to(server)
    page = Page(world.context(), line.url)
    is_asking(page)
    give(page, server.counts("short"), remember=True)
    is_in(page)
    path = world.large.renew()
    line.hold(world.large.length // 3)
    page.choose(path)
    page.reaches(0.15)
    server.revoke("short")
    time.sleep(1.5)
    line.release()
    is_asking(page)
    reason = page.page.locator("#entry-reason").inner_text()
    expect("counts no more" in reason and "kept" in reason, reason)
    expect(kept(page) == [[], []], "what counts no more is kept")
    page.until("failed")
    # Somebody else at the same machine: no row, and no byte of that file.
    give(page, server.counts("ann"))
    is_in(page)
    page.is_listed()
    expect(page.page.locator("#transfers li").count() == 0, "another one's uploads are shown")
    page.page.get_by_role("button", name="Forget token").click()
    is_asking(page)
    server.make("next", "--principal", "dora")
    give(page, server.counts("next"))
    is_in(page)
    page.until("absent")
    page.choose(path)
    page.until("done")
    server.has(path, "next")
    expect(server.files() == [], "ann has a file")
    page.check()
    page.context.close()
    line.close()
    server.stop()


def goes_on_with_the_next_token(world):
    """In the same page nothing has to be chosen again."""
    server = Guarded(world, "next")
    server.make("short", "--principal", "dora")
    line = world.line_to(server)
    page = Page(world.context(), line.url)
    is_asking(page)
    give(page, server.counts("short"))
    is_in(page)
    path = world.large.renew()
    line.hold(world.large.length // 3)
    page.choose(path)
    page.reaches(0.15)
    server.revoke("short")
    time.sleep(1.5)
    line.release()
    is_asking(page)
    page.until("failed")
    server.make("next", "--principal", "dora")
    before = line.up
    give(page, server.counts("next"))
    is_in(page)
    page.until("done")
    server.has(path, "next")
    expect(line.up - before < world.large.length, "it began anew")
    page.check()
    page.context.close()
    line.close()
    server.stop()


def downloaded_with_a_token(world):
    """What an address alone does not open the page fetches, verified; and it says what a copied link needs."""
    server = Guarded(world, "downloads")
    context = world.context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = Page(context, server.url)
    is_asking(page)
    give(page, server.tokens["ann"])
    is_in(page)
    path = world.file("proof of ann.bin", 30 * MIB)
    page.choose(path)
    page.until("done")
    with page.page.expect_download() as download:
        page.row().get_by_role("button", name="Download").click()
    expect(digest_of(download.value.path()) == digest_of(path), "the download is another file")
    expect(download.value.suggested_filename == path.name, download.value.suggested_filename)
    page.wait("/every byte was verified/.test(document.querySelector('#transfers .standing').textContent)")
    page.press("Verify")
    page.wait("/^Verified/.test(document.querySelector('#transfers .standing').textContent)")
    page.press("Copy link")
    page.wait("/needs a token/.test(document.querySelector('#transfers .standing').textContent)")
    link = page.page.evaluate("navigator.clipboard.readText()")
    expect(server.status(link[len(server.url):], server.tokens["ann"]) == 200, link)
    # A long one is written as it comes, where the browser lets a page write.
    long = world.file("long of ann.bin", 70 * MIB)
    page.choose(long)
    page.until("done", long.name)
    page.page.evaluate(
        "void (globalThis.showSaveFilePicker = async ({ suggestedName }) =>"
        " (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }))")
    page.press("Download", long.name)
    page.wait("[...document.querySelectorAll('#transfers .standing')].some((at) => /^Downloaded/.test(at.textContent))")
    written = page.page.evaluate("""(async () => {
        const file = await (await (await navigator.storage.getDirectory()).getFileHandle('long of ann.bin')).getFile()
        const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
        return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    })()""")
    expect(written == digest_of(long), "what was written is another file")
    page.check()
    page.context.close()
    server.stop()


def shows_what_one_may(world):
    """Who may not list sees no list, who may not read no download, who may not upload no choice."""
    server = Guarded(world, "rights")
    server.make("sender", "--principal", "ann", "--rights", "put")
    server.make("reader", "--principal", "ann", "--rights", "get,list")
    sender = Page(world.context(), server.url)
    is_asking(sender)
    give(sender, server.counts("sender"))
    is_in(sender)
    expect("may only upload" in sender.page.locator("#who-name").inner_text(), "it does not say what one may")
    expect(not sender.page.locator("#server").is_visible(), "a list is shown to one who may not list")
    sender.choose(world.file("sent.bin", 3 * MIB))
    sender.until("done")
    expect(sender.row().get_by_role("button").count() == 0, sender.row().inner_text())
    reader = Page(world.context(), server.url)
    is_asking(reader)
    give(reader, server.counts("reader"))
    is_in(reader)
    reader.is_listed()
    expect(not reader.page.locator("#choose").is_visible(), "one may choose who may not upload")
    listed = reader.page.locator("#stored li").first
    expect("sent.bin" in listed.inner_text(), listed.inner_text())
    listed.get_by_role("button", name="Verify").click()
    reader.wait("/^Verified/.test(document.querySelector('#stored .standing').textContent)")
    for page in (sender, reader):
        page.check()
        page.context.close()
    server.stop()


def one_file_by_link(world):
    """A page opened with a link takes one file within its terms, says them first, and takes no other."""
    server = Guarded(world, "links")
    address = server.link("--length", str(5 * MIB), "--type", "image/*", "--hours", "1")
    # In the query it counts, too, and is moved to where no log sees it.
    page = Page(world.context(), address.replace("/#", "/?"))
    page.page.locator("#link-terms").wait_for()
    expect("?" not in page.page.url and page.page.url == address, page.page.url)
    terms = page.page.locator("#link-terms").inner_text()
    expect("one file of at most 5.24 MB, of type image/*, until" in terms, terms)
    for hidden in ("#server", "#choose-folder", "#who", "#entry"):
        expect(not page.page.locator(hidden).is_visible(), f"{hidden} is shown to the holder of a link")
    expect(page.page.locator("#files").get_attribute("accept") == "image/*", "the choice is not narrowed")
    expect(not page.page.locator("#files").evaluate("input => input.multiple"), "several may be chosen")
    refusals = [(world.file("long.png", 6 * MIB), "at most 5.24 MB"), (world.file("note.txt", data=b"x"), "takes image/*")]
    for path, text in refusals:
        page.choose(path)
        page.wait(f"document.getElementById('notice').textContent.includes({json.dumps(text)})")
    expect(page.page.locator("#transfers li").count() == 0, "what the link does not take has begun")
    path = world.file("picture.png", 4 * MIB)
    page.choose(path)
    page.until("done")
    expect(page.row().get_by_role("button").count() == 0, "the holder of a link is offered what it may not")
    page.page.locator("#link-end").wait_for()
    expect(not page.page.locator("#choose").is_visible(), "another may be chosen")
    server.has(path)
    page.reload()
    page.page.locator("#link-end").wait_for()
    expect("is here" in page.page.locator("#link-end").inner_text(), page.page.locator("#link-end").inner_text())
    expect(kept(page) == [[], []], "a link is kept")
    expect(len(server.files()) == 1, "not one file is there")
    page.check()
    # One that was changed, and one that is over.
    changed = address[:-1] + ("0" if address[-1] != "0" else "1")
    other = Page(world.context(), changed)
    other.page.locator("#link-end").wait_for()
    expect("does not count" in other.page.locator("#link-end").inner_text(), "it does not say that it does not count")
    expect(not other.page.locator("#choose").is_visible(), "a link that does not count lets one choose")
    other.check()
    for seen in (page, other):
        seen.context.close()
    server.stop()


def link_goes_on_after_a_reload(world):
    server = Guarded(world, "link again")
    line = world.line_to(server)
    page = Page(world.context(), server.link("--length", str(world.large.length), page=line.url))
    path = world.large.renew()
    line.hold(world.large.length // 3)
    page.choose(path)
    page.reaches(0.15)
    page.reload()
    line.release()
    page.until("absent")
    expect("It has begun" in page.page.locator("#link-terms").inner_text(), "it does not say that it has begun")
    page.choose(path)
    page.until("done")
    server.has(path)
    page.check()
    page.context.close()
    line.close()
    server.stop()


def accessible_entry(world, axe):
    """axe finds nothing where one enters either, light and dark."""
    server = Guarded(world, "axe")
    checked = 0
    for scheme in ("light", "dark"):
        page = Page(world.context(color_scheme=scheme, bypass_csp=True), server.url)
        is_asking(page)
        checked += axe(page, f"{scheme}, asking for a token")
        give(page, "nonsense")
        troubled(page, "This is no token")
        checked += axe(page, f"{scheme}, a token refused")
        give(page, server.tokens["ann"])
        is_in(page)
        page.is_listed()
        checked += axe(page, f"{scheme}, in")
        page.context.close()
        for address, what in ((server.link("--length", "1000000"), "#link-terms"), (server.url + "/#link=no", "#link-end")):
            page = Page(world.context(color_scheme=scheme, bypass_csp=True), address)
            page.page.locator(what).wait_for()
            checked += axe(page, f"{scheme}, {what}")
            page.context.close()
    server.stop()
    return f"{checked} rules passed"


ENTERING = [
    asked_for_a_token, token_taken_back_on_the_way, goes_on_with_the_next_token, downloaded_with_a_token,
    shows_what_one_may, one_file_by_link, link_goes_on_after_a_reload,
]
