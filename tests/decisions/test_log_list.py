"""The log as a list: every filter gives what going through all entries gives; the proof of an entry holds by hashing alone."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from openverdict.decisions import accounts
from openverdict.decisions.access import AccessError
from openverdict.decisions.log_list import LogFilter, list_entries, prove_entry
from openverdict.errors import InputError
from openverdict.ledger.events import FactsRecorded, LogInspected
from openverdict.ledger.models import Case, Event
from openverdict.ledger.verifying import Outcome, verify


@pytest.fixture
def busy(filled, clock):
    """A log of many kinds, by several people, about several cases."""
    dice = random.Random(2)
    for number in range(30):
        with filled.writing(dice.choice(["a.clerk", "b.clerk"]), "intake") as writer:
            for name in dice.sample("ABCD", dice.randrange(1, 4)):
                case = f"{name}-{number}"
                writer.record(FactsRecorded, [Case(case_id=case)], facts=0, cases=1, case=case)
                writer.record(LogInspected, first=0, last=1)
        clock.now += timedelta(hours=dice.randrange(1, 9))
    read(filled, LogFilter(), size=1)  # says once that the store has no accounts
    return filled


def going_through(store, chosen, before_entry):
    """All entries that fit, the newest first: the oracle."""
    found = []
    for row in store.rows(Event).filter(seq__lt=before_entry).order_by("-seq"):
        said = json.loads(row.body)
        at = datetime.fromisoformat(said["at"])
        fits = (
            chosen.act in (None, said["act"])
            and chosen.kind in (None, said["kind"])
            and chosen.actor in (None, said["actor"])
            and chosen.case in (None, said["data"].get("case"))
            and (chosen.since is None or at >= chosen.since)
            and (chosen.until is None or at <= chosen.until)
        )
        if fits:
            found.append(row.seq)
    return found


def read(store, chosen, **more):
    with store.writing("an.auditor", "audit") as writer:
        return list_entries(store, writer, chosen, **more)


def test_every_filter_gives_what_going_through_all_entries_gives(busy, clock):
    moments = [datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC)]
    filters = [
        LogFilter(),
        LogFilter(act="consultation"),
        LogFilter(kind="facts_recorded"),
        LogFilter(kind="facts_recorded", act="consultation"),
        LogFilter(actor="b.clerk"),
        LogFilter(actor="b.clerk", act="collection"),
        LogFilter(actor="nobody"),
        LogFilter(case="A-3"),
        LogFilter(case="A", actor="a.clerk", kind="fact_superseded"),
        LogFilter(since=moments[0], until=moments[1]),
        LogFilter(since=moments[0], kind="log_inspected", actor="a.clerk"),
        LogFilter(until=datetime(2020, 1, 1, tzinfo=UTC)),
        LogFilter(since=datetime(2030, 1, 1, tzinfo=UTC)),
    ]
    for chosen in filters:
        size = busy.size()
        wanted = going_through(busy, chosen, size)
        page = read(busy, chosen, size=7)
        assert page.size == size
        pages = [page]
        while pages[-1].older is not None:
            pages.append(read(busy, chosen, before=pages[-1].older, size=7))
        got = [[line.entry for line in each.lines] for each in pages]
        assert [entry for part in got for entry in part] == wanted, chosen
        back = [pages[-1]]
        while back[0].newer is not None and len(back) < len(pages):
            back.insert(0, read(busy, chosen, after=back[0].newer, size=7))
        assert [[line.entry for line in each.lines] for each in back] == got, chosen
    assert verify(busy).outcome is Outcome.INTACT


def test_a_line_says_what_its_entry_says_and_reading_it_is_an_entry(busy):
    before = busy.size()
    page = read(busy, LogFilter(case="A"), size=500)
    for line in page.lines:
        said = json.loads(busy.rows(Event).get(seq=line.entry).body)
        assert (line.act, line.kind, line.at, line.actor, line.purpose, line.data) == (
            said["act"], said["kind"], said["at"], said["actor"], said["purpose"], said["data"],
        )  # fmt: skip
    last = json.loads(busy.rows(Event).get(seq=before).body)
    entries = [line.entry for line in page.lines]
    assert (last["kind"], last["data"]) == (
        "log_inspected", {"first": min(entries), "last": max(entries)},
    )  # fmt: skip
    assert busy.size() == before + 1


def test_an_entry_is_proven_by_hashing_alone(busy):
    for entry in (0, 1, 17, busy.size() - 1):
        proof = prove_entry(busy, entry)
        assert proof.holds
        value, number, last = sha256(b"\x00" + proof.body.encode()).digest(), entry, proof.size - 1
        assert value.hex() == proof.leaf
        for step in map(bytes.fromhex, proof.path):  # RFC 9162, section 2.1.3.2
            if number & 1 or number == last:
                value = sha256(b"\x01" + step + value).digest()
                while not number & 1 and number:
                    number, last = number >> 1, last >> 1
            else:
                value = sha256(b"\x01" + value + step).digest()
            number, last = number >> 1, last >> 1
        assert value.hex() == proof.root
        if proof.note is not None:
            assert proof.note.splitlines()[1] == str(proof.size)
            assert proof.size > entry
    assert prove_entry(busy, 0).note is not None
    assert prove_entry(busy, busy.size() - 1).note is None
    with pytest.raises(InputError, match="the log has those from 0 to"):
        prove_entry(busy, busy.size())


@pytest.mark.parametrize(
    ("chosen", "more", "says"),
    [
        ({"act": "reading"}, {}, "one of: collection"),
        ({"kind": "nonsense"}, {}, "no entry is of this kind"),
        ({}, {"size": 0}, "give 1 to"),
        ({}, {"before": 3, "after": 3}, "one of the two"),
    ],
)
def test_what_cannot_be_chosen_is_refused(filled, chosen, more, says):
    with pytest.raises(InputError, match=says):
        read(filled, LogFilter(**chosen), **more)


def test_only_who_inspects_the_log_may_list_it_or_have_a_proof(filled):
    with filled.writing("openverdict", "administration") as writer:
        accounts.found(filled, writer, "root")
    with pytest.raises(AccessError):
        prove_entry(filled, 0, user="root")
    with pytest.raises(AccessError), filled.writing("root", "audit") as writer:
        list_entries(filled, writer)
