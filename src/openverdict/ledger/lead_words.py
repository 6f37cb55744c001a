"""What a run says of a lead, as pages need it: the words without all pairs, the pairs in their order, one pair with its values.

The words of a lead stand in its event's content, with every pair of its cases. A group of ten has 45, and they are read whole.
A group of three hundred has 44,850, a third of a gigabyte: such words are taken apart once, when they are recorded, so that no
page reads them all.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from openverdict.evidence.relation import TERM as RELATION
from openverdict.ledger import engine
from openverdict.ledger.derived import LeadHead, LeadPair
from openverdict.ledger.models import Content, Lead
from openverdict.ledger.store import Store

NAME = "lead"  # of the content
LARGE = 400_000  # characters, about 60 pairs
IN_FULL = 10  # pairs that stand in full wherever a lead is shown
AGAINST = 8  # contributions against that are told, whichever pairs they are of
WRITTEN_AT_ONCE = 2_000
PAIR_COLUMNS = ("lead", "place", "case_a", "case_b", "log10_lr", "mandatory", "words")
Words = dict[str, Any]


@dataclass(frozen=True)
class PairLine:
    """One pair of a lead, by its place from 0 in the order in which pairs are read: named by the other first, then by ratio."""

    place: int
    case_a: str
    case_b: str
    log10_lr: float
    mandatory: bool


def lead_words(store: Store, lead: int) -> Words | None:
    """The words of a lead; None where they were erased, or there is no such lead.

    Of large leads, `links` are those that stand in full and those with the strongest contributions against, and `links_total`
    says how many there are.
    """
    head = store.rows(LeadHead).filter(id=lead).first()
    if head is not None:
        return dict(json.loads(head.words))
    return _content(store, lead)


def lead_pairs(store: Store, lead: int, *, start: int = 0, size: int = 50) -> list[PairLine]:
    """The pairs of a lead from one place on."""
    if store.rows(LeadHead).filter(id=lead).exists():
        rows = store.rows(LeadPair).filter(lead=lead, place__gte=start).order_by("place")[:size]
        listed = rows.values_list("place", "case_a", "case_b", "log10_lr", "mandatory")
        return [PairLine(at, a, b, ratio, bool(named)) for at, a, b, ratio, named in listed]
    words = _content(store, lead)
    if words is None:
        return []
    ordered = list(enumerate(_ordered(words["links"])))[start : start + size]
    return [_line(place, link) for place, link in ordered]


def lead_pair(store: Store, lead: int, case_a: str, case_b: str) -> Words | None:
    """All that is said of one pair of a lead, with the values that were compared; None where the lead has no such pair."""
    if store.rows(LeadHead).filter(id=lead).exists():
        for first, second in ((case_a, case_b), (case_b, case_a)):
            row = store.rows(LeadPair).filter(lead=lead, case_a=first, case_b=second).first()
            if row is not None:
                return dict(json.loads(zlib.decompress(bytes(row.words))))
        return None
    words = _content(store, lead)
    wanted = {case_a, case_b}
    links = [] if words is None else words["links"]
    return next((link for link in links if {link["case_a"], link["case_b"]} == wanted), None)


class LeadWordKeeper:
    """Takes the words of large leads apart within the transaction that records them."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._words: dict[int, str] = {}  # by entry
        self._leads: dict[int, int] = {}
        self._gone: set[int] = set()

    def take(self, model: type[Any], event: int, rows: Sequence[Sequence[Any]]) -> None:
        """Leads and contents that are being recorded."""
        if model is Content:
            for row in rows:
                if row[1] == NAME and len(row[2]) > LARGE:
                    self._words[event] = row[2]
        elif model is Lead:
            self._leads[event] = rows[0][0]

    def gone(self, cases: Collection[str], entries: Collection[int]) -> None:
        """The words of leads that these entries raised were erased."""
        self._gone.update(entries)

    def settle(self) -> None:
        """Bring the tables up to date."""
        words, leads, gone = self._words, self._leads, self._gone
        self._words, self._leads, self._gone = {}, {}, set()
        for event, text in words.items():
            _write(self._alias, leads[event], text)
        if gone:
            rows = Lead.objects.using(self._alias).filter(event_id__in=gone)
            _forget(self._alias, list(rows.values_list("id", flat=True)))


