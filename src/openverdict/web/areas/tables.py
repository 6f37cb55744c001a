"""The tables of a lead or a pair one by one, so that each can be had as CSV and JSON: facts, opinions, network, beliefs …

They are those of its page: what the run found stands in them only for who may see it, and that they were shown is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openverdict.decisions.roles import Operation
from openverdict.web.answers import GoneError, Page, plain
from openverdict.web.areas.subjects import PLACES, Place, address_of, subject_data, words_of
from openverdict.web.ask import Ask
from openverdict.web.route import Route

Rows = list[dict[str, Any]]


def _cases(data: dict[str, Any]) -> Rows:
    return [
        {"number": c["number"], "case": c["case_id"], "kind": c["kind"], "last known alive": c["last_alive"],
         "found": c["when"], "where": c["where"]}
        for c in data["facts"]["cases"]
    ]  # fmt: skip


def _facts(data: dict[str, Any]) -> Rows:
    return [
        {"field": field} | _by_case(table["cases"], cells)
        for table in data["facts"]["tables"]
        for field, cells in table["rows"]
    ]


def _opinions(data: dict[str, Any]) -> Rows:
    told = data["facts"]["opinions"]
    return (
        [{"whose": w} | _by_case(told["cases"], cells) for w, cells in told["rows"]] if told else []
    )


def _network(data: dict[str, Any]) -> Rows:
    told = data["facts"]["network"]
    names = ("key", "what", "stands as")
    return [dict(zip(names, row, strict=True)) for row in told["rows"]] if told else []


def _checks(data: dict[str, Any]) -> Rows:
    return [dict(each) for each in data["checks"]]


def _contributions(data: dict[str, Any]) -> Rows:
    return [dict(each) for each in data["contributions"]]


def _beliefs(data: dict[str, Any]) -> Rows:
    return [dict(each) for each in (data["found"] or {}).get("priors") or ()]


def _ordinary(data: dict[str, Any]) -> Rows:
    standing = (data["found"] or {}).get("standing") or {}
    return [dict(each) for each in standing.get("ordinary") or ()]


def _by_case(cases: list[dict[str, Any]], cells: list[dict[str, Any]]) -> dict[str, str]:
    return {c["case_id"]: cell["words"] for c, cell in zip(cases, cells, strict=True)}


# Name in the address, heading, rows of the page's data, and whether it is of what the run found.
TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], Rows], bool]] = {
    "cases": ("The cases, in order of time", _cases, False),
    "facts": ("The facts side by side", _facts, False),
    "opinions": ("Opinions on the manner of death, side by side", _opinions, False),
    "network": ("Who and what stands in the records of several cases", _network, False),
    "checks": ("Checks never made", _checks, False),
    "contributions": ("What was compared, with both values", _contributions, True),
    "beliefs": ("Odds before and after, for three beliefs", _beliefs, True),
    "ordinary": ("Ordinary explanations, each tested", _ordinary, True),
}


def _view(place: Place) -> Callable[[Ask], Page]:
    def view(ask: Ask) -> Page:
        name = ask.params["table"]
        if name not in TABLES:
            raise GoneError(f"table {name}: there are: {', '.join(TABLES)}")
        subject = place.subject(ask)
        title, rows_of, of_run = TABLES[name]
        data, _ = subject_data(ask, subject)
        rows = rows_of(plain(data))
        called = words_of(ask.store, subject.kind, subject.key)
        told = {
            "table": name,
            "kind": subject.kind,
            "key": subject.key,
            "blind": data["blind"] and of_run,
            "columns": list(dict.fromkeys(key for row in rows for key in row)),
            "rows": rows,
        }
        others = [(words, ask.to(ask.route.name, **{**ask.params, "table": each}))
                  for each, (words, _, _) in TABLES.items() if each != name]  # fmt: skip
        crumbs = ((called, address_of(subject.kind, subject.key)),)
        return Page(told, title=title, crumbs=crumbs, layout={"others": others})

    return view


ROUTES: tuple[Route, ...] = tuple(
    Route(f"{place.path}/tables/<slug:table>", f"{place.name}_table", _view(place), operation=Operation.VIEW,
          cases=place.cases, title="Table", template="leads/table.html", csv="rows",
          crumbs=("house.home", "leads.list"))
    for place in PLACES
)  # fmt: skip
