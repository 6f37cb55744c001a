"""A register with corrections, cases of several units, restricted cases, a run and people: what lists are tried on."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.ledger.filled import BY

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import accounts, duties
from openverdict.decisions.models import Restriction
from openverdict.intake import read_register
from openverdict.ledger.collecting import collect
from openverdict.ledger.entering import enter_facts
from openverdict.ledger.events import CaseRestricted, RunFinished, RunPlanned
from openverdict.ledger.models import Case, Run, RunEnd, Triaged
from openverdict.ledger.store import Store

CASES = 80
UNITS = ["North", "South", "East", ""]
PLACES = ["home", "street", "venue", ""]
SUBSTANCES = ["ghb", "mdma", "none", "ethanol", "ghb;ethanol", ""]
INDICATORS = ["none", "prompt_help", "prompt_help;home_locked_alone", ""]
MANNERS = ["accident", "open", "suicide", ""]
USERS = ("everything", "north", "two_units", "one_case", "auditor", "mixed", "nobody")


def make(
    store: Store, folder: Path, seed: int, before: Callable[[list[str]], Any] | None = None
) -> list[str]:
    """Make it; the case numbers. `before`: what is to be done while the store has no accounts."""
    dice = random.Random(seed)
    lines = [
        "case_id,found_at,known_from,kind,found_place_kind,found_place,age_years,sex,unit,"
        "substances_detected,indicators,manner_police,manner_coroner,category_police,closed_at"
    ]
    for number in range(CASES):
        day = date(2014, 1, 1) + timedelta(days=dice.randrange(40))
        clock = dice.choice(["", "T08:30", "T23:59"])
        cells = [
            f"{'AB'[number > 30]}-{number:03}", f"{day}{clock}", "2014-03-01",
            dice.choice(["death", "incident", ""]), dice.choice(PLACES),
            dice.choice(["a wall", ""]), dice.choice(["20", "33.5", "71", ""]),
            dice.choice(["male", "female", ""]), dice.choice(UNITS), dice.choice(SUBSTANCES),
            dice.choice(INDICATORS), dice.choice(MANNERS), dice.choice(MANNERS),
            dice.choice(["unexplained", ""]), dice.choice(["2015-01-01", ""]),
        ]  # fmt: skip
        lines.append(",".join(cells))
    path = folder / "register.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    collect(store, read_register(path), **BY)
    cases = list(store.rows(Case).order_by("id").values_list("case_id", flat=True))
    with store.writing(**BY) as writer:
        for case in dice.sample(cases, 12):
            said = {"unit": dice.choice(UNITS[:3]), "found_place_kind": dice.choice(PLACES[:3])}
            known = datetime(2014, 4, dice.randrange(1, 28))
            facts = [
                CaseFact(case, name, value, Status.RECORDED, known, None, "s", "c")
                for name, value in said.items()
            ]
            enter_facts(store, writer, facts)
        writer.record(
            RunPlanned,
            [
                Run(
                    log_size=0, cases=CASES, register_hash="0" * 64, program_version="0",
                    model_version="0", model_hash="0" * 64, vocabularies="{}", seed=1, budget=1.0,
                    floor=0.0, null_registers=0, rule="{}",
                )
            ],
            run="1", cases=CASES, register_sha256="0" * 64, rule_sha256="0" * 64,
            program_version="0", model_version="0", model_sha256="0" * 64,
            vocabularies_sha256="0" * 64, seed=1, floor="0", log_size=0, null_registers=0,
            budget="1", as_of=None, recorded_as_of=None,
        )  # fmt: skip
        end = RunEnd(
            run_id=1, pairs_total=0, pairs_ledger=0, pairs_remainder=0, leads=0, variables="[]",
            outputs="{}", summary="{}",
        )  # fmt: skip
        levels = [Triaged(run_id=1, case_id=c, level=dice.randrange(5)) for c in cases[:-5]]
        writer.record(
            RunFinished, [end, *levels], run="1", outcome="done", pairs_total=0, pairs_ledger=0,
            pairs_remainder=0, leads=0, summary_sha256="0" * 64,
        )  # fmt: skip
        for case in dice.sample(cases, 6):
            row = Restriction(case_id=case, status="restricted")
            writer.record(CaseRestricted, [row], case=case, reason="officer_involved")
    if before is not None:
        before(cases)
    with store.writing("openverdict", "administration") as writer:
        accounts.found(store, writer, "root")
    with store.writing("root", "administration") as writer:
        for user in USERS:
            accounts.change_user(store, writer, user, "made")
        accounts.grant(store, writer, "everything", "supervisor")
        accounts.grant(store, writer, "north", "reviewer", unit="North")
        accounts.grant(store, writer, "two_units", "reader", unit="South")
        accounts.grant(store, writer, "two_units", "reader", unit="East")
        accounts.grant(store, writer, "one_case", "reader", case=cases[0])
        accounts.grant(store, writer, "auditor", "auditor")
        accounts.grant(store, writer, "mixed", "auditor")
        accounts.grant(store, writer, "mixed", "reader", unit="North")
        hidden = store.rows(Restriction).order_by("id").first().case_id
        accounts.grant(store, writer, "north", "reviewer", case=hidden)
    with store.writing("everything", "death_review") as writer:
        open_cases = [c for c in cases if not accounts.is_restricted(store, c)]
        duties.own(store, writer, open_cases[0], "north")
        duties.own(store, writer, open_cases[1], "north")
        duties.own(store, writer, open_cases[1], "two_units")
    with store.writing("north", "death_review") as writer:
        for case in (*open_cases[2:4], store.rows(Restriction).order_by("id").last().case_id):
            accounts.break_glass(store, writer, case, "The mother is at the desk and asks.")
    return cases
