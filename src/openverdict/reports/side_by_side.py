"""The facts of a few cases side by side, with map, timeline and network, and nothing of how alike a run found them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openverdict.cases import Register
from openverdict.cases.words import plain
from openverdict.reports.facts import CaseRef, Cases, FactTable
from openverdict.reports.figures import (
    Holder,
    Network,
    PlaceMap,
    Ring,
    Timeline,
    network,
    place_map,
)
from openverdict.reports.lead_view import time_figure, together
from openverdict.reports.opinions import Opinions, opinions


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Some cases as the record has them, ready to print. `together`: how many, how near, how soon."""

    together: str
    cases: tuple[CaseRef, ...]
    map: PlaceMap | None
    without_place: str
    timeline: Timeline | None
    network: Network | None
    tables: tuple[FactTable, ...]
    opinions: Opinions | None
    checks_unknown: str


def side_by_side(
    register: Register, case_ids: Sequence[str], outline: Sequence[Ring] = ()
) -> SideBySide:
    """The facts of some cases; `register` needs to hold these alone."""
    cases = Cases(register)
    refs = tuple(cases.ref(i, case_id) for i, case_id in enumerate(case_ids, 1))
    points = [p for ref in refs if (p := cases.map_case(ref.number, ref.case_id)) is not None]
    placed = {p.number for p in points}
    return SideBySide(
        together(case_ids, cases),
        refs,
        place_map(points, None, outline),
        ", ".join(f"case {ref.number}" for ref in refs if ref.number not in placed),
        time_figure(refs, cases, []),
        _network(refs, cases),
        cases.fact_tables(refs),
        opinions(cases, refs),
        cases.checks_unknown(case_ids),
    )


def _network(refs: Sequence[CaseRef], cases: Cases) -> Network | None:
    """Who and what stands in the records of several of the cases, and which case names which."""
    stands: dict[tuple[str, str], list[tuple[int, str]]] = {}
    mentions: list[tuple[int, int]] = []
    number_of = {ref.case_id: ref.number for ref in refs}
    for ref in refs:
        row = cases.row(ref.case_id)
        for name, kind in (("persons", "person"), ("identifiers", "identifier")):
            for item in _items(row[name]):
                role, mark, key = item.partition(":")
                if mark:
                    stands.setdefault((key, kind), []).append((ref.number, plain(role)))
        for name in ("mentions_cases", "note_names_case"):
            for other in _items(row.get(name)):
                pair = (ref.number, number_of.get(other, ref.number))
                if pair[0] != pair[1] and pair not in mentions:
                    mentions.append(pair)
    holders = [Holder(key, kind, tuple(told)) for (key, kind), told in stands.items()]
    return network({ref.number: ref.case_id for ref in refs}, holders, mentions)


def _items(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