class LeadWordTables:
    """The words of large leads, as a set of derived tables."""

    name = "lead_words"
    version = 1
    models = (LeadHead, LeadPair)

    def keeper(self, alias: str) -> LeadWordKeeper:
        """For one transaction."""
        return LeadWordKeeper(alias)

    def make(self, alias: str) -> None:
        """Make the tables anew."""
        for table in ("ledger_leadhead", "ledger_leadpair"):
            engine.run(alias, f"DELETE FROM {table}")
        for lead in _large(alias):
            _write(alias, lead, _text(alias, lead))

    def faults(self, alias: str) -> Iterator[str]:
        """The first lead whose words are taken apart otherwise than they stand, or that is none."""
        leads = _large(alias)
        heads = LeadHead.objects.using(alias).order_by("id").values_list("id", flat=True)
        owners = LeadPair.objects.using(alias).order_by("lead").values_list("lead", flat=True)
        if list(heads) != leads or list(owners.distinct()) != leads:
            yield "the lists have the words of other leads than the record"
            return
        for lead in leads:
            words = json.loads(_text(alias, lead))
            kept = LeadHead.objects.using(alias).get(id=lead).words
            stored = engine.stream(
                alias,
                f"SELECT {', '.join(PAIR_COLUMNS)} FROM ledger_leadpair "
                f"WHERE lead = {int(lead)} ORDER BY place",
            )
            if kept != _compact(_head(words)) or not _same(stored, _rows(lead, words)):
                yield f"the lists have the words of lead {lead} otherwise than the record"
                return


def _same(stored: Iterator[tuple[Any, ...]], expected: Iterator[tuple[Any, ...]]) -> bool:
    """Whether two runs of rows are alike; what is compressed is compared as it was before."""
    for wanted in expected:
        found = next(stored, None)
        if found is None or found[:-1] != wanted[:-1]:
            return False
        try:
            if zlib.decompress(found[-1]) != zlib.decompress(wanted[-1]):
                return False
        except (zlib.error, TypeError):
            return False
    return next(stored, None) is None


def _write(alias: str, lead: int, text: str) -> None:
    words = json.loads(text)
    engine.insert(alias, "ledger_leadhead", ("id", "words"), [(lead, _compact(_head(words)))])
    rows = _rows(lead, words)
    while part := list(islice(rows, WRITTEN_AT_ONCE)):
        engine.insert(alias, "ledger_leadpair", PAIR_COLUMNS, part)


def _forget(alias: str, leads: Sequence[int]) -> None:
    for model, column in ((LeadPair, "lead"), (LeadHead, "id")):
        rows = model.objects.using(alias).filter(**{f"{column}__in": list(leads)})
        rows._raw_delete(alias)


def _rows(lead: int, words: Words) -> Iterator[tuple[Any, ...]]:
    for place, link in enumerate(_ordered(words["links"])):
        line = _line(place, link)
        yield (
            lead,
            place,
            line.case_a,
            line.case_b,
            line.log10_lr,
            int(line.mandatory),
            zlib.compress(_compact(link).encode(), 1),
        )


def _line(place: int, link: Words) -> PairLine:
    return PairLine(
        place,
        link["case_a"],
        link["case_b"],
        float(link["log10_lr"]),
        bool(link.get("mandatory")),
    )


def _ordered(links: Sequence[Words]) -> list[Words]:
    return sorted(
        links,
        key=lambda link: (
            not link.get("mandatory"),
            -link["log10_lr"],
            link["case_a"],
            link["case_b"],
        ),
    )


def _head(words: Words) -> Words:
    """The words with few of their pairs."""
    ordered = _ordered(words["links"])
    least = sorted(
        (
            (term["log10_lr"], link["case_a"], link["case_b"], term["label"], place)
            for place, link in enumerate(ordered)
            for term in link["contributions"]
            if term["log10_lr"] < 0 and term["variable"] != RELATION
        )
    )[:AGAINST]
    shown = {*range(min(IN_FULL, len(ordered))), *(place for *_, place in least)}
    links = [ordered[place] for place in sorted(shown)]
    return {**words, "links": links, "links_total": len(ordered)}


def _content(store: Store, lead: int) -> Words | None:
    row = store.rows(Lead).filter(id=lead).first()
    if row is None:
        return None
    kept = store.rows(Content).filter(event_id=row.event_id, name=NAME).first()
    return None if kept is None else dict(json.loads(kept.value))


def _text(alias: str, lead: int) -> str:
    row = Lead.objects.using(alias).get(id=lead)
    return str(Content.objects.using(alias).get(event_id=row.event_id, name=NAME).value)


def _large(alias: str) -> list[int]:
    """The leads whose words are large and stand."""
    found = engine.every(
        alias,
        "SELECT l.id FROM ledger_content c JOIN ledger_lead l ON l.event_id = c.event_id "
        "WHERE c.name = %s AND length(c.value) > %s ORDER BY l.id",
        (NAME, LARGE),
    )
    return [int(number) for (number,) in found]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
