"""What takes longer: full.py CAIRN [TEST ...]

The large file with each interruption by itself, thousands of reads by the page's workers, five gigabytes through the
page's memory, the page beside `cairn put`.
"""

import os
import statistics
import subprocess
import time

from bare import Bare
from harness import MIB, expect, run, wait_until
from journeys import INTERRUPTIONS, LARGE, World, identical, journey

GB = 1_000_000_000
# Two workers, each asked two things at a time: a proof comes while chunks are hashed.
READING = """async () => {
  const { WORKER_NAME } = await import('/cairn-worker.js')
  const file = document.getElementById('reading').files[0]
  const nonce = new Uint8Array(32)
  const MIB = 1 << 20
  let reads = 0
  const lane = async (worker) => {
    while (reads < 4000) {
      const length = (reads % 2 ? 2 : 6) * MIB
      const start = (reads++ * 4 * MIB) % (file.size - length)
      const stopped = new Promise((_, fail) => setTimeout(fail, 30000, new Error(`a read stopped, of ${reads}`)))
      await Promise.race([stopped, worker(file.slice(start, start + length))])
    }
  }
  const ask = () => {
    const worker = new Worker('/cairn-worker.js', { type: 'module', name: WORKER_NAME })
    const waiting = new Map()
    worker.onmessage = ({ data }) => waiting.get(data.task)(data)
    let task = 0
    return (slice) => new Promise((resolve) => {
      waiting.set(++task, resolve)
      worker.postMessage({ task, slice, nonce })
    })
  }
  const workers = [ask(), ask()]
  await Promise.all([...workers, ...workers].map(lane))
  return reads
}"""
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def each_interruption_alone(world):
    for interruption in INTERRUPTIONS:
        journey(world, [interruption])
        print(f"   {interruption.__name__.replace('_', ' ')}", flush=True)


def read_side_by_side(world):
    """What two ask of a worker at a time is answered, thousands of times: a stream must not wait for ever."""
    page = world.page()
    page.page.evaluate("""() => {
      const input = Object.assign(document.createElement('input'), { type: 'file', id: 'reading' })
      document.body.append(input)
    }""")
    page.page.set_input_files("#reading", world.large.renew())
    reads = page.page.evaluate(READING)
    page.context.close()
    return f"{reads} reads"


def processes():
    """Chromium's processes that came with this browser: (kind, resident MB, private MB)."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                command = file.read().decode(errors="replace")
            if "chromium" not in command or "--type=renderer" not in command:
                continue
            with open(f"/proc/{process}/smaps_rollup") as file:
                fields = {line.split()[0]: line.split()[1] for line in file.readlines()[1:]}
        except OSError:
            continue
        private = int(fields["Private_Clean:"]) + int(fields["Private_Dirty:"])
        found.append((process, int(fields["Rss:"]) / 1000, private / 1000))
    return found


def five_gigabytes_in_little_memory(world):
    """A sparse file: what is measured is the page, not the disk. Its own renderer, the largest, is looked at."""
    path = world.folder / "sparse.img"
    with open(path, "wb") as file:
        file.truncate(5 * GB)
        # Some of it is unlike the rest, so that some of it travels.
        for offset in range(0, 5 * GB, 64 * MIB):
            file.seek(offset)
            file.write(os.urandom(64))
    page = world.page()
    session = page.context.new_cdp_session(page.page)
    session.send("Performance.enable")
    idle = max(processes(), key=lambda found: found[1], default=("", 0, 0))
    resident = private = heap = 0
    page.choose(path)
    while page.page.locator("#transfers li[data-state=done]").count() == 0:
        page.page.wait_for_timeout(200)
        for _, now, own in processes():
            resident, private = max(resident, now), max(private, own)
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        heap = max(heap, metrics["JSHeapUsedSize"] / 1e6)
    page.check()
    identical(world, path)
    page.context.close()
    os.unlink(path)
    expect(heap < 300 and private < 300, f"JS heap {heap:.0f} MB, renderer {private:.0f} MB of its own")
    return (f"JS heap {heap:.0f} MB; renderer {resident:.0f} MB resident, {private:.0f} MB of its own"
            f" (before: {idle[1]:.0f} and {idle[2]:.0f})")


def as_fast_as_the_command(world):
    """Interleaved rounds of as many new bytes, in a browser that nobody watches; a figure, not a rule."""
    figures = {"page": [], "cairn put": []}
    browser = Bare()
    for _ in range(ROUNDS):
        path = world.large.renew()
        tab = browser.open(world.server.url)
        wait_until(lambda: tab.value("document.querySelector('#stored li, #nothing:not([hidden])') !== null"), "a page")
        started = time.monotonic()
        tab.choose(path)
        wait_until(lambda: tab.value("document.querySelector('#transfers li[data-state=done]') !== null"), "an end")
        figures["page"].append(LARGE / (time.monotonic() - started) / 1e6)
        tab.close()
        identical(world, path)
        path = world.large.renew()
        started = time.monotonic()
        subprocess.run([world.cairn, "put", path, "--to", world.server.url, "--quiet", "--no-cache"], check=True,
                       stdout=subprocess.DEVNULL)
        figures["cairn put"].append(LARGE / (time.monotonic() - started) / 1e6)
    browser.close()
    ours, put = (statistics.median(figures[name]) for name in ("page", "cairn put"))
    return f"page {ours:.0f} MB/s, cairn put {put:.0f} MB/s, {100 * ours / put:.0f} %: {figures}"


if __name__ == "__main__":
    run([each_interruption_alone, read_side_by_side, five_gigabytes_in_little_memory, as_fast_as_the_command], World)
