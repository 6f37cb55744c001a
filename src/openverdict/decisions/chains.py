"""What links hold together with the two records of a proposal, what accepting it would come to, and the leads that rest on it.

If A is taken for B and B for C, then A is C, though nobody compared the two. So whoever decides on one link sees all of its
chain, what speaks against it, and whether a link would be followed at all. Records on cases that they may not see are counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef

from openverdict.decisions.access import allowed
from openverdict.decisions.derived import LeadNow
from openverdict.decisions.guarding import look
from openverdict.decisions.linked import (
    cases_of,
    cases_of_proposal,
    contradictions_of,
    decided,
    group,
    links_of,
    proposal_row,
    touching,
)
from openverdict.decisions.listing import last_run
from openverdict.decisions.models import RecordPair
from openverdict.decisions.reach import reach
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.same_persons import RecordOf
from openverdict.decisions.showing import STRUCK_OUT
from openverdict.decisions.worklist import visible_leads
from openverdict.errors import InputError
from openverdict.identity import Clusters, Identity, Link, cluster
from openverdict.identity.clusters import Pair, SetAside
from openverdict.identity.run import ACCEPTED, SAID_TWO, UNREVIEWED, WHY
from openverdict.ledger.lead_words import NAME, lead_words
from openverdict.ledger.models import Content, Lead, LeadCase
from openverdict.ledger.store import Store
from openverdict.same_person import CODE

SHOWN = 100  # records of a chain, and leads; of more their number is given


@dataclass(frozen=True)
class LinkOf:
    """One link that counts today. `by`: who accepted it; None where the threshold of the house made it."""

    proposal: str | None
    one: RecordOf
    other: RecordOf
    probability: float
    by: str | None


@dataclass(frozen=True)
class NotFollowed:
    """A link that is not followed, between `one` and `other`, since it would join two others, and `why` they are two.

    A record on a case that the person may not see is None.
    """

    one: RecordOf | None
    other: RecordOf | None
    with_one: RecordOf | None
    with_other: RecordOf | None
    why: str


@dataclass(frozen=True)
class Chain:
    """What holds together with the records of a proposal today, and what accepting it would come to.

    `person`: the key under which the two are one person today, and `rests` by whose word (accepted, unreviewed); None where
    they are two. `records`: all that links connect with either, the two themselves at the head; `hidden`: how many more there
    are, on cases that the person may not see. `joined`, `joined_cases`: how many records of how many cases would be one person
    if the proposal were accepted; `hindrance`: why the link would not be followed then; `would_fall`: the links that count
    today and would not be followed any more. `may_decide`: the person may enter facts in every case of the chain, as accepting,
    rejecting and undoing ask.
    """

    person: str | None
    rests: str | None
    records: tuple[RecordOf, ...]
    hidden: int
    links: tuple[LinkOf, ...]
    set_aside: tuple[NotFollowed, ...]
    joined: int
    joined_cases: int
    hindrance: NotFollowed | None
    would_fall: tuple[NotFollowed, ...]
    may_decide: bool


@dataclass(frozen=True)
class RestingLead:
    """A lead of a run that tells of a person of this chain, and by whose word it is one (accepted, unreviewed, or both)."""

    number: int
    name: str
    cases: tuple[str, ...]
    by_word_of: tuple[str, ...]


@dataclass(frozen=True)
class Resting:
    """Those leads of the last run that tell of a person of the chain and may be seen. `run`: None where none has ended."""

    run: int | None
    leads: tuple[RestingLead, ...]
    more: bool


@look(Operation.VIEW, "proposal", cases_of_proposal, seen=True)
def chain(
    store: Store, proposal: str, *, user: str | None = None, access: Access = Access.YES
) -> Chain:
    """What links hold together with the two records of a proposal.

    Raises:
        InputError: there is none of this key, or it was erased.
    """
    row = _row(store, proposal)
    pair = (row.record_a, row.record_b)
    records = group(store, pair)
    links, against = links_of(store, records), contradictions_of(store, records)
    today = cluster(links, against)
    # A rejection of this very pair would have to be undone first.
    left = {each: why for each, why in against.items() if (each, why) != (pair, SAID_TWO)}
    own = Link(*pair, row.bits or 0.0, row.probability or 0.0, True)
    would = cluster([*(x for x in links if (x.a, x.b) != pair), own], left)

    told = _Told(store, user, records, redacted=access is Access.REDACTED)
    person = _holding(today, pair)
    joined = _holding(would, pair)
    stands_aside = {(x.link.a, x.link.b) for x in today.set_aside}
    fall = [x for x in would.set_aside if (x.link.a, x.link.b) not in {*stands_aside, pair}]
    hindering = next((x for x in would.set_aside if (x.link.a, x.link.b) == pair), None)
    first = {record: place for place, record in enumerate(pair)}
    listed = sorted(told.records, key=lambda record: (first.get(record, 2), record))
    return Chain(
        None if person is None else f"{_basis(person)}-{person.records[0]}",
        None if person is None else _basis(person),
        tuple(told.records[record] for record in listed[:SHOWN]),
        len(records) - min(len(listed), SHOWN),
        tuple(told.links(link for identity in today.identities for link in identity.links)),
        tuple(told.not_followed(x) for x in today.set_aside[:SHOWN]),
        0 if joined is None else len(joined.records),
        0 if joined is None else len({told.cases[r] for r in joined.records if r in told.cases}),
        None if hindering is None else told.not_followed(hindering),
        tuple(told.not_followed(x) for x in fall[:SHOWN]),
        _may_decide(store, user, cases_of(store, records)),
    )


@look(Operation.VIEW, "proposal", cases_of_proposal)
def leads_resting_on(store: Store, proposal: str, *, user: str | None = None) -> Resting:
    """The leads of the last run that tell of a person in whose chain the records of a proposal are, and by whose word.

    Raises:
        InputError: there is none of this key, or it was erased.
    """
    row, run = _row(store, proposal), last_run(store)
    if run is None:
        return Resting(None, (), False)
    records = group(store, (row.record_a, row.record_b))
    held = store.rows(LeadCase).filter(case_id__in=[row.case_a, row.case_b]).values("lead_id")
    within = reach(store, user, Operation.LIST, at=store.clock())
    visible = visible_leads(store, store.rows(LeadNow).filter(run=run), within).filter(id__in=held)
    leads = store.rows(Lead).filter(id__in=visible.values("id")).order_by("lead_id")
    telling = store.rows(Content).filter(name=NAME, value__contains=f'"{CODE}"')
    leads = leads.filter(Exists(telling.filter(event_id=OuterRef("event_id"))))
    found: list[RestingLead] = []
    for lead in leads.iterator():
        words = lead_words(store, int(lead.id)) or {"reasons": []}
        text = " ".join(each["text"] for each in words["reasons"] if each["code"] == CODE)
        bases = _bases_in(text, records)
        if bases:
            cases = store.rows(LeadCase).filter(lead_id=lead.id).order_by("id")
            listed = tuple(cases.values_list("case_id", flat=True))
            found.append(RestingLead(int(lead.id), lead.lead_id, listed, bases))
        if len(found) > SHOWN:
            break
    return Resting(run, tuple(found[:SHOWN]), len(found) > SHOWN)


class _Told:
    """Records and links in words, for a person: those on cases that they may see."""

    def __init__(
        self, store: Store, user: str | None, records: Collection[str], *, redacted: bool
    ) -> None:
        every: dict[str, RecordOf] = {}
        self._proposals: dict[Pair, str] = {}
        for row in touching(store.rows(RecordPair), records):
            every[row.record_a] = RecordOf(row.case_a, row.role_a, row.source_a, row.number_a)
            every[row.record_b] = RecordOf(row.case_b, row.role_b, row.source_b, row.number_b)
            self._proposals[row.record_a, row.record_b] = row.proposal
        every = {record: each for record, each in every.items() if record in records}
        self.cases = {record: each.case for record, each in every.items()}
        seen = allowed(store, user or "", Operation.VIEW, self.cases.values(), at=store.clock())
        self.records = {record: each for record, each in every.items() if each.case in seen}
        if redacted:
            self.records = {
                record: replace(each, record_id=STRUCK_OUT) for record, each in self.records.items()
            }
        self._decided: Mapping[Pair, Any] = decided(store, records)

    def links(self, links: Iterable[Link]) -> list[LinkOf]:
        """Those both of whose records may be seen."""
        found = []
        for link in sorted(links):
            one, other = self.records.get(link.a), self.records.get(link.b)
            if one is None or other is None:
                continue
            pair = (link.a, link.b)
            by = self._decided[pair].user if link.accepted else None
            found.append(
                LinkOf(self._proposals.get(pair) or None, one, other, link.probability, by)
            )
        return found[:SHOWN]

    def not_followed(self, aside: SetAside) -> NotFollowed:
        """A link that was set aside, and what it would have brought together."""
        sides = (aside.link.a, aside.link.b, aside.one, aside.other)
        one, other, with_one, with_other = (self.records.get(record) for record in sides)
        return NotFollowed(one, other, with_one, with_other, WHY[aside.why])


def _may_decide(store: Store, user: str | None, cases: set[str]) -> bool:
    return allowed(store, user or "", Operation.ENTER_FACTS, cases, at=store.clock()) == cases


def _row(store: Store, proposal: str) -> RecordPair:
    row = proposal_row(store, proposal)
    if row is None:
        raise InputError(f"proposal {proposal}: there is none of this key, or it was erased")
    return row


def _holding(clusters: Clusters, pair: Pair) -> Identity | None:
    """The identity in which both records are."""
    return next((x for x in clusters.identities if set(pair) <= set(x.records)), None)


def _basis(identity: Identity) -> str:
    return ACCEPTED if identity.accepted else UNREVIEWED


def _bases_in(text: str, records: Collection[str]) -> tuple[str, ...]:
    """By whose word the persons of these records are one, as a lead tells of them."""
    return tuple(
        basis
        for basis in (ACCEPTED, UNREVIEWED)
        if any(f"{basis}-{record} (" in text for record in records)
    )
