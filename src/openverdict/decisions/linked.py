"""What stands of persons taken to be one: links, what contradicts them, and the facts that follow from both.

A link that a person accepted counts, and where the house has said so one over its threshold as well. Facts of the field
`persons` follow from the links that stand, and are superseded when the links change: nothing is merged, and records stay as
their systems have them. Nobody is asked here who may; only this room calls it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions.models import (
    IdentityComparison,
    IdentityDecision,
    IdentityThreshold,
    RecordPair,
)
from openverdict.decisions.readings import standing_facts
from openverdict.decisions.taking import register_time
from openverdict.identity import Clusters, Link, cluster
from openverdict.identity.clusters import Identity, Pair
from openverdict.identity.run import ACCEPTED as BY_A_PERSON
from openverdict.identity.run import SAID_TWO
from openverdict.identity.run import UNREVIEWED as BY_THRESHOLD
from openverdict.ledger import entering
from openverdict.ledger.models import Case, Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

PERSONS = "persons"
ORIGIN = "identity "  # what the source of every fact begins with that follows from a link
ACCEPTED, REJECTED, UNDONE = "accepted", "rejected", "undone"
AT_ONCE = 400
Place = tuple[str, str]  # case and role of a record


@dataclass(frozen=True)
class Settled:
    """The facts that came and went with a change of links, and the links of these records that were not followed."""

    entered: int
    superseded: int
    clusters: Clusters


def newest(store: Store) -> IdentityComparison | None:
    """The comparison that was taken in last."""
    row: IdentityComparison | None = store.rows(IdentityComparison).order_by("-id").first()
    return row


def threshold(store: Store) -> float | None:
    """From which probability on pairs count that nobody decided on; None: none of them does."""
    row = store.rows(IdentityThreshold).order_by("-id").first()
    return None if row is None else row.least


def decided(store: Store, records: Collection[str] | None = None) -> dict[Pair, IdentityDecision]:
    """What stands, accepted or rejected, on pairs with one of these records, or on all."""
    newer = store.rows(IdentityDecision).filter(
        record_a=OuterRef("record_a"), record_b=OuterRef("record_b"), id__gt=OuterRef("id")
    )
    rows = store.rows(IdentityDecision).exclude(outcome=UNDONE).exclude(Exists(newer))
    return {(row.record_a, row.record_b): row for row in touching(rows, records)}


def group(store: Store, records: Iterable[str]) -> set[str]:
    """All records that links connect with these, themselves included."""
    found: set[str] = set()
    left = set(records)
    while left:
        found |= left
        left = {end for link in links_of(store, left) for end in (link.a, link.b)} - found
    return found


def proposal_row(store: Store, proposal: str) -> RecordPair | None:
    """What is known of a proposal, as it was taken in last; None where there is none, or it was erased."""
    rows = store.rows(RecordPair).filter(proposal=proposal, probability__isnull=False)
    row: RecordPair | None = rows.order_by("-id").first()
    return row


def cases_of_proposal(store: Store, proposal: str) -> tuple[str, ...]:
    """The cases, one or two, whose records a proposal is of."""
    row = store.rows(RecordPair).filter(proposal=proposal).order_by("-id").first()
    return () if row is None else tuple(sorted({row.case_a, row.case_b}))


def cases_of(store: Store, records: Collection[str]) -> set[str]:
    """The cases in which these records are."""
    return {case for case, _ in places_of(store, records).values()}


def settle(store: Store, writer: Writer, records: Collection[str] | None = None) -> Settled:
    """Let the facts of the field `persons` be what the links between these records, or all, come to.

    `records` have to be all that links connect or connected with each other. Facts that others entered stay as they are.
    """
    writer.flush()
    links = links_of(store, records)
    within = {end for link in links for end in (link.a, link.b)} if records is None else records
    clusters = cluster(links, contradictions_of(store, within))
    places = places_of(store, within)
    wanted = _wanted(store, clusters.identities, places)
    cases = {case for case, _ in wanted} | {case for case, _ in places.values()}
    held = {
        (fact.case_id, str(fact.value)): fact
        for fact in _own_facts(store, None if records is None else cases)
        if records is None or str(fact.value).rpartition("-")[2] in within
    }
    gone = [fact for key, fact in held.items() if key not in wanted]
    for fact in gone:
        entering.correct_fact(
            store, writer, int(fact.id), _nothing(writer, fact), "identity_changed"
        )
    new: dict[str, list[CaseFact]] = defaultdict(list)
    at = register_time(writer)
    for case, value in sorted(set(wanted) - set(held)):
        source = wanted[case, value]
        new[case].append(
            CaseFact(case, PERSONS, value, Status.RECORDED, at, at, source, writer.actor)
        )
    for facts in new.values():
        entering.enter_facts(store, writer, facts)
    writer.flush()
    return Settled(sum(map(len, new.values())), len(gone), clusters)


def links_of(store: Store, records: Collection[str] | None) -> list[Link]:
    """The links with one of these records, or all: accepted ones, and those over the threshold of the house, if it has one."""
    said = decided(store, records)
    found: dict[Pair, Link] = {}
    comparison, least = newest(store), threshold(store)
    if comparison is not None:
        rows = store.rows(RecordPair).filter(comparison=comparison.id, probability__isnull=False)
        for row in touching(rows, records):
            pair = (row.record_a, row.record_b)
            accepted = pair in said and said[pair].outcome == ACCEPTED
            over = pair not in said and row.over and least is not None and row.probability >= least
            if accepted or over:
                found[pair] = Link(*pair, row.bits, row.probability, accepted)
    for pair, row in said.items():
        if row.outcome == ACCEPTED and pair not in found:
            found[pair] = Link(*pair, 0.0, row.probability or 0.0, True)
    return [found[pair] for pair in sorted(found)]


def contradictions_of(store: Store, records: Collection[str]) -> dict[Pair, str]:
    """Pairs of these records that cannot be one person, by what was compared last or by what a person said."""
    found: dict[Pair, str] = {}
    comparison = newest(store)
    if comparison is not None:
        rows = store.rows(RecordPair).filter(comparison=comparison.id, contradiction__isnull=False)
        found = {(row.record_a, row.record_b): row.contradiction for row in touching(rows, records)}
    for pair, row in decided(store, records).items():
        if row.outcome == REJECTED:
            found[pair] = SAID_TWO
    return found


def _wanted(
    store: Store, identities: Iterable[Identity], places: dict[str, Place]
) -> dict[tuple[str, str], str]:
    """(case, role:key) of every person who stands in several cases of the store, with what it rests on."""
    comparison = newest(store)
    said = (
        "" if comparison is None else f", comparison {comparison.id}, model {comparison.model[:12]}"
    )
    known = _known(store, {case for case, _ in places.values()})
    found: dict[tuple[str, str], str] = {}
    for identity in identities:
        there = [places[record] for record in identity.records if record in places]
        there = [place for place in there if place[0] in known]
        if len({case for case, _ in there}) < 2:
            continue
        basis = BY_A_PERSON if identity.accepted else BY_THRESHOLD
        key = f"{basis}-{identity.records[0]}"
        rests = (
            "accepted by a person"
            if identity.accepted
            else f"over the threshold, lowest probability {identity.probability:.4f}"
        )
        for case, role in there:
            found[case, f"{role}:{key}"] = f"{ORIGIN}{rests}{said}"
    return found


def places_of(store: Store, records: Collection[str]) -> dict[str, Place]:
    """Case and role of each record, as it was taken in last."""
    found: dict[str, Place] = {}
    wanted = set(records)
    for row in touching(store.rows(RecordPair), records):
        for record, case, role in (
            (row.record_a, row.case_a, row.role_a),
            (row.record_b, row.case_b, row.role_b),
        ):
            if record in wanted:
                found[record] = (case, role)
    return found


def _own_facts(store: Store, cases: Collection[str] | None) -> list[Fact]:
    """The facts that stand and follow from links, of these cases or of all."""
    if cases is None:
        rows = store.rows(Fact).filter(field=PERSONS, origin__startswith=ORIGIN)
        cases = set(rows.values_list("case_id", flat=True))
    found: list[Fact] = []
    for part in _parts(cases):
        found += [
            fact
            for fact in standing_facts(store, part, (PERSONS,))
            if (fact.origin or "").startswith(ORIGIN) and fact.status == Status.RECORDED
        ]
    return found


def _nothing(writer: Writer, fact: Fact) -> CaseFact:
    """What stands in the place of a fact that follows no more, from now on: what was believed on earlier days stays."""
    at, source = register_time(writer), f"{ORIGIN}taken back, fact {fact.id}"
    return CaseFact(fact.case_id, PERSONS, None, Status.NOT_RECORDED, at, at, source, writer.actor)


def _known(store: Store, cases: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in _parts(cases):
        found.update(store.rows(Case).filter(case_id__in=part).values_list("case_id", flat=True))
    return found


def touching(rows: Any, records: Collection[str] | None) -> Iterator[Any]:
    """Rows of pairs with one of these records, or all, each once, in the order of their numbers."""
    if records is None:
        yield from rows.order_by("id").iterator()
        return
    found: dict[int, Any] = {}
    for part in _parts(records):
        either = rows.filter(Q(record_a__in=part) | Q(record_b__in=part))
        found |= {row.id: row for row in either}
    for number in sorted(found):
        yield found[number]


def _parts(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
