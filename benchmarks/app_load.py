"""How fast the app answers over HTTP on a large register, and whether twenty people who decide at once lose a decision.

    python benchmarks/app_load.py pages                     # a register of a million cases; writes results/app_load.json
    python benchmarks/app_load.py pages --cities 10 --stores DIR  # 100,000 cases; keeps the store in DIR for the next time
    python benchmarks/app_load.py deciding                  # twenty reviewers for five minutes, SQLite and PostgreSQL
    python benchmarks/app_load.py deciding --seconds 60 --engine sqlite

The server is `openverdict serve` in a process of its own, the client this process, both on one machine, over a connection
that is kept open, gzip accepted. Milliseconds are those from the first byte sent to the last byte read. Beside them stands
the processor time that the server used for an answer, which other work on the machine changes little.

The million is one simulated city of 10,000 cases that was taken in, and 99 more made from it by SQL (`copies`, which is tried
first against an intake). The run on it put every hundredth case forward. Reviewers' stores are taken in as they are.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import platform
import random
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "app_load.json"
CITY, LEADS_A_CASE, LARGE_LEAD = 10_000, 0.01, 12
TIMES, WARM = 100, 5
REVIEWERS, SECONDS, DECIDED_ON = 20, 300, 5_000
TRIES = 3
PASSWORD = secrets.token_urlsafe(24)
ENVIRONMENT = {"OPENVERDICT_WEB_SECRET": secrets.token_urlsafe(48)}
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)"[^>]* value="([^"]*)"')


class Person:
    """Somebody who is signed in: one connection, and the cookies on it."""

    def __init__(self, port: int, name: str) -> None:
        self.name, self._port = name, port
        self._cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.bytes = 0
        _, page = self.ask("/account/login")
        status, _ = self.send("/account/login", page, login=name, password=PASSWORD)
        if status != 302:
            raise RuntimeError(f"{name} could not sign in: {status}")

    def ask(self, path: str) -> tuple[int, str]:
        """GET: status and text."""
        return self._do("GET", path, None)

    def send(self, path: str, page: str, **fields: Any) -> tuple[int, str]:
        """POST with the token of a page."""
        found = dict(HIDDEN.findall(page))
        given = {"csrfmiddlewaretoken": unescape(found["csrfmiddlewaretoken"]), **fields}
        return self._do("POST", path, urlencode(given, doseq=True))

    def _do(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {"Accept-Encoding": "gzip"}
        headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self._port}"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        self.bytes = len(raw)
        for each in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = each.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        return answer.status, raw.decode()


@contextmanager
def served(url: str) -> Iterator[tuple[int, int]]:
    """The server in a process of its own; its port and its number."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "openverdict", "serve", "--store", url, "--only", "pages"]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", "/health.json")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.5)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def cpu_ms(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def passwords(url: str, *names: str) -> None:
    """Let these people sign in."""
    from openverdict.web.running import start, stop
    from openverdict.web.signing_in import set_password

    start(url, environment={**os.environ, **ENVIRONMENT})
    for name in names:
        set_password(name, PASSWORD)
    stop()


def large_store(folder: Path, cities: int) -> Path:
    """A store of so many cities, with a run and people; made if it is not there."""
    import polars as pl
    from benchmarks import copies, pages

    from openverdict.ledger.collecting import collect
    from openverdict.ledger.derived import Present
    from openverdict.ledger.store import open_store
    from openverdict.simulate import CountrySpec, simulate_country

    done, path = folder / f"cities-{cities}", folder / f"cities-{cities}.db"
    if done.exists():
        return path
    with tempfile.TemporaryDirectory(dir=folder) as tried:
        copies.check(Path(tried))
    one = simulate_country(CountrySpec(CITY, 1), 1).register
    with open_store(str(folder / "one.db"), create=True, checkpoint_every=10**9) as store:
        collect(store, pages.as_read(one), actor="b", purpose=pages.PURPOSE)
    copies.multiply(folder / "one.db", path, cities)
    with open_store(str(path)) as store:
        rows = list(store.rows(Present).order_by("id").values_list("case_id", "unit"))
        register: Any = SimpleNamespace(
            table=pl.DataFrame(rows, schema=["case_id", "unit"], orient="row")
        )
        people(store, register, pages)
    done.touch()
    return path


def people(store: Any, register: Any, pages: Any) -> None:
    """A run of which every hundredth case is a lead, accounts, and what they did."""
    pages.LEADS_A_CASE, pages.LARGE_LEAD = LEADS_A_CASE, LARGE_LEAD
    pages._run(store, register)
    pages._people(store, register)
    pages._work(store)


def measure_pages(folder: Path, cities: int, times: int) -> dict[str, Any]:
    """Every page by a reviewer of three units and by a supervisor of everything."""
    from benchmarks import pages

    from openverdict.ledger.store import open_store

    path = large_store(folder, cities)
    passwords(str(path), pages.REVIEWER, pages.SUPERVISOR)
    known: dict[str, Person] = {}
    found: dict[str, Any] = {"cases": CITY * cities, "store_gb": path.stat().st_size / 1e9}
    found["load_average_before"] = round(os.getloadavg()[0], 1)
    with open_store(str(path)) as store, served(str(path)) as (port, pid):
        for page, by in addresses(store).items():
            for name, address in by.items():
                if name not in known:
                    known[name] = Person(port, name)
                told = _times(known[name], pid, address, times)
                found.setdefault("pages", {}).setdefault(page, {})[name] = told
                print(f"{told['p50_ms']:8.1f} {told['p95_ms']:8.1f} {told['cpu_ms']:8.1f}"
                      f" {told['kb']:6.1f} kB  {page} ({name})", file=sys.stderr, flush=True)  # fmt: skip
    found["load_average"] = round(os.getloadavg()[0], 1)
    return found


def _times(
    person: Person, pid: int, address: Callable[[random.Random], str], times: int
) -> dict[str, Any]:
    dice, took, sizes = random.Random(7), [], []
    for turn in range(WARM + times):
        path = address(dice)
        if turn == WARM:
            used = cpu_ms(pid)
        began = time.perf_counter()
        status, _ = person.ask(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        if turn >= WARM:
            took.append((time.perf_counter() - began) * 1_000)
            sizes.append(person.bytes)
    took.sort()
    told = {
        "p50_ms": took[times // 2],
        "p95_ms": took[int(times * 0.95)],
        "cpu_ms": (cpu_ms(pid) - used) / times,
        "kb": max(sizes) / 1_000,
    }
    return {name: round(value, 1) for name, value in told.items()}


def addresses(store: Any) -> dict[str, dict[str, Callable[[random.Random], str]]]:
    """What is asked for, by the name of the page and who asks; each call draws other values."""
    from benchmarks import pages

    from openverdict.decisions.models import Grant, Restriction
    from openverdict.ledger.derived import Present
    from openverdict.ledger.models import Lead, LeadCase

    present = store.rows(Present)
    last = present.order_by("-id").first().id
    units = list(store.rows(Grant).filter(user=pages.REVIEWER).values_list("unit", flat=True))
    theirs = set(present.filter(unit__in=units).values_list("case_id", flat=True))
    own = sorted(theirs)
    held: dict[int, set[str]] = {}
    for lead, case in store.rows(LeadCase).values_list("lead_id", "case_id"):
        held.setdefault(lead, set()).add(case)
    back = set(store.rows(Restriction).values_list("case_id", flat=True))
    every = [n for n, cases in sorted(held.items()) if not cases & back]
    mine = [n for n in every if held[n] <= theirs]
    largest = int(store.rows(Lead).get(rank=1).id)

    def anywhere(dice: random.Random) -> str:
        row = present.get(id=dice.randrange(1, last + 1))
        return f"{row.found_at}~{row.case_id}"

    def register(**given: Any) -> Callable[[random.Random], str]:
        def path(dice: random.Random) -> str:
            return "/register?" + urlencode(
                {k: v(dice) if callable(v) else v for k, v in given.items()}
            )

        return path

    def fixed(path: str) -> Callable[[random.Random], str]:
        return lambda dice: path

    def day(dice: random.Random) -> str:
        return f"2013-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"

    both: dict[str, Callable[[random.Random], str]] = {
        "start": fixed("/"),
        "register, first page": fixed("/register"),
        "register, a page somewhere": register(after=anywhere),
        "register, by number": register(sort="case_id", after=lambda d: anywhere(d).split("~")[1]),
        "register, number begins with": register(number=lambda d: f"S-{d.randrange(1, 9)}-00{d.randrange(10)}"),
        "register, place, age, sex": register(
            place_kind=lambda d: d.choice(["custody", "street", "hotel", "care_home", "home"]),
            age_from=lambda d: d.randrange(15, 60), sex=lambda d: d.choice(["male", "female"]),
        ),
        "register, substance": register(substance=lambda d: d.choice(["ethanol", "morphine", "cocaine"])),
        "register, indicator, manner": register(
            indicator=lambda d: d.choice(["home_locked_alone", "natural_cause_found"]),
            manner=lambda d: d.choice(["accident", "undetermined"]),
        ),
        "register, level 3 and above": register(level=3),
        "register, nothing is found": register(place_kind="custody", manner="homicide", age_from=99),
        "register, as of a day": register(as_of=day),
        "as of a day, with map": lambda d: f"/as-of?day={day(d)}",
        "work list": fixed("/leads?queue=all"),
        "work list, unassigned": fixed("/leads?queue=unassigned"),
    }  # fmt: skip
    asked = {name: {pages.REVIEWER: path, pages.SUPERVISOR: path} for name, path in both.items()}
    asked["case"] = {
        pages.REVIEWER: lambda d: f"/cases/{quote(d.choice(own))}",
        pages.SUPERVISOR: lambda d: f"/cases/{quote(_open_case(d, present, last, back))}",
    }
    asked["lead"] = {
        pages.REVIEWER: lambda d: f"/leads/{d.choice(mine)}",
        pages.SUPERVISOR: lambda d: f"/leads/{d.choice(every)}",
    }
    asked["lead, in the queue"] = {
        pages.REVIEWER: lambda d: f"/leads/{d.choice(mine)}?queue=all",
        pages.SUPERVISOR: lambda d: f"/leads/{d.choice(every)}?queue=all",
    }
    if largest in every:
        asked[f"lead of {LARGE_LEAD} cases"] = {pages.SUPERVISOR: fixed(f"/leads/{largest}")}
    return asked


def _open_case(dice: random.Random, present: Any, last: int, back: set[str]) -> str:
    while (case := present.get(id=dice.randrange(1, last + 1)).case_id) in back:
        pass
    return str(case)


def decide(url: str, seconds: float) -> dict[str, Any]:
    """Twenty reviewers, two on each lead at a time, without a pause; then everything is counted and verified."""
    from benchmarks import pages

    from openverdict.decisions import accounts
    from openverdict.decisions.models import Decision, FirstView
    from openverdict.decisions.showing import contents_of
    from openverdict.ledger.collecting import collect
    from openverdict.ledger.models import Lead
    from openverdict.ledger.store import open_store
    from openverdict.ledger.verifying import verify
    from openverdict.simulate import CountrySpec, simulate_country

    register = simulate_country(CountrySpec(DECIDED_ON, 1), 1).register
    names = [f"reviewer.{number:02}" for number in range(REVIEWERS)]
    with open_store(url, create=True) as store:
        collect(store, pages.as_read(register), actor="b", purpose=pages.PURPOSE)
        pages.LEADS_A_CASE, pages.LARGE_LEAD = 0.5, LARGE_LEAD
        pages._run(store, register)
        with store.writing("openverdict", "administration") as writer:
            accounts.found(store, writer, "root")
        with store.writing("root", "administration") as writer:
            for name in names:
                accounts.change_user(store, writer, name, "made")
                accounts.grant(store, writer, name, "reviewer")
        leads = [int(n) for n in store.rows(Lead).order_by("id").values_list("id", flat=True)]
    passwords(url, *names)
    acknowledged: list[tuple[str, int, str]] = []
    viewed: list[tuple[str, int]] = []
    refused: list[str] = []
    took: list[float] = []
    with served(url) as (port, pid):
        used, began = cpu_ms(pid), time.monotonic()
        until = began + seconds

        def work(place: int) -> None:
            person = Person(port, names[place])
            # Two at a time have the same lead; each pair of people has its own part of them.
            for lead in leads[place // 2 :: REVIEWERS // 2]:
                if time.monotonic() > until:
                    return
                _one(person, lead, acknowledged, viewed, refused, took)

        threads = [threading.Thread(target=work, args=(place,)) for place in range(REVIEWERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lasted, used = time.monotonic() - began, cpu_ms(pid) - used
    with open_store(url) as store:
        rows = list(store.rows(Decision).order_by("id"))
        said = contents_of(store, [row.event_id for row in rows], "text")
        stored = sorted((row.user, int(row.subject), said[row.event_id]) for row in rows)
        views = sorted((row.user, int(row.subject)) for row in store.rows(FirstView))
        verified = verify(store)
    took.sort()
    return {
        "cases": DECIDED_ON, "reviewers": REVIEWERS, "seconds": round(lasted),
        "decisions_acknowledged": len(acknowledged), "decisions_stored": len(stored),
        "decisions_lost": len(set(acknowledged) - set(stored)),
        "decisions_doubled": len(stored) - len(set(stored)),
        "decisions_never_acknowledged": len(set(stored) - set(acknowledged)),
        "second_opinions": sum(row.place > 1 for row in rows),
        "first_views_equal": views == sorted(viewed), "first_views": len(views),
        "refused": len(refused), "refused_because": sorted(set(refused))[:5],
        "verifies": not verified.problems, "entries": verified.entries,
        "answers": len(took), "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[int(len(took) * 0.95)], 1), "cpu_ms_an_answer": round(used / len(took), 1),
        "load_average": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def _one(
    person: Person,
    lead: int,
    acknowledged: list[tuple[str, int, str]],
    viewed: list[tuple[str, int]],
    refused: list[str],
    took: list[float],
) -> None:
    """A first view and a decision on one lead."""

    def timed(ask: Callable[..., tuple[int, str]], *given: Any, **more: Any) -> tuple[int, str]:
        began = time.perf_counter()
        answer = ask(*given, **more)
        took.append((time.perf_counter() - began) * 1_000)
        return answer

    path = f"/leads/{lead}"
    status, page = timed(person.ask, path)
    if status != 200 or "shown" not in (hidden := dict(HIDDEN.findall(page))):
        refused.append(f"{status}")
        return
    status, answer = timed(
        person.send, f"{path}/first-view", page, view="possibly", shown=hidden["shown"]
    )
    if status not in (302, 303):
        refused.append(f"first view {status}: {_why(answer)}")
        return
    viewed.append((person.name, lead))
    words = f"Read both files and the scene photographs; note {secrets.token_hex(8)}."
    fields = {"conclusion": "possibly", "reasons": ["ordinary_here"], "text": words}
    for _ in range(TRIES):
        status, page = timed(person.ask, path)
        hidden = dict(HIDDEN.findall(page))
        if status != 200 or "shown" not in hidden:
            refused.append(f"decision: nothing to decide {status}")
            return
        more = {"of": hidden["of"]} if hidden.get("of") else {}
        status, answer = timed(
            person.send, f"{path}/decide", page, shown=hidden["shown"], **fields, **more
        )
        if status in (302, 303):
            acknowledged.append((person.name, lead, words))
            return
        # Where the other one decided first, what they sent is refused, and they look again.
        refused.append(f"decision {status}: {_why(answer)}")


def _why(page: str) -> str:
    found = re.search(r'class="error[^"]*"[^>]*>(.*?)</(?:p|div)>', page, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+|\d+", " ", found.group(1)).strip()[:160] if found else ""


@contextmanager
def engines(engine: str | None, folder: Path) -> Iterator[dict[str, str]]:
    """Where reviewers' stores are made: a file, and a PostgreSQL of our own with its durable settings."""
    from tests.ledger.postgres import Cluster, find_binaries

    urls = {} if engine == "postgresql" else {"sqlite": str(folder / "deciding.db")}
    binaries = None if engine == "sqlite" else find_binaries()
    cluster = None if binaries is None else Cluster.start(binaries, in_memory=False)
    try:
        if cluster is not None:
            cluster.execute("CREATE DATABASE store")
            urls["postgresql"] = cluster.url("store")
        yield urls
    finally:
        if cluster is not None:
            cluster.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["pages", "deciding"])
    parser.add_argument("--cities", type=int, default=100, help="of 10,000 cases each")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--stores", type=Path, help="keep the large store in this folder")
    given = parser.parse_args()
    from openverdict.web.settings import configure_app

    configure_app()
    folder = given.stores or Path(tempfile.mkdtemp())
    told: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    told["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    try:
        if given.what == "pages":
            found = measure_pages(folder, given.cities, given.times)
            told.setdefault("pages", {})[str(found["cases"])] = found
        else:
            with tempfile.TemporaryDirectory() as own, engines(given.engine, Path(own)) as urls:
                for name, url in urls.items():
                    told.setdefault("deciding", {})[name] = decide(url, given.seconds)
                    print(json.dumps(told["deciding"][name], indent=1), file=sys.stderr)
        RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    finally:
        if given.stores is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
