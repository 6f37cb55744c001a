"""Opinions on the manner of death side by side, by whose they are; none replaces another, and where they differ is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openverdict.cases import dictionary
from openverdict.reports.facts import CaseRef, Cases, Cell
from openverdict.reports.labels import value_words
from openverdict.reports.words import listed

CERTIFICATE = (
    "death certificate: "  # how mappings write the certificate's opinion into a coded feature
)
# Whose opinion, by field, in the order in which they are shown.
WHOSE = {
    "manner_police": "Police",
    "manner_pathologist": "Pathologist",
    "manner_coroner": "Coroner or medical examiner",
    "feature_3": "Death certificate",
    "manner_review": "Review",
}
# As triage has it: what states no opinion yet, and words for the same one.
_NOT_YET = frozenset({"pending", "not_stated"})
_SAME = {"drug_related": "accident", "unlawful_killing": "homicide"}


@dataclass(frozen=True, slots=True)
class Opinions:
    """One row for everybody who gave an opinion, one column a case; `differ` says of which cases the opinions differ."""

    cases: tuple[CaseRef, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    differ: tuple[str, ...]


def opinions(cases: Cases, refs: Sequence[CaseRef]) -> Opinions | None:
    """The opinions on some cases; None where no case has two of them to be laid side by side."""
    told = {ref.case_id: {name: _told(cases, ref.case_id, name) for name in WHOSE} for ref in refs}
    if not any(sum(len(said) for said in by.values()) > 1 for by in told.values()):
        return None
    rows = []
    for name, whose in WHOSE.items():
        cells = tuple(_cell(cases, ref.case_id, name, told[ref.case_id][name]) for ref in refs)
        if any(cell.words != "not recorded" for cell in cells):
            rows.append((whose, cells))
    return Opinions(
        tuple(refs), tuple(rows), tuple(filter(None, (_differ(r, told[r.case_id]) for r in refs)))
    )


def _told(cases: Cases, case_id: str, name: str) -> dict[str, tuple[str, ...]]:
    """Every opinion on record under a field, with the sources that give it; those of facts beside the one that stands."""
    said: dict[str, tuple[str, ...]] = {}
    standing = cases.row(case_id)[name]
    for value, source in ((standing, ""), *cases.facts_of(case_id, name)):
        if not isinstance(value, str) or (
            name == "feature_3" and not value.startswith(CERTIFICATE)
        ):
            continue
        code = value.removeprefix(CERTIFICATE)
        said[code] = (*said.get(code, ()), *((source,) if source else ()))
    return said


def _cell(cases: Cases, case_id: str, name: str, said: dict[str, tuple[str, ...]]) -> Cell:
    field = dictionary()["manner_coroner"]
    if not said:
        if name == "feature_3" and cases.row(case_id)[name] is not None:
            return Cell(
                "not recorded", missing=True
            )  # the register uses the field for something else
        return cases.cell(dictionary()[name], case_id, cases.row(case_id))
    words = []
    for code, sources in said.items():
        by = f" ({listed(list(dict.fromkeys(sources)))})" if len(said) > 1 and sources else ""
        words.append(f"{value_words(field, code, None)}{by}")
    return Cell("; ".join(words), missing=False)


def _differ(ref: CaseRef, by: dict[str, dict[str, tuple[str, ...]]]) -> str:
    """A sentence where opinions that were given differ; empty where they agree or only one was."""
    given = (code for said in by.values() for code in said)
    return f"The opinions on {ref.case_id} differ." if is_disputed(given) else ""


def is_disputed(codes: Iterable[str]) -> bool:
    """Whether opinions that were given differ; one that is still to come, or other words for the same, is no difference."""
    return len({_SAME.get(code, code) for code in codes if code not in _NOT_YET}) > 1
