"""How fast the pages' queries are: register, work list, lead, case, log, on a simulated country; on both engines.

    python benchmarks/pages.py                                 # 100,000 cases; writes results/pages.json
    python benchmarks/pages.py --cases 1000000                 # a million, on both engines
    python benchmarks/pages.py --engine sqlite --stores DIR       # keeps the SQLite store there, and takes it up again

Every query is asked 200 times with other values, as a reviewer of three units and as a supervisor of everything. PostgreSQL
runs with 512 MB of shared buffers and counts its tables before (`VACUUM ANALYZE`), as its own housekeeping does within minutes.
Milliseconds are those on the clock, of one query at a time, page included: 50 rows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import REJECTS_SCHEMA, Register
from openverdict.cases.equality import EqualityRecord
from openverdict.errors import InputError
from openverdict.intake import Intake
from openverdict.ledger import configure as set_up
from openverdict.simulate import CountrySpec, simulate_country

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "pages.json"
TIMES = 200
LEADS_A_CASE = 0.1
LARGE_LEAD = 300  # cases of the one large lead
RESTRICTED, ASSIGNED, VIEWED, DECIDED, REOPENED = 200, 200, 50, 50, 5
REVIEWER, SUPERVISOR, AUDITOR, ROOT_USER = "a.reviewer", "a.supervisor", "an.auditor", "root"
TEXT = "Read both files and the scene photographs."
PURPOSE = "benchmark"
Ask = Callable[[str, random.Random], Any]


def as_read(register: Register) -> Intake:
    """As intake would hand it out."""
    return Intake(
        register,
        EqualityRecord(pl.DataFrame(schema={"case_id": pl.String()})),
        pl.DataFrame(schema=REJECTS_SCHEMA),
        len(register),
        0,
        (),
    )


def fill(store: Any, register: Register, found: dict[str, Any]) -> None:
    """The register, a run with its leads, people, and what they did."""
    from openverdict.ledger.collecting import collect

    began, cpu = time.perf_counter(), time.process_time()
    collect(store, as_read(register), actor="b", purpose=PURPOSE)
    found["intake_s"] = round(time.perf_counter() - began, 1)
    found["intake_cpu_s"] = round(time.process_time() - cpu, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["intake_peak_memory_gb"] = round(peak / 2**20, 2)
    began = time.perf_counter()
    _run(store, register)
    found["run_stored_s"] = round(time.perf_counter() - began, 1)
    _people(store, register)
    _work(store)


def _run(store: Any, register: Register) -> None:
    """A run that put every tenth case forward: alone, with others of its unit, a few with others of another."""
    from openverdict.ledger.events import LeadRaised, RunFinished, RunPlanned
    from openverdict.ledger.models import Content, Lead, LeadCase, Run, RunEnd, Triaged
    from openverdict.ledger.writing import Block

    dice = random.Random(1)
    cases = register.table.get_column("case_id").to_list()
    units = register.table.get_column("unit").to_list()
    of_unit: dict[str, list[str]] = {}
    for case, unit in zip(cases, units, strict=True):
        of_unit.setdefault(unit or "", []).append(case)
    names = sorted(of_unit)
    zero = "0" * 64
    with store.writing("b", PURPOSE) as writer:
        run = Run(
            log_size=writer.size, cases=len(cases), register_hash=zero, program_version="0",
            model_version="0", model_hash=zero, vocabularies="{}", seed=1, budget=6.0, floor=3.0,
            null_registers=0, rule="{}",
        )  # fmt: skip
        writer.record(
            RunPlanned, [run], run="1", cases=len(cases), register_sha256=zero, rule_sha256=zero,
            program_version="0", model_version="0", model_sha256=zero, vocabularies_sha256=zero,
            seed=1, floor="3", log_size=run.log_size, null_registers=0, budget="6", as_of=None,
            recorded_as_of=None,
        )  # fmt: skip
        for rank in range(1, round(len(cases) * LEADS_A_CASE) + 1):
            if rank == 1:
                held = dice.sample(cases, LARGE_LEAD)
            elif rank % 20:
                held = [dice.choice(cases)]
            elif rank % 100:
                held = dice.sample(own := of_unit[dice.choice(names)], min(3, len(own)))
            else:
                held = dice.sample(cases, 3)
            number = writer.next_id(Lead)
            kind = "series" if len(held) > 1 else "case"
            row = Lead(
                run_id=1, rank=rank, lead_id=f"L{rank}", kind=kind, log10_lr=3.0, strength=1.0,
                chance_per_year=0.1, first_raised="2014-03-01", mandatory=0,
            )  # fmt: skip
            writer.record(
                LeadRaised,
                [
                    row,
                    Block(LeadCase, [(number, case) for case in held]),
                    Content(name="lead", value=json.dumps(_words(row, held, dice))),
                ],
                run="1", lead=str(number), lead_kind=kind, rank=rank, cases=tuple(held),
                log10_lr="3", chance_per_year="0.1",
            )  # fmt: skip
        levels = [(1, case, dice.choices(range(5), (60, 20, 15, 4, 1))[0]) for case in cases]
        end = RunEnd(
            run_id=1, pairs_total=0, pairs_ledger=0, pairs_remainder=0, leads=0, variables="[]",
            outputs="{}", summary="{}",
        )  # fmt: skip
        writer.record(
            RunFinished, [end, Block(Triaged, levels)], run="1", outcome="done", pairs_total=0,
            pairs_ledger=0, pairs_remainder=0, leads=0, summary_sha256=zero,
        )  # fmt: skip


def _words(row: Any, held: list[str], dice: random.Random) -> dict[str, Any]:
    """The words of a lead, as long as a run's own: some 6,600 characters a pair."""
    from dataclasses import asdict

    from openverdict.evidence import Contribution
    from openverdict.leads.results import Lead, Link, Reason

    def term(number: int) -> Contribution:
        return Contribution(
            f"v{number}", f"Evidence variable {number}", round(dice.uniform(-0.5, 0.6), 6),
            "known to 80 m or better", "known to 80 m or better", "as near as the other one", 0.117,
            0.065, 3, 9_870, 0.7, "3 of 9,870 others are as close to the earlier one", 1.0,
        )  # fmt: skip

    links = []
    for a, b in combinations(held, 2):
        terms = tuple(term(number) for number in range(20))
        ratio = round(sum(each.log10_lr for each in terms), 6)
        links.append(Link(a, b, ratio, terms, sentence="Of the other deaths, 41 are as similar."))
    links.sort(key=lambda link: -link.log10_lr)
    lead = Lead(
        row.rank, row.lead_id, row.kind, tuple(held), 3.0, 1.0, 0.1, date(2014, 3, 1),
        (Reason("r", "A reason.", "S", "found_at"),), tuple(links), supports=("For it.",),
        missing=("Nothing is known of the day.",), checks_missing=("phone_billing",),
    )  # fmt: skip
    return asdict(lead) | {"first_raised": "2014-03-01"}


