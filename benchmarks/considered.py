"""How fast a store answers what nobody looked at, and how something was considered; on both engines.

    python benchmarks/considered.py                  # 100,000 cases; writes results/considered.json

A simulated city is taken in; a run with links and leads, decisions, concerns and mentions are made up around it. Seconds are
those on the clock; `queries` is how many the database was asked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.store import as_read, places, register_of, timed  # noqa: E402

from openverdict.ledger import configure as set_up  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "considered.json"
LINKS, LEADS, DECISIONS, CONCERNS, MENTIONS = 300_000, 500, 3_000, 1_000, 500
MEMBERS = 20  # cases of the largest lead
VARIABLES = ("place", "days", "age")


def fill(store: Any, cases: list[str]) -> None:
    """A run that lists pairs and leads of these cases, and what people did about some of them."""
    from openverdict.ledger.events import RunFinished
    from openverdict.ledger.models import Lead, LeadCase, Link, Mention, Run, RunEnd
    from openverdict.ledger.writing import Block

    dice = random.Random(1)
    pairs = set()
    while len(pairs) < LINKS:
        a, b = dice.sample(cases, 2)
        pairs.add((min(a, b), max(a, b)))
    listed = sorted(pairs)
    dice.shuffle(listed)
    ratios = sorted((dice.expovariate(1.0) for _ in listed), reverse=True)
    links = [
        (1, rank, a, b, ratio, json.dumps([ratio, 0.0, 0.0]), "floor")
        for rank, ((a, b), ratio) in enumerate(zip(listed, ratios, strict=True), start=1)
    ]
    members = [dice.sample(cases, MEMBERS if n == 0 else dice.randint(2, 6)) for n in range(LEADS)]
    leads = [(1, n + 1, f"L{n}", "series", 5.0, 2.0, 0.1, "2019-01-01", 0) for n in range(LEADS)]
    run = (None, None, store.size(), len(cases), "0" * 64, "0", "1", "0" * 64, "{}", 1, 6.0, 0.0)
    with store.writing("b", "benchmark") as writer:
        writer.record(
            RunFinished,
            [
                Block(Run, [(*run, 0, "{}")]),
                Block(RunEnd, [(1, LINKS, LINKS, 0, LEADS, json.dumps(VARIABLES), "{}", "{}")]),
                Block(Link, links),
                Block(Lead, leads),
                Block(LeadCase, [(n + 1, case) for n, group in enumerate(members) for case in group]),
                Block(Mention, [listed[-n] for n in range(1, MENTIONS + 1)]),
            ],
            run="1", outcome="done", pairs_total=LINKS, pairs_ledger=LINKS, pairs_remainder=0, leads=LEADS,
        )  # fmt: skip
    people(store, listed, members)


def people(store: Any, pairs: list[tuple[str, str]], members: list[list[str]]) -> None:
    """Decisions with what was shown, concerns with their clocks, and one lead and one pair that many looked at."""
    from openverdict.decisions import duties, lead, pair, show
    from openverdict.decisions.bulk import decide_together
    from openverdict.decisions.duties import raise_concern

    said = "Looked at together: nothing rare is shared."
    weak = pairs[-DECISIONS - MENTIONS : -MENTIONS]
    with store.writing("b", "benchmark") as writer:
        for start in range(0, len(weak), 500):
            part = [pair(store, *each) for each in weak[start : start + 500]]
            decide_together(store, writer, part, ("below_floor",), said, run=1)
        for number in range(CONCERNS):
            raise_concern(store, writer, list(pairs[number]), "family", said)
        for user in range(50):
            writer.actor = f"user-{user}"
            show(store, writer, lead(store, 1), run=1, ratio=True)
            show(store, writer, pair(store, *pairs[0]), run=1, ratio=True)
        writer.actor = "b"
        for case in members[0]:
            duties.own(store, writer, case, "an.owner")


def accounts(store: Any) -> None:
    """A reviewer for one unit of many."""
    from openverdict.decisions import accounts as made
    from openverdict.ledger.models import Fact

    unit = store.rows(Fact).filter(field="unit").order_by("id").first()
    with store.writing("the.admin", "benchmark") as writer:
        made.found(store, writer, "the.admin")
        made.change_user(store, writer, "one", "made")
        named = None if unit is None else unit.value
        made.grant(store, writer, "one", "reviewer", unit=named)


def asked(store: Any, work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What it gives, the best of three times, the queries, and the most memory that Python held for it."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    took = min((timed(work) for _ in range(3)), key=lambda pair: pair[1]["s"])[1]
    with CaptureQueriesContext(connections[store.alias]) as queries:
        tracemalloc.start()
        made = work()
        took["peak_mb"] = round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
        tracemalloc.stop()
    return made, {**took, "queries": len(queries)}


def measure(url: str, read: Any) -> dict[str, Any]:
    """Everything, on one engine."""
    from openverdict.decisions import lead, pair
    from openverdict.ledger.collecting import collect
    from openverdict.ledger.models import Link
    from openverdict.ledger.store import open_store
    from openverdict.reports import unlooked_files as forms
    from openverdict.reports.consideration import consideration
    from openverdict.reports.consideration_page import consideration_html
    from openverdict.reports.pack import PROFILES, _Made
    from openverdict.reports.unlooked import KINDS, never_looked_at

    found: dict[str, Any] = {}
    at = datetime(2099, 1, 1, tzinfo=UTC)
    with open_store(url, create=True) as store:
        collect(store, read, actor="b", purpose="benchmark")
        _, found["filling"] = timed(
            lambda: fill(store, read.register.table.get_column("case_id").to_list())
        )
        told, found["never_looked_at"] = asked(store, lambda: never_looked_at(store, at))
        found["listed"] = {kind: told.count(kind) for kind in KINDS}
        for name, form in (("csv", forms.unlooked_csv), ("xlsx", forms.unlooked_xlsx)):
            made, took = timed(lambda form=form: form(told))
            found[f"never_looked_at_{name}"] = {**took, "mb": round(len(made) / 1e6, 1)}
        page, took = timed(lambda: forms.unlooked_html(told, made=at, reader="b"))
        found["never_looked_at_html"] = {**took, "kb": round(len(page) / 1e3)}
        first = store.rows(Link).order_by("rank").first()
        subjects = {"pair": pair(store, first.case_a, first.case_b), "lead": lead(store, 1)}
        for name, subject in subjects.items():
            report, found[f"consideration_{name}"] = asked(
                store, lambda subject=subject: consideration(store, subject, at)
            )
            found[f"consideration_{name}"]["steps"] = len(report.steps)
            html, took = timed(
                lambda report=report: consideration_html(report, made=at, reader="b")
            )
            found[f"consideration_{name}_html"] = {**took, "kb": round(len(html) / 1e3)}
        oversight = PROFILES["oversight"]
        _, found["pack_tables"] = asked(
            store, lambda: _Made(store, oversight, bytes(32), None, "b").files()
        )
        accounts(store)
        told, found["never_looked_at_by_unit"] = asked(
            store, lambda: never_looked_at(store, at, "one")
        )
        found["hidden"] = told.hidden
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    given = parser.parse_args()
    set_up()
    read = as_read(register_of(given.cases))
    told: dict[str, Any] = {}
    with places() as (urls, _):
        for name, url in urls.items():
            found = measure(url, read)
            found["load_average"] = round(os.getloadavg()[0], 1)
            told[name] = found
            print(json.dumps({name: found}, indent=1), file=sys.stderr)
    told["cases"] = len(read.register)
    told["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
