"""Findings of many cases as columns: which case, of which kind; the words are made when a case is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.leads.finding import Finding
from openverdict.leads.level import level_of
from openverdict.leads.results import Reason, Triage

IntArray = npt.NDArray[np.int64]
Kind = tuple[str, str, int]  # code, direction, points
Said = tuple[tuple[Reason, ...], tuple[Reason, ...]]


@dataclass(frozen=True, slots=True)
class Many:
    """Findings of one source: the row of each finding's case in the register, its kind as a place in `kinds`, and what says
    its words and the fields that they rest on, by its place among these findings.
    """

    rows: IntArray
    kinds: Sequence[Kind]
    kind: IntArray
    say: Callable[[int], tuple[str, str]]


def alike(rows: IntArray, kind: Kind, say: Callable[[int], tuple[str, str]]) -> Many:
    """Findings that are all of one kind."""
    return Many(rows, (kind,), np.zeros(len(rows), np.int64), say)


def written(findings: Iterable[Finding], case_ids: pl.Series) -> Many:
    """Findings that were made one by one; `case_ids`: those of the register, in its order."""
    every = list(findings)
    names = pl.DataFrame({"case_id": pl.Series([f.case_id for f in every], dtype=pl.String())})
    numbers = case_ids.alias("case_id").to_frame().with_row_index("row")
    numbers = numbers.join(names.unique(), on="case_id", how="semi")
    rows = names.join(numbers, on="case_id", how="left", maintain_order="left")["row"]
    kinds: dict[Kind, int] = {}
    kind = [kinds.setdefault((f.code, f.direction, f.points), len(kinds)) for f in every]
    return Many(
        rows.cast(pl.Int64()).to_numpy(),
        tuple(kinds),
        np.array(kind, np.int64),
        lambda place: (every[place].text, every[place].source),
    )


@dataclass(frozen=True, slots=True)
class _Mix:
    """What cases with findings of the same kinds share: the level, the codes, and which findings make one reason."""

    level: int
    codes: tuple[str, ...]
    merged: tuple[tuple[Finding, tuple[int, ...]], ...]


class Gathered:
    """The findings of all sources by case, in the order in which the sources are given."""

    def __init__(self, sources: Iterable[Many], incident: npt.NDArray[np.bool_]) -> None:
        self.sources = tuple(sources)
        known: dict[Kind, int] = {}
        kinds = []
        for source in self.sources:
            own = [known.setdefault(kind, len(known)) for kind in source.kinds]
            kinds.append(np.array(own, np.uint16)[source.kind])
        sizes = [len(source.rows) for source in self.sources]
        rows = np.concatenate([np.empty(0, np.int64), *(s.rows for s in self.sources)])
        order = np.argsort(rows, kind="stable")
        self.source = np.repeat(np.arange(len(sizes), dtype=np.uint16), sizes)[order]
        places = [np.arange(size, dtype=np.int32) for size in sizes]
        self.place = np.concatenate([np.empty(0, np.int32), *places])[order]
        self.first = np.searchsorted(rows[order], np.arange(len(incident) + 1))
        self.mixes = list(self._mixes(tuple(known), kinds, order, incident))

    def _mixes(
        self,
        known: Sequence[Kind],
        kinds: Sequence[npt.NDArray[np.uint16]],
        order: IntArray,
        incident: npt.NDArray[np.bool_],
    ) -> Iterator[_Mix]:
        """The mix of every case; cases with the same kinds in the same order share one."""
        numbers = np.concatenate([np.empty(0, np.uint16), *kinds])[order]
        text = numbers.tobytes()
        ends = (self.first * numbers.itemsize).tolist()
        met: dict[tuple[bytes, bool], _Mix] = {}
        for start, end, is_incident in zip(ends, ends[1:], incident.tolist(), strict=False):
            key = text[start:end], is_incident
            if key not in met:
                own = np.frombuffer(key[0], np.uint16).tolist()
                met[key] = _mix([known[number] for number in own], incident=is_incident)
            yield met[key]

    def said(self, row: int) -> Said:
        """The reasons of one case in words: what raises or says something, and the innocent ones."""
        first = int(self.first[row])
        reasons = [
            _merge(merged, [self._words(first + offset) for offset in offsets])
            for merged, offsets in self.mixes[row].merged
        ]
        return (
            tuple(reason for reason in reasons if reason.direction != "E"),
            tuple(reason for reason in reasons if reason.direction == "E"),
        )

    def _words(self, at: int) -> tuple[str, str]:
        source: Many = self.sources[int(self.source[at])]
        return source.say(int(self.place[at]))


def _mix(kinds: Sequence[Kind], *, incident: bool) -> _Mix:
    """Findings of these kinds as reasons: each code once, what weighs most first."""
    by_code: dict[tuple[str, str], list[int]] = {}
    for offset, (code, direction, _) in enumerate(kinds):
        by_code.setdefault((code, direction), []).append(offset)
    merged = [
        (Finding("", code, "", "", max(kinds[k][2] for k in offsets), direction), tuple(offsets))
        for (code, direction), offsets in by_code.items()
    ]
    merged.sort(key=lambda m: ("SLQE".index(m[0].direction), -m[0].points))
    findings = [finding for finding, _ in merged]
    codes = tuple(dict.fromkeys(finding.code for finding in findings))
    return _Mix(level_of(findings, incident=incident), codes, tuple(merged))


def _merge(merged: Finding, words: Sequence[tuple[str, str]]) -> Reason:
    """Several ways to one reason as one: the words of what the record shows before those of the vocabulary."""
    if len(words) == 1:
        text, source = words[0]
    else:
        shown = [said for said, source in words if source != "indicators"]
        text = " ".join(dict.fromkeys(shown or [words[0][0]]))
        source = ", ".join(dict.fromkeys(source for _, source in words))
    return Reason(merged.code, text, merged.direction, source)


class LateTriage(Triage):
    """A `Triage` whose reasons are put into words when they are read: of a large register nobody reads most of them."""

    __slots__ = ("_gathered", "_row")
    _gathered: Gathered
    _row: int

    def __init__(
        self,
        gathered: Gathered,
        row: int,
        case_id: str,
        contradictions: tuple[str, ...],
        checks_missing: tuple[str, ...],
    ) -> None:
        put = object.__setattr__
        put(self, "_gathered", gathered)
        put(self, "_row", row)
        put(self, "case_id", case_id)
        put(self, "level", gathered.mixes[row].level)
        put(self, "contradictions", contradictions)
        put(self, "checks_missing", checks_missing)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What raises the level or says something about the record."""
        return self._gathered.said(self._row)[0]

    @property
    def innocent(self) -> tuple[Reason, ...]:
        """The innocent reasons."""
        return self._gathered.said(self._row)[1]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all reasons, without their words."""
        return self._gathered.mixes[self._row].codes

    def plain(self) -> Triage:
        """The same with its words, apart from the register."""
        reasons, innocent = self._gathered.said(self._row)
        return Triage(
            self.case_id, self.level, reasons, self.contradictions, self.checks_missing, innocent
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LateTriage):
            return self.plain() == other.plain()
        return self.plain() == other

    def __hash__(self) -> int:
        return hash(self.plain())

    def __repr__(self) -> str:
        return repr(self.plain())

    def __reduce__(self) -> tuple[Callable[..., Triage], tuple[object, ...]]:
        plain = self.plain()
        return Triage, (
            plain.case_id,
            plain.level,
            plain.reasons,
            plain.contradictions,
            plain.checks_missing,
            plain.innocent,
        )
