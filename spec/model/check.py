#!/usr/bin/env python3
"""Searches the models of this folder and says whether each came out as it must: the protocols hold, the mutants do not.

    check.py            the short form: every property and every mutant, smaller bounds where the search is long
    check.py --long     all of it
    check.py NAME...    only the runs that have one of these words in their name

A counterexample is kept in .build-model, and read there with  spin -t -p -g <model>.pml  and the same -D options.
"""

import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE.parents[1] / ".build-model"

RESUME = ["-DLOSSES=1", "-DCRASHES=1"]
ONE = RESUME + ["-DVERSIONS=1"]
SOLE = ["-DLOSSES=2", "-DCRASHES=1", "-DVERSIONS=1", "-DCLIENTS=1"]
HOLDS, FAILS = True, False

# Model, options, what must come out, whether it is left to the long form.
RUNS = [
    ("resume", ["-DSLOTS=2", *RESUME], HOLDS, False),
    ("resume", ONE, HOLDS, True),
    ("resume", RESUME, HOLDS, True),
    ("resume", ["-DCLIENTS=3", *ONE], HOLDS, True),
    ("resume", ["-DLENGTH=3", *ONE], HOLDS, True),
    ("resume", ["-DHALF_OPEN", *ONE], HOLDS, True),
    ("resume", ["-DCHUNK_LOSS", *ONE], HOLDS, True),
    ("resume", ["-DCHUNK_LOSS", "-DSLOTS=2", *SOLE], HOLDS, False),
    ("resume", ["-DPROGRESS", "-DSLOTS=2", *SOLE], HOLDS, False),
    ("resume", ["-DPROGRESS", *SOLE], HOLDS, True),
    ("resume", ["-DPROGRESS", *ONE], HOLDS, True),
    *(("resume", [f"-D{mutant}", *RESUME], FAILS, False) for mutant in (
        "NO_WAIT", "STALE_READ", "RELEASE_EARLY", "ACK_EARLY", "LEDGER_FIRST", "NO_OFFSET_CHECK", "NO_PREFIX_CHECK",
        "ASK_LOOKS", "CUT_COMPLETES", "SEAL_FIRST", "TAKEN_FORGETS", "FORGETS", "WAITER_FORGOTTEN")),
    ("resume", ["-DNO_REVOKE", "-DHALF_OPEN", *RESUME], FAILS, False),
    ("resume", ["-DNO_SOUND_CHECK", "-DCHUNK_LOSS", *RESUME], FAILS, False),
    ("reclaim", [], HOLDS, False),
    ("reclaim", ["-DROUNDS=5"], HOLDS, False),
    ("reclaim", ["-DCOLLECTABLE", "-DCRASHES=1"], HOLDS, False),
    ("reclaim", ["-DCOLLECTABLE", "-DCRASHES=3"], HOLDS, True),
    *(("reclaim", [f"-D{mutant}"], FAILS, False) for mutant in (
        "HOLD_LATE", "RELEASE_EARLY", "NO_CLOSE", "OPENED_EARLY", "COUNTED_BEFORE", "RENAMED_FIRST", "HINT_DECIDES",
        "LEFTOVER_NOT_READ_AGAIN", "STRAY_NOT_READ_AGAIN", "STANDING_TRUSTED", "BYTES_NOT_SYNCED", "PLACE_KEEPS_STATE",
        "START_TRUSTS")),
    ("reclaim", ["-DNO_FINISH", "-DCOLLECTABLE", "-DCRASHES=1"], FAILS, False),
    ("reclaim", ["-DNO_STRAYS", "-DCOLLECTABLE", "-DCRASHES=1"], FAILS, False),
]

LIVENESS = {"-DPROGRESS", "-DCOLLECTABLE"}


def search(model, options, must):
    """Returns the number of states, what is wrong (empty when nothing is), and the seconds it took."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="model-"))
    start = time.monotonic()
    try:
        shutil.copy(HERE / f"{model}.pml", folder)
        isLive = bool(LIVENESS & set(options))
        subprocess.run(
            ["spin", *options, "-a", f"{model}.pml"], cwd=folder, check=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        kind = ["-DNFAIR=3"] if isLive else ["-DSAFETY"]
        speed = "-O2" if must == HOLDS and model == "resume" else "-O0"  # a mutant is found sooner than optimised
        subprocess.run(["gcc", "-w", speed, "-DCOLLAPSE", *kind, "-o", "pan", "pan.c"], cwd=folder, check=True)
        text = subprocess.run(
            ["./pan", *(["-a", "-f"] if isLive else []), "-m1000000", "-w22"], cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        states = re.search(r"(\d\S*) states, stored", text)
        errors = re.search(r"errors: (\d+)", text)
        broken = re.search(r"^pan:\d+: (.*?)(?: \(at depth.*)?$", text, re.M)
        isCut = "max search depth too small" in text or "out of memory" in text or not errors
        if isCut:
            return 0, None, time.monotonic() - start
        what = broken.group(1).strip() if broken and errors.group(1) != "0" else ""
        if what:
            keep(folder, model, options)
        return int(float(states.group(1))), what, time.monotonic() - start
    finally:
        shutil.rmtree(folder)


def keep(folder, model, options):
    name = "".join([model, *options]).replace("-D", ".").replace("=", "")
    target = KEPT / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for suffix in (".pml", ".pml.trail"):
        shutil.copy(folder / f"{model}{suffix}", target)


def main():
    isLong = "--long" in sys.argv
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    runs = [
        run for run in RUNS
        if (isLong or words or not run[3]) and (not words or any(word in " ".join([run[0], *run[1]]) for word in words))
    ]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda run: search(*run[:3]), runs)
        for (model, options, must, _), (states, broken, seconds) in zip(runs, results):
            isRight = broken is not None and (broken == "") == must
            wrong += not isRight
            came = "not searched to its end" if broken is None else broken or "holds"
            verdict = ("as it must" if must else "refuted, as it must be") if isRight else "WRONG"
            name = " ".join([model, *(option[2:] for option in options)])
            print(f"{verdict:23} {states:>9,} states {seconds:5.1f} s  {name}: {came}", flush=True)
    print(f"{len(runs)} searches, {wrong} wrong")
    return 1 if wrong or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
