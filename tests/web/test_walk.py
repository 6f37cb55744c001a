"""The main job in a real browser, on both engines: from a first start to an export that somebody else verifies.

Nothing here is reached by a short cut: the command serves, its worker does the long runs, and every step is a click or a key.
"""

from __future__ import annotations

import csv
import os
import re
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.conftest import KEY
from tests.web.conftest import ENVIRONMENT, PASSWORD, Watched, axe, windows

STEP_MS = 600_000  # a step that waits for a long run, on a machine that is busy
MANY, FEW = 400, 40  # stops of the Tab key on a page; steps of the arrow keys in a group
HERE = "e => e === document.activeElement"
PEOPLE = {
    "keeper": "data manager", "one": "reviewer", "two": "reviewer", "three": "reviewer",
    "chief": "supervisor", "audit": "auditor",
}  # fmt: skip
ROWS = 10_654  # of the register; the way with the keyboard takes its first rows, since each of its pages takes longer
FIRST = 2_500
TEXT = "Read beside each other: the record of neither says how the substance came to either."


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store that is not there yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "cases.db")
        return
    cluster = request.getfixturevalue("cluster")
    cluster.execute("CREATE DATABASE walked")
    yield cluster.url("walked")
    cluster.execute("DROP DATABASE walked WITH (FORCE)")


@contextmanager
def serving(store: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The command as a person starts it: (its address, the link that it prints)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, **ENVIRONMENT, "OPENVERDICT_SPOOL": str(folder / "spool")}
    command = [sys.executable, "-m", "openverdict", "serve", "--store", store, "--port", str(port)]
    said = folder / "said.txt"
    with (
        said.open("w") as aside,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=aside, text=True, env=environment,
            start_new_session=True,
        ) as running,
    ):  # fmt: skip
        assert running.stdout is not None
        try:
            first, second = (running.stdout.readline() for _ in range(2))
            link = re.search(r"http\S+/begin/\S+", first)
            assert link, first + second
            yield f"http://127.0.0.1:{port}", link[0]
        finally:
            os.killpg(
                running.pid, signal.SIGTERM
            )  # as what ends a service does: server and worker alike
            try:
                assert running.wait(60) == 0
                assert "Ended. What was recorded stands." in running.stdout.read()
                assert "nothing was written" not in said.read_text()
            finally:
                running.kill()


class Person:
    """Somebody at a window of their own, with a mouse or with the keyboard alone."""

    def __init__(self, name: str, window: Watched, *, keys: bool) -> None:
        self.name, self.window, self.keys = name, window, keys
        self.page = window.page
        self.page.set_default_timeout(60_000)

    @property
    def main(self) -> Any:
        return self.page.get_by_role("main")

    def open(self, path: str) -> Any:
        return self.window.open(path)

    def press(self, control: Any) -> None:
        """A link or a button."""
        if not self.keys:
            control.click()
            return
        self._reach(control)
        self.page.keyboard.press("Enter")

    def fill(self, label: str | re.Pattern[str], text: str, *, exact: bool = False) -> None:
        field = self.page.get_by_label(label, exact=exact).first
        if not self.keys:
            field.fill(text)
            return
        self._reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, control: Any) -> None:
        """A box to tick, or one of several."""
        control.wait_for(timeout=STEP_MS)
        if not self.keys:
            control.check()
            return
        self._reach(control, "e => document.activeElement.name === e.name && e.type === 'radio'")
        for _ in range(FEW):
            if control.evaluate(HERE):
                break
            self.page.keyboard.press("ArrowDown")
        if not control.is_checked():
            self.page.keyboard.press("Space")
        assert control.is_checked()

    def give(self, control: Any, file: Path) -> None:
        """A file, by the window that the system opens for it."""
        with self.page.expect_file_chooser() as window:
            self.press(control)
        window.value.set_files(file)

    def _reach(self, control: Any, or_else: str = "e => false") -> None:
        """Go on with the Tab key to a control, or to where the arrow keys lead on to it."""
        control.wait_for()
        for _ in range(MANY):
            if control.evaluate(HERE) or control.evaluate(or_else):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not come to {control}")

    def begin(self, link: str) -> None:
        """Set a password by a link that works once, and sign in."""
        self.page.goto(link)
        if self.page.get_by_label("User name").count():
            self.fill("User name", self.name)
        self.fill("Password", PASSWORD, exact=True)
        self.fill("Password again", PASSWORD)
        self.press(self.main.get_by_role("button"))
        self.fill("User name", self.name)
        self.fill("Password", PASSWORD, exact=True)
        self.press(self.page.get_by_role("button", name="Sign in", exact=True))
        self.page.get_by_role("heading", name="Start", exact=True).wait_for()

    def says_again(self) -> None:
        """Give the password once more, where the app asks for it before it opens a door."""
        heads = self.page.get_by_role("heading", level=1)
        heads.filter(has_text=re.compile("A link for a password|Say again who you are")).wait_for()
        if heads.filter(has_text="Say again who you are").count():
            self.fill("Password", PASSWORD)
            self.click("Go on", "button")
            heads.filter(has_text="A link for a password").wait_for()

    def click(self, name: str, role: str = "link") -> None:
        self.press(self.main.get_by_role(role, name=name).first)

    def sees(self, words: str, *, wait: int = 60_000) -> None:
        self.main.get_by_text(words).first.wait_for(timeout=wait)
        assert axe(self.page) == []

    def first_view(self, view: str) -> None:
        self.choose(self.page.get_by_label(view, exact=True))
        self.click("Record my first view", "button")
        self.sees("What the run found")

    def decide(self, conclusion: str, reason: str) -> None:
        self.choose(self.page.get_by_label(conclusion, exact=True))
        self.choose(self.page.get_by_label(re.compile(re.escape(reason))).first)
        self.fill("Your reason in words", TEXT)
        self.click("Record my decision", "button")


