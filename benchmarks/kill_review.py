"""Kill -9 during a long review, again and again: never a torn output, and the run after gives the bytes of an undisturbed one.

    python benchmarks/kill_review.py REGISTER --kills 10      # writes results/kill_review.json
    python benchmarks/kill_review.py --cases 100000           # the same on a simulated register

An undisturbed run is made first, and its time taken. Then one review is started over and over into another folder, and killed
with all its children at a random moment of that time; after every blow the folder is looked at. The last run is left to end.
A run that ends before the blow is looked at too, and its folder is cleared for the next one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from openverdict.cli.review import work_folder
from openverdict.reports.bundle import FILE_NAMES

RESULT = Path(__file__).parent / "results" / "kill_review.json"


def start(register: Path, out: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """A review in a process group of its own; finished tasks are kept, however small the register."""
    command = [sys.executable, "-m", "openverdict", "review", str(register), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--quiet", "--resume", *options],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def hashes(out: Path) -> dict[str, str]:
    """The SHA-256 of every file that a review wrote, of the summary without the times it took."""
    found = {}
    for path in sorted(out.iterdir()):
        content = path.read_bytes()
        if path.name == "summary.json":
            told = json.loads(content)
            told.pop("timings")
            content = json.dumps(told, sort_keys=True).encode()
        found[path.name] = hashlib.sha256(content).hexdigest()
    return found


def finished(process: subprocess.Popen[bytes]) -> None:
    """Wait for a run that nobody kills."""
    _, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"the review failed ({process.returncode}): {said.decode()}")


def kill_again_and_again(
    register: Path, folder: Path, kills: int, seed: int, options: list[str]
) -> dict[str, Any]:
    """An undisturbed run, then so many blows; what was found after each."""
    dice = random.Random(seed)
    began = time.monotonic()
    finished(start(register, folder / "undisturbed", options))
    seconds = time.monotonic() - began
    wanted = hashes(folder / "undisturbed")
    assert set(wanted) == set(FILE_NAMES)
    out = folder / "killed"
    faults, blows = [], []
    for number in range(kills):
        process = start(register, out, options)
        moment = dice.uniform(0.0, seconds)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kept = sum(path.stat().st_size for path in work_folder(out).glob("*.spool"))
        blow = {
            "second": round(moment, 2),
            "ended_before": process.returncode == 0,
            "bytes_kept": kept,
            "output": out.exists(),
        }
        if process.returncode not in (0, -signal.SIGKILL):
            faults.append(f"run {number + 1} failed by itself: {process.returncode}")
        if out.exists():
            if hashes(out) != wanted:
                faults.append(f"after blow {number + 1} the output is not that of a whole run")
            shutil.rmtree(out)
        blows.append(blow)
        print(json.dumps(blow), file=sys.stderr, flush=True)
    began = time.monotonic()
    finished(start(register, out, options))
    if hashes(out) != wanted:
        faults.append("the last run gave other bytes than the undisturbed one")
    if work_folder(out).exists():
        faults.append("the last run left its work folder behind")
    return {
        "cases": json.loads((out / "summary.json").read_bytes())["cases"],
        "kills": kills,
        "seconds_undisturbed": round(seconds, 1),
        "seconds_last_run": round(time.monotonic() - began, 1),
        "blows": blows,
        "bytes_of_output": sum(path.stat().st_size for path in out.iterdir()),
        "faults": faults,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("register", type=Path, nargs="?")
    parser.add_argument("--cases", type=int, default=100_000, help="to simulate, without REGISTER")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("options", nargs="*", default=["--no-chance"], help="after --: of review")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        register = given.register
        if register is None:
            register = folder / "register.parquet"
            simulate = ["simulate", "--cases", str(given.cases), "--out", str(register)]
            subprocess.run([sys.executable, "-m", "openverdict", *simulate], check=True)
        found = kill_again_and_again(register, folder, given.kills, given.seed, given.options)
    found |= {"options": given.options, "cores": os.cpu_count()}
    given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
