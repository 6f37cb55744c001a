"""The path of a newcomer, timed: a clean clone, the commands of the README, a browser, a first recorded decision.

    python benchmarks/newcomer.py            # clones this repository into a new folder; writes results/newcomer.json

Every step is the one of docs/first-decision.md, in its words. What a person takes to read and to think is no part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "newcomer.json"
PASSWORD = "four words in a row"  # noqa: S105
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def main() -> None:
    """Follow the path, and write down how long each step took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    out = parser.parse_args().out
    steps: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "openverdict"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with timed(steps, "make demo, with the set-up"):
            subprocess.run(["make", "demo"], cwd=clone, check=True, env=clean())
        with timed(steps, "make practice, until it serves"):
            running = subprocess.Popen(
                ["make", "practice"],
                cwd=clone,
                stdout=subprocess.PIPE,
                text=True,
                env=clean(),
                start_new_session=True,
            )
            link = first_link(running)
        try:
            with timed(steps, "in the browser, from the link to the recorded decision"):
                state = decide(link)
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(60)
    steps["in all"] = round(sum(steps.values()), 1)
    load = round(os.getloadavg()[0], 1)
    out.write_text(json.dumps({"seconds": steps, "state": state, "load_average": load}, indent=1) + "\n")  # fmt: skip
    print(json.dumps(steps, indent=1), state)


@contextmanager
def timed(steps: dict[str, float], name: str) -> Iterator[None]:
    """Seconds of the step into `steps`."""
    began = time.perf_counter()
    yield
    steps[name] = round(time.perf_counter() - began, 1)


def clean() -> dict[str, str]:
    """The environment of somebody who has just come."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OPENVERDICT", "VIRTUAL_ENV"))}  # fmt: skip
    return {**kept, "PYTHONUNBUFFERED": "1"}


def first_link(running: subprocess.Popen[str]) -> str:
    """The link of a.reviewer, once the app serves."""
    assert running.stdout is not None
    link = ""
    for line in running.stdout:
        found = re.search(r"a\.reviewer sets a password.*: (\S+)", line)
        link = found[1] if found else link
        if line.startswith("Openverdict serves"):
            return link
    sys.exit("make practice ended before it served")


def decide(link: str) -> str:
    """Steps 3 to 5 of the page; what stands on the page at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page: Any = browser.new_page()
        page.goto(link)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").click()
        page.get_by_label("User name").fill("a.reviewer")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name="Work", exact=True).first.click()
        page.get_by_role("link", name=re.compile("^Everything")).click()
        page.get_by_role("link", name="S-A-4").click()
        page.get_by_label("similar, and needs enquiry", exact=True).check()
        page.get_by_role("button", name="Record my first view").click()
        page.get_by_role("heading", name="What the run found").wait_for()
        page.get_by_label("similar, and needs enquiry", exact=True).check()
        page.get_by_label(re.compile("^The same or nearly the same place")).check()
        page.get_by_label("Your reason in words").fill("One spot, one way, within a year.")
        page.get_by_role("button", name="Record my decision").click()
        said = page.get_by_text(re.compile(r"Decision \d+ is recorded")).first.inner_text()
        browser.close()
        return str(said)


if __name__ == "__main__":
    main()