def _people(store: Any, register: Register) -> None:
    from openverdict.decisions import accounts

    dice = random.Random(2)
    counts = register.table.group_by("unit").len().sort("len", descending=True)
    units = counts.get_column("unit").drop_nulls().to_list()[:3]
    with store.writing("openverdict", "administration") as writer:
        accounts.found(store, writer, ROOT_USER)
    with store.writing(ROOT_USER, "administration") as writer:
        for user in (REVIEWER, SUPERVISOR, AUDITOR):
            accounts.change_user(store, writer, user, "made")
        for unit in units:
            accounts.grant(store, writer, REVIEWER, "reviewer", unit=unit)
        accounts.grant(store, writer, SUPERVISOR, "supervisor")
        accounts.grant(store, writer, AUDITOR, "auditor")
    cases = register.table.get_column("case_id").to_list()
    with store.writing(SUPERVISOR, PURPOSE) as writer:
        for case in dice.sample(cases, RESTRICTED):
            accounts.restrict(store, writer, case, "officer_involved")


def _work(store: Any) -> None:
    """What a supervisor did on leads of the run, each act in a transaction of its own."""
    from openverdict.decisions import Opinion, decide, duties, first_view, lead, show

    dice = random.Random(3)
    count = store.rows(_model("Lead")).count()

    def act(function: Any, *given: Any, **more: Any) -> Any:
        with suppress(InputError), store.writing(SUPERVISOR, PURPOSE) as writer:
            return function(store, writer, *given, **more)
        return None  # a restricted case, or one that was done before

    chosen = [
        lead(store, number)
        for number in dice.sample(range(2, count + 1), min(ASSIGNED, count // 2))
    ]
    for subject in chosen:
        act(duties.assign, subject, dice.choice([REVIEWER, SUPERVISOR]))
    for subject in chosen[: VIEWED + DECIDED]:
        if (seen := act(show, subject, run=1, ratio=False)) is not None:
            act(first_view, seen, "possibly")
    for subject in chosen[:DECIDED]:
        if (seen := act(show, subject, run=1, ratio=True)) is not None:
            act(decide, seen, Opinion("possibly", ("same_place",), TEXT))
    for subject in chosen[:REOPENED]:
        act(duties.reopen, subject.cases[0], "concern", "A doubt.")


def _model(name: str) -> Any:
    from openverdict.ledger import models

    return getattr(models, name)


def queries(store: Any) -> dict[str, Ask]:
    """What is asked, by name; each draws its own values."""
    from openverdict.decisions.listing import CaseFilter, list_cases
    from openverdict.decisions.worklist import WorkList, work_list
    from openverdict.ledger.derived import Present
    from openverdict.ledger.lead_words import lead_pair, lead_pairs, lead_words

    present = store.rows(Present)
    last = present.order_by("-id").first().id
    units = sorted(set(present.filter(id__lt=5_000).values_list("unit", flat=True)) - {None})
    first_day = date.fromisoformat(present.order_by("found_at").first().found_at[:10])
    members = list(
        store.rows(_model("LeadCase")).filter(lead_id=1).values_list("case_id", flat=True)
    )
    leads = store.rows(_model("Lead")).count()

    def cases(**given: Any) -> Ask:
        def ask(user: str, dice: random.Random) -> Any:
            values = {name: v(dice) if callable(v) else v for name, v in given.items()}
            asked = {k: values.pop(k) for k in ("sort", "after") if k in values}
            return list_cases(store, CaseFilter(**values), user=user, **asked)

        return ask

    def anywhere(dice: random.Random) -> str:
        row = present.get(id=dice.randrange(1, last + 1))
        return f"{row.found_at}~{row.case_id}"

    def work(which: WorkList, **more: Any) -> Ask:
        return lambda user, dice: work_list(
            store, which, user=user, **{k: v(dice) for k, v in more.items()}
        )

    def day(dice: random.Random) -> date:
        return first_day + timedelta(days=dice.randrange(700))

    found: dict[str, Ask] = {
        "register: first page": cases(),
        "register: a page somewhere": cases(after=anywhere),
        "register: by number": cases(sort="case_id", after=lambda d: anywhere(d).split("~")[1]),
        "register: from a day on": cases(found_from=day, sex="female"),
        "register: one unit": cases(unit=lambda d: d.choice(units)),
        "register: kind of place, age, sex": cases(
            place_kind=lambda d: d.choice(["custody", "street", "hotel", "care_home", "home"]),
            age_from=lambda d: d.randrange(15, 60),
            age_until=lambda d: d.randrange(61, 90),
            sex=lambda d: d.choice(["male", "female"]),
        ),
        "register: substance": cases(
            substance=lambda d: d.choice(["ethanol", "morphine", "ghb", "cocaine", "none"])
        ),
        "register: indicator, manner": cases(
            indicator=lambda d: d.choice(["home_locked_alone", "prompt_help", "none"]),
            manner=lambda d: d.choice(["accident", "undetermined", "suicide"]),
        ),
        "register: number begins with": cases(number=lambda d: f"C00-{d.randrange(100):05}"),
        "register: level 3 and above": cases(level=3),
        "register: level 1 and above": cases(level=1),
        "register: restricted": cases(restricted=True),
        "register: nothing is found": cases(place_kind="custody", manner="homicide", age_from=99),
        "register: nothing is found, by number": cases(
            place_kind="custody", manner="homicide", age_from=99, sort="case_id"
        ),
        "work: all": work(WorkList.ALL),
        "work: a page somewhere": work(
            WorkList.ALL, after=lambda d: f"{(n := d.randrange(1, leads))}~{n}"
        ),
        **{f"work: {w.value}": work(w) for w in WorkList if w is not WorkList.ALL},
        "lead: its words": lambda user, dice: lead_words(store, dice.randrange(2, leads)),
        "lead of 300: its words": lambda user, dice: lead_words(store, 1),
        "lead of 300: a page of pairs": lambda user, dice: lead_pairs(
            store, 1, start=dice.randrange(44_000)
        ),
        "lead of 300: one pair": lambda user, dice: lead_pair(store, 1, *dice.sample(members, 2)),
    }
    return found | _log_queries(store, last)


def _log_queries(store: Any, last: int) -> dict[str, Ask]:
    from openverdict.decisions.log_list import LogFilter, list_entries, prove_entry

    def log(**given: Any) -> Ask:
        def ask(user: str, dice: random.Random) -> Any:
            values = {name: v(dice) if callable(v) else v for name, v in given.items()}
            more = {"before": values.pop("before")} if "before" in values else {}
            with store.writing(AUDITOR, "audit") as writer:
                return list_entries(store, writer, LogFilter(**values), **more)

        return ask

    return {
        "log: newest": log(),
        "log: somewhere": log(before=lambda d: d.randrange(100, last)),
        "log: an act": log(act=lambda d: d.choice(["consultation", "alteration", "collection"])),
        "log: a person": log(actor=lambda d: d.choice(["b", SUPERVISOR, "nobody"])),
        "log: a case": log(
            case=lambda d: store.rows(_model("Case")).get(id=d.randrange(1, last)).case_id
        ),
        "log: proof of an entry": lambda user, dice: prove_entry(
            store, dice.randrange(last), user=AUDITOR
        ),
    }


def measure(store: Any, found: dict[str, Any], times: int) -> None:
    """Every query by every person, `times` times."""
    for name, ask in queries(store).items():
        users = (AUDITOR,) if name.startswith("log") else (REVIEWER, SUPERVISOR)
        for user in users:
            dice, took = random.Random(7), []
            ask(user, dice)  # what is loaded once
            for _ in range(times):
                began = time.perf_counter()
                ask(user, dice)
                took.append((time.perf_counter() - began) * 1_000)
            took.sort()
            told = {"p50_ms": took[times // 2], "p95_ms": took[int(times * 0.95)]}
            told = {key: round(value, 1) for key, value in told.items()}
            found.setdefault("queries", {}).setdefault(name, {})[user] = told
            print(f"{told['p50_ms']:8.1f} {told['p95_ms']:8.1f}  {name} ({user})", file=sys.stderr)


@contextmanager
def places(engine: str | None, kept: Path | None) -> Iterator[dict[str, str]]:
    """Where stores are made: a folder on the disk, and a PostgreSQL of our own with its durable settings."""
    from tests.ledger.postgres import Cluster, find_binaries

    folder = Path(tempfile.mkdtemp()) if kept is None else kept
    urls = {} if engine == "postgresql" else {"sqlite": str(folder / "pages.db")}
    binaries = None if engine == "sqlite" else find_binaries()
    settings = ("shared_buffers = 512MB", "max_wal_size = 4GB")
    cluster = None if binaries is None else Cluster.start(binaries, *settings, in_memory=False)
    try:
        if cluster is not None:
            cluster.execute("CREATE DATABASE store")
            urls["postgresql"] = cluster.url("store")
        yield urls
    finally:
        if cluster is not None:
            cluster.stop()
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def _count(url: str) -> None:
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--stores", type=Path, help="keep the SQLite store in this folder")
    given = parser.parse_args()
    set_up()
    from openverdict.ledger.store import open_store

    told: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    told["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    register: Register | None = None
    with places(given.engine, given.stores) as urls:
        for name, url in urls.items():
            found: dict[str, Any] = told.setdefault(str(given.cases), {}).setdefault(name, {})
            found["load_average_before"] = round(os.getloadavg()[0], 1)
            is_there = name == "sqlite" and Path(url).exists()
            with open_store(url, create=True) as store:
                if not is_there:
                    if register is None:
                        register = simulate_country(CountrySpec(given.cases, None), 1).register
                    fill(store, register, found)
                _count(url)
                if name == "sqlite":
                    found["store_gb"] = round(Path(url).stat().st_size / 1e9, 2)
                try:
                    measure(store, found, given.times)
                finally:  # what was measured before it failed stays
                    found["load_average"] = round(os.getloadavg()[0], 1)
                    RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
