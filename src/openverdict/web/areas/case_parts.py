"""What the page of a case says beside its facts: opinions on the manner of death, enquiries, exhibits, and what nobody did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from openverdict.decisions.enquiries import enquiries, flags
from openverdict.decisions.exhibits import DeviceState, ExhibitState, devices, exhibits
from openverdict.reports.opinions import CERTIFICATE, WHOSE, is_disputed
from openverdict.web.areas.enquiring import told
from openverdict.web.areas.of_case import plain
from openverdict.web.ask import Ask

KEPT = ("field", "value", "words", "known_from", "source")


def opinions_in(facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every opinion on the manner of death that stands, by whose it is; and whether they differ."""
    given = [
        fact
        for fact in facts
        if fact["status"] == "recorded"
        and fact["field"] in WHOSE
        and (fact["field"] != "feature_3" or str(fact["value"]).startswith(CERTIFICATE))
    ]
    codes = [str(fact["value"]).removeprefix(CERTIFICATE) for fact in given]
    rows = [
        {"whose": WHOSE[fact["field"]], **{key: fact[key] for key in KEPT}}
        for fact in sorted(given, key=lambda fact: list(WHOSE).index(fact["field"]))
    ]
    return {"opinions": rows, "opinions_differ": is_disputed(codes)}


def work_on(ask: Ask, case: str) -> dict[str, Any]:
    """Enquiries, exhibits and devices of a case that the person may list, and what was advised or called for and not done."""
    at = ask.store.clock()
    asked = enquiries(ask.store, at, user=ask.who, case=case)
    held = exhibits(ask.store, user=ask.who, case=case)
    return {
        "enquiries": [told(ask, each) for each in asked],
        "exhibits": [
            _in_words(each) | {"to": ask.to("cases.exhibit", case=case, exhibit=each.exhibit)}
            for each in held
        ],
        "devices": [_in_words(each) for each in devices(ask.store, user=ask.who, case=case)],
        "undone": [asdict(each) for each in flags(ask.store, at, user=ask.who, case=case)],
    }


def _in_words(state: ExhibitState | DeviceState) -> dict[str, Any]:
    return {
        key: plain(v) if isinstance(v, str) and key != "case" else v
        for key, v in asdict(state).items()
    }
