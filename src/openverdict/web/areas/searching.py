"""The register as a list, chosen by filters in the address, at present or as known on a day; and the days
themselves, with a slider: which groups and cases were known then, and where.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from openverdict.cases import dictionary, indicators
from openverdict.cases.vocabulary import substances
from openverdict.decisions.known import KnownOn, Point, known_on, list_known
from openverdict.decisions.listing import CaseFilter, CaseLine, list_cases
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import Kind as SubjectKind
from openverdict.decisions.turns import blind_to
from openverdict.errors import InputError
from openverdict.reports.figures import MapCase, PlaceMap, place_map
from openverdict.reports.labels import level_words, value_words
from openverdict.web.answers import Page
from openverdict.web.areas.subjects import address_of, by_rank
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind
from openverdict.web.route import Route
from openverdict.web.running import current

ANY = "any"
MAPPED = 20  # cases on the map where no group was known
DAYS_BACK, DAYS_ON = 7, 7
LEVELS = range(1, 5)


def search(ask: Ask) -> Page:
    """A page of the register."""
    query = ask.query
    chosen = _filter(query)
    sort = query["sort"] or "-found_at"
    paging: dict[str, Any] = {
        "user": ask.who,
        "sort": sort.removeprefix("-"),
        "descending": sort.startswith("-"),
        "after": query["after"],
        "before": query["before"],
    }
    day, later = query["as_of"], 0
    if day is None:
        page = list_cases(ask.store, chosen, **paging)
    else:
        if chosen.level is not None:
            raise InputError("a level is of a run, and not of a day; leave out one of the two")
        known = list_known(ask.store, day, chosen, **paging)
        page, later = known.page, known.later
    asked = {name: value for name, value in query.raw.items() if name not in ("after", "before")}
    data = {
        "cases": [_line(ask, line) for line in page.lines],
        "count": page.count,
        "hidden": page.hidden,
        "run": page.run if day is None else None,
        "as_of": None if day is None else day.isoformat(),
        "later": later,
        "chosen": {
            name: _text(value) for name, value in asdict(chosen).items() if value is not None
        },
        "after": page.next,
        "before": page.previous,
    }
    return Page(
        data, layout={"asked": {name: value for name, value in asked.items() if value and value[0]}}
    )


def as_of(ask: Ask) -> Page:
    """What was known on a day."""
    day, at = ask.query["day"], ask.query["at"]
    run = ask.query["run"]
    told = known_on(ask.store, day, user=ask.who, run=run)
    if at is not None and told.first is not None:
        told = known_on(ask.store, told.first + timedelta(days=at), user=ask.who, run=run)
    drawn = _map(told)
    page = told.known.page
    numbers = {point.case: number for number, point in enumerate(_numbered(told), start=1)}
    held = {str(lead.number): lead.cases for lead in told.leads}
    blind = blind_to(ask.store, SubjectKind.LEAD, held, ask.who)
    data = {
        "day": told.day.isoformat(),
        "first": _text(told.first),
        "last": _text(told.last),
        "run": told.run,
        "leads": [
            {
                "number": lead.number,
                "rank": None if hidden else lead.rank,
                "cases": list(lead.cases),
                "members": lead.members,
                "log10_lr": None if hidden else lead.log10_lr,
                "to": address_of("lead", str(lead.number)),
                "first_raised": lead.first_raised,
                "blind": hidden,
            }
            for lead in by_rank(told.leads, blind)
            for hidden in (str(lead.number) in blind,)
        ],
        "hidden_leads": told.hidden_leads,
        "cases": [{**_line(ask, line), "on_map": numbers.get(line.case_id)} for line in page.lines],
        "count": page.count,
        "hidden": page.hidden,
        "later": told.known.later,
        "points": [{**asdict(point), "on_map": numbers.get(point.case)} for point in told.points],
    }
    placed = {point.case for point in told.points}
    layout = {"map": drawn, "numbers": numbers, "placed": placed, "slider": _slider(told, ask)}
    return Page(data, layout=layout)


def _slider(told: KnownOn, ask: Ask) -> dict[str, Any] | None:
    if told.first is None or told.last is None:
        return None
    most = (told.last - told.first).days
    at = min(max((told.day - told.first).days, 0), most)

    def to(day: date) -> str:
        return ask.to("register.as_of", query={"day": day.isoformat(), "run": ask.query["run"]})

    return {
        "most": most,
        "at": at,
        "earlier": to(told.day - timedelta(days=DAYS_BACK)) if at > 0 else None,
        "later": to(told.day + timedelta(days=DAYS_ON)) if at < most else None,
    }


def _numbered(told: KnownOn) -> list[Point]:
    """The cases that are numbered on the map: those of groups, or the last ones where there was none."""
    grouped = {case for lead in told.leads for case in lead.cases}
    # By their names: in the order of their groups, the numbers would tell whose leads are strongest.
    own = sorted((p for p in told.points if p.case in grouped), key=lambda point: point.case)
    return own or list(told.points[:MAPPED])


def _map(told: KnownOn) -> PlaceMap | None:
    shown = _numbered(told)
    names = {point.case for point in shown}
    others = [point for point in told.points if point.case not in names]
    drawn = place_map(
        [
            MapCase(number, point.lat, point.lon, point.precision_m, point.incident)
            for number, point in enumerate(shown, start=1)
        ],
        (np.array([p.lat for p in others]), np.array([p.lon for p in others])),
        current().outline,
    )
    if drawn is None:
        return None
    # The macro's words are those of a report, where every case of the register is a dot.
    return replace(
        drawn, dots_words=drawn.dots_words.replace("of the register", "of the table below")
    )


def _filter(query: Filled) -> CaseFilter:
    """What the address asks for."""
    said = {name: query[name] for name in FILTERS}
    for name in ("closed", "restricted"):
        said[name] = None if said[name] is None else said[name] == "yes"
    said["level"] = None if said["level"] is None else int(said["level"])
    return CaseFilter(**said)


def _line(ask: Ask, line: CaseLine) -> dict[str, Any]:
    manners = {
        who: _words(f"manner_{who}", getattr(line, f"manner_{who}"))
        for who in ("police", "pathologist", "coroner")
    }
    return {
        "case": line.case_id,
        "found_at": line.found_at,
        "kind": line.kind,
        "place_kind": line.place_kind,
        "place": line.place,
        "age_years": line.age_years,
        "sex": line.sex,
        "unit": line.unit,
        "manner_police": line.manner_police,
        "manner_pathologist": line.manner_pathologist,
        "manner_coroner": line.manner_coroner,
        "manner": "; ".join(f"{words} ({who})" for who, words in manners.items() if words) or None,
        "category": line.category,
        "closed_at": line.closed_at,
        "level": line.level,
        "level_words": None if line.level is None else level_words(line.level),
        "restricted": line.restricted,
        "redacted": line.redacted,
        "to": ask.to("cases.case", case=line.case_id),
    }


def _words(name: str, code: str | None) -> str:
    return "" if code is None else value_words(dictionary()[name], code, None)


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _codes(*names: str) -> Choices:
    """The codes of some fields, each once."""
    found = {code: _words(name, code) for name in names for code in dictionary()[name].values}
    return tuple(found.items())


def _several(terms: dict[str, str]) -> Choices:
    return tuple(sorted(terms.items(), key=lambda term: term[1].casefold()))


YES_NO: Choices = (("yes", "yes"), ("no", "no"))


def _field(name: str, label: str, kind: Kind = Kind.LINE, **more: Any) -> Field:
    return Field(name, label, kind, required=False, **more)


FILTERS = (
    "number",
    "found_from",
    "found_until",
    "kind",
    "place_kind",
    "unit",
    "age_from",
    "age_until",
    "sex",
    "substance",
    "indicator",
    "manner",
    "category",
    "level",
    "closed",
    "restricted",
)
QUERY = Form(
    (
        _field("number", "Case number begins with", longest=200),
        _field("found_from", "Found from", Kind.DATE),
        _field("found_until", "Found until", Kind.DATE),
        _field("kind", "Kind of record", Kind.PICK, choices=_codes("kind")),
        _field("place_kind", "Kind of place", Kind.PICK, choices=_codes("found_place_kind")),
        _field("unit", "Unit", longest=200),
        _field("age_from", "Age from", Kind.DECIMAL, least=0, most=150),
        _field("age_until", "Age until", Kind.DECIMAL, least=0, most=150),
        _field("sex", "Sex", Kind.PICK, choices=_codes("sex")),
        _field(
            "substance",
            "Substance detected",
            Kind.PICK,
            choices=_several({s.code: s.label for s in substances().values()}),
        ),
        _field(
            "indicator",
            "Indicator",
            Kind.PICK,
            choices=_several({i.name: i.label for i in indicators().values()}),
        ),
        _field(
            "manner",
            "Manner of death, by anybody",
            Kind.PICK,
            choices=_codes("manner_police", "manner_pathologist", "manner_coroner"),
        ),
        _field("category", "Category of the police", Kind.PICK, choices=_codes("category_police")),
        _field(
            "level",
            "Level in the last run, or higher",
            Kind.PICK,
            choices=tuple((str(n), level_words(n)) for n in LEVELS),
        ),
        _field("closed", "Closed", Kind.PICK, choices=YES_NO),
        _field("restricted", "Restricted", Kind.PICK, choices=YES_NO),
        _field("as_of", "As known on", Kind.DATE),
        _field(
            "sort",
            "Order",
            Kind.PICK,
            choices=(
                ("-found_at", "found last at the head"),
                ("found_at", "found first at the head"),
                ("case_id", "by case number"),
                ("-case_id", "by case number, backwards"),
            ),
        ),
        _field("after", "After", longest=300),
        _field("before", "Before", longest=300),
    )
)
DAY = Form(
    (
        _field("day", "Day", Kind.DATE),
        _field("at", "Days after the first", Kind.NUMBER, least=0, most=200_000),
        _field("run", "Run", Kind.NUMBER, least=1, most=10**12),
    )
)
ROUTES: tuple[Route, ...] = (
    Route(
        "register",
        "register.search",
        search,
        operation=Operation.LIST,
        title="Register",
        nav="Register",
        query=QUERY,
        csv="cases",
        crumbs=("house.home",),
    ),
    Route(
        "as-of",
        "register.as_of",
        as_of,
        operation=Operation.LIST,
        title="What was known on a day",
        nav="As of",
        query=DAY,
        csv="cases",
        crumbs=("house.home",),
    ),
)
