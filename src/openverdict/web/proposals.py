"""Proposals that records are of one person, on pages: their words, and which part of an address says in which queue one is."""

from __future__ import annotations

from dataclasses import asdict
from math import log10
from typing import Any

from openverdict.decisions.chains import Chain, NotFollowed, Resting
from openverdict.decisions.linked import ACCEPTED, REJECTED
from openverdict.decisions.same_persons import (
    BELOW,
    HELD_BACK,
    OVER,
    UNDECIDED,
    ProposalFilter,
    ProposalLine,
    RecordOf,
)
from openverdict.identity.propose import SAME_DEATH, SAME_PERSON
from openverdict.identity.weighed import BESIDE, Weighed, weighed
from openverdict.reports.words import two_figures, verbal_scale
from openverdict.web.addresses import address
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Kind

ALL = "all"
MOST_TIMES = 20.0  # bits: beyond about a million times no figure is given
KINDS = (
    (SAME_DEATH, "the same death in two systems"),
    (SAME_PERSON, "the same person in two roles"),
)
SAYS = (
    (OVER, "over the threshold of the comparison"),
    (HELD_BACK, "held back by a rule"),
    (BELOW, "below the threshold"),
)
STATUS = ((UNDECIDED, "waiting"), (ACCEPTED, "accepted"), (REJECTED, "rejected"), (ALL, "all"))
BY_WORD_OF = {
    ACCEPTED: "people accepted it",
    "unreviewed": "the threshold of the house lets it, and nobody has looked",
}
CHOSEN = (
    Field("case", "Case", required=False, longest=200),
    Field("kind", "What it would be", Kind.PICK, required=False, choices=KINDS),
    Field("says", "What the comparison says", Kind.PICK, required=False, choices=SAYS),
    Field("status", "Status: waiting, unless", Kind.PICK, required=False, choices=STATUS),
)


def asked_for(ask: Ask) -> ProposalFilter:
    """What the address asks for."""
    status = ask.query["status"] or UNDECIDED
    return ProposalFilter(
        outcome=None if status == ALL else status,
        case=ask.query["case"] or None,
        kind=ask.query["kind"] or None,
        says=ask.query["says"] or None,
    )


def kept(ask: Ask) -> dict[str, Any]:
    """The part of the address that says which queue somebody is in."""
    return {each.name: ask.query[each.name] for each in CHOSEN if ask.query[each.name]}


def record_words(record: RecordOf) -> str:
    """A record in words: finder of case B (police R-17)."""
    return f"{role_words(record.role)} of case {record.case} ({record.source} {record.record_id})"


def role_words(role: str) -> str:
    """A role as people say it."""
    return "dead person" if role == "decedent" else role.replace("_", " ")


def row_of(line: ProposalLine) -> dict[str, Any]:
    """A proposal as a line of a list."""
    says = OVER if line.over else HELD_BACK if line.held_back else BELOW
    sides = {
        f"{name}_{side}": getattr(record, name)
        for side, record in (("one", line.one), ("other", line.other))
        for name in ("case", "role", "source", "record_id")
    }
    return {
        "proposal": line.proposal,
        "kind": line.kind,
        "one": record_words(line.one),
        "other": record_words(line.other),
        **sides,
        "cases": sorted({line.one.case, line.other.case}),
        "probability": line.probability,
        "says": says,
        "says_words": dict(SAYS)[says],
        "held_back": line.held_back,
        "status": "waiting" if line.stands is None else line.stands,
        "by": line.by,
    }


def fields_of(why: str) -> list[dict[str, Any]]:
    """What every field weighs, in words and numbers; what stands beside the fields is left out."""
    return [
        {
            "field": each.name,
            "label": (each.label or "other").capitalize(),
            "words": each.words,
            "speaks": _speaks(each),
            "bits": each.bits,
            "likelihood_ratio": None if each.bits is None else float(f"{2**each.bits:.3g}"),
            "times": times_words(each.bits),
            "strength": strength_words(each.bits),
        }
        for each in weighed(why)
        if each.name not in BESIDE
    ]


def beside(why: str) -> dict[str, float]:
    """Bits of what stands beside the fields: how rare one person is, and what is taken off since relatives look so."""
    return {each.name: each.bits for each in weighed(why) if each.name in BESIDE and each.bits is not None}  # fmt: skip


def times_words(bits: float | None) -> str:
    """A likelihood ratio in words: how much likelier such an agreement is of one person than of two, or the other way round."""
    if bits is None:
        return "weighs nothing"
    if abs(bits) < 0.05:
        return "as likely of one person as of two"
    many = "over a million" if abs(bits) > MOST_TIMES else f"about {two_figures(2 ** abs(bits))}"
    return f"{many} times likelier of {'one person' if bits > 0 else 'two people'}"


def strength_words(bits: float | None) -> str:
    """The verbal scale's words for a log2 likelihood ratio."""
    if bits is None:
        return "no support either way"
    size = abs(bits) * log10(2)
    steps = verbal_scale()[1]
    index = max(place for place, step in enumerate(steps) if size >= log10(step.from_ratio) - 1e-12)
    if not index:
        return steps[0].words
    return f"{steps[index].words} for {'one person' if bits > 0 else 'two people'}"


def chain_of(found: Chain) -> dict[str, Any]:
    """A chain as data."""
    return {
        "person": found.person,
        "by_word_of": None if found.rests is None else BY_WORD_OF[found.rests],
        "records": [{**asdict(each), "words": record_words(each)} for each in found.records],
        "hidden": found.hidden,
        "links": [
            {
                "proposal": each.proposal,
                "one": record_words(each.one),
                "other": record_words(each.other),
                "probability": each.probability,
                "by": each.by or "the threshold of the house",
                "to": each.proposal and address("persons.one", proposal=each.proposal),
            }
            for each in found.links
        ],
        "not_followed": [aside_words(each) for each in found.set_aside],
        "joined": found.joined,
        "joined_cases": found.joined_cases,
        "hindrance": None if found.hindrance is None else aside_words(found.hindrance),
        "would_fall": [aside_words(each) for each in found.would_fall],
    }


def aside_words(aside: NotFollowed) -> str:
    """A link that is not followed, in a sentence."""
    sides = [
        "a record on a case that you may not see" if each is None else record_words(each)
        for each in (aside.one, aside.other, aside.with_one, aside.with_other)
    ]
    one, other, with_one, with_other = sides
    return f"{one} with {other}: it would join {with_one} and {with_other}, and {aside.why}"


def leads_of(found: Resting) -> list[dict[str, Any]]:
    """The leads that tell of such a person."""
    return [
        {
            "lead": each.name,
            "number": each.number,
            "cases": list(each.cases),
            "by_word_of": " and ".join(BY_WORD_OF[word] for word in each.by_word_of),
            "to": address("leads.lead", lead=each.number),
        }
        for each in found.leads
    ]


def _speaks(each: Weighed) -> str:
    if each.bits is None:
        return "not compared"
    if each.differs:
        return "differs"
    return "agrees" if each.bits > 0 else "agrees in part"