def first_rows(register: Path, folder: Path) -> Path:
    """The first rows of a file as a file of its own."""
    part = folder / "register.csv"
    with (
        register.open(encoding="utf-8", newline="") as whole,
        part.open("w", encoding="utf-8", newline="") as first,
    ):
        csv.writer(first).writerows(islice(csv.reader(whole), FIRST + 1))
    return part


def make_people(root: Person, person: Callable[[str], Person]) -> dict[str, Person]:
    """Accounts, roles and links by the administrator; each sets a password of their own."""
    made = {}
    for name, role in PEOPLE.items():
        root.open("/people/new")
        root.fill("User name", name)
        root.click("Make the account", "button")
        root.click("Give a role")
        root.choose(root.page.get_by_label(re.compile(f"^{role}:")))
        root.click("Give the role", "button")
        root.click("A link for a password")
        root.says_again()
        root.press(root.main.get_by_role("button"))
        link = root.main.locator("code").inner_text()
        made[name] = person(name)
        made[name].begin(link)
    return made


def test_the_main_job_from_a_first_start_to_an_export(browser, new_store, tmp_path, real_data):
    # Once with the mouse, and once with the keyboard alone.
    keys = new_store.startswith("postgresql")
    whole = real_data / "ct_drug_deaths" / "ct_accidental_drug_deaths_2012_2022.csv"
    register, rows = (first_rows(whole, tmp_path), FIRST) if keys else (whole, ROWS)
    with (
        serving(new_store, tmp_path) as (origin, link),
        contextmanager(windows)(browser, origin) as window,
    ):
        root = Person("root", window(), keys=keys)
        root.begin(link)
        at = make_people(root, lambda name: Person(name, window(), keys=keys))

        keeper = at["keeper"]
        keeper.open("/intake")
        keeper.give(keeper.page.get_by_label("Files of one register"), register)
        keeper.click("Upload", "button")
        keeper.choose(keeper.page.get_by_label("Connecticut accidental drug-related deaths"))
        keeper.click("Go on to the dry run", "button")
        keeper.sees(f"Dry run: {rows:,} rows read", wait=STEP_MS)
        keeper.click("Take in …")
        keeper.choose(keeper.page.get_by_label("I have looked"))
        keeper.click("Take in", "button")
        keeper.sees(f"{rows:,} new cases", wait=STEP_MS)

        chief = at["chief"]
        chief.open("/runs/start")
        chief.fill("Registers by which chance", "5")
        chief.click("Start the run", "button")
        chief.sees("The run has ended", wait=STEP_MS)

        one, two, three = at["one"], at["two"], at["three"]
        one.open("/leads?queue=all")
        one.click("Begin with the first")
        one.page.wait_for_url("**/leads/*")
        lead = one.page.url
        assert "log10" not in one.main.inner_text(), "blind before the first view"
        one.first_view("possibly similar")
        one.decide("not similar", "What they share is ordinary at this place and time")
        one.sees("awaits a second person")

        two.page.goto(lead)
        assert TEXT not in two.main.inner_text(), "blind to the first opinion"
        two.first_view("possibly similar")
        two.decide("possibly similar", "Close in time")
        two.sees("two people disagree: awaits a third")

        three.page.goto(lead)
        three.first_view("not enough information")
        assert three.main.get_by_text(TEXT).count() == 2, "sees both"
        three.decide("not similar", "What they share is ordinary at this place and time")
        three.sees("after two people disagreed")

        number = re.search(r"/leads/(\d+)", lead)
        assert number
        chief.open(f"/reports/lead/{number[1]}")
        chief.sees("Two people came to different conclusions")
        with chief.page.expect_download() as paper:
            chief.click("Download as PDF")
        assert paper.value.path().read_bytes().startswith(b"%PDF")
        chief.open("/reports/unlooked")
        chief.sees("A pair or a lead on this list is not a finding")

        audit = at["audit"]
        audit.open("/log/verify")
        audit.press(audit.main.get_by_role("button"))
        audit.sees("intact", wait=STEP_MS)
        audit.open("/log/export")
        audit.fill("Who gets it", "an oversight body")
        with audit.page.expect_download(timeout=STEP_MS) as taken:
            audit.press(audit.main.get_by_role("button"))
        export = tmp_path / "log.zip"
        taken.value.save_as(export)
    told = verify_alone(export, tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "intact" in told.stdout


def verify_alone(export: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What somebody else says of an export, with the program that lies in it and the key that they were told."""
    with zipfile.ZipFile(export) as archive:
        (folder / "verifier.py").write_bytes(archive.read("verify_openverdict.py"))
    command: list[str | Path] = [
        sys.executable,
        "-I",
        folder / "verifier.py",
        export,
        "--key",
        str(KEY.verifier()),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)
