"""Events: every class reads back from its bytes, refuses what does not belong, and keeps its form for good."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openverdict.errors import InputError
from openverdict.ledger.canonical import canonical_bytes, parse_canonical
from openverdict.ledger.commitment import commit, commitment
from openverdict.ledger.events import (
    Act,
    CaseViewed,
    DecisionRecorded,
    LeadShown,
    Rows,
    event,
    events_table,
    from_body,
    moment_text,
    registry,
)
from openverdict.ledger.events.base import Event

# What each event carried when it was first published. An old form never changes: a new one is a new version, and a new line.
FORMS = Path(__file__).parent / "data" / "event_forms.json"
AT = datetime(2026, 1, 31, 8, 0, 0, 5, tzinfo=UTC)
COMMON: dict[str, Any] = {"actor": "user:1", "at": AT, "purpose": "review"}

hexadecimal = st.integers(0, 2**256 - 1).map("{:064x}".format)
moments = st.datetimes(timezones=st.just(UTC))
# By the name of the form in the documentation, and not by the code that checks it.
values = {
    "key": st.sampled_from(["case 14/2034", "é", "user:1", "x" * 300]),
    "code": st.sampled_from(["review", "v1.2", "0.1.0+local", "note_unverified"]),
    "SHA-256": hexadecimal,
    "commitment": hexadecimal,
    "number": st.sampled_from(["0.0", "12.5", "-3.25", "1e-07"]),
    "day or time": st.sampled_from(["2014-06-19", "2014-06-19T04:18", "2014-06-19T04:18:00Z"]),
    "verifier key": st.just("example.org/log+0a1b2c3d+AQID"),
    "count": st.integers(0, 2**53 - 1),
    "yes or no": st.booleans(),
    "time, UTC": moments,
    "rows": st.builds(
        Rows,
        st.sampled_from(["fact", "ledger.content"]),
        st.integers(0, 9),
        hexadecimal,
        st.booleans(),
    ),
}


def made_of(name: str) -> st.SearchStrategy:
    if name.startswith("list of: "):
        return st.lists(made_of(name.removeprefix("list of: ")), max_size=3).map(tuple)
    if name.endswith(", or none"):
        return st.none() | made_of(name.removesuffix(", or none"))
    return values[name]


def events(cls: type[Event]) -> st.SearchStrategy[Event]:
    return st.builds(cls, **{name: made_of(codec.name) for name, codec in cls.codecs.items()})


CLASSES = sorted(registry().items())
IDS = [f"{kind}-{version}" for (kind, version), _ in CLASSES]


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=IDS)
@settings(max_examples=10)
@given(data=st.data())
def test_an_event_reads_back_from_its_bytes(name, cls, data):
    one = data.draw(events(cls))
    assert (one.kind, one.version) == name
    assert from_body(parse_canonical(one.to_bytes())) == one


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=IDS)
def test_an_event_says_what_it_means(name, cls):
    assert (cls.__doc__ or "").endswith(".")
    assert "(" + cls.__name__ not in (cls.__doc__ or ""), "the docstring is the one dataclass makes"


@pytest.mark.parametrize(("name", "cls"), CLASSES, ids=IDS)
def test_no_event_has_room_for_prose_or_for_a_value_of_a_record(name, cls):
    for codec in cls.codecs.values():
        form = codec.name.removeprefix("list of: ").removesuffix(", or none")
        assert form in values, f"{form}: a form that this test does not know"


def test_every_event_keeps_the_form_it_was_published_with():
    listed = json.loads(FORMS.read_text(encoding="utf-8"))
    now = {
        f"{kind} {version}": {
            "act": cls.act.value,
            "carries": {field: codec.name for field, codec in sorted(cls.codecs.items())},
        }
        for (kind, version), cls in CLASSES
    }
    changed = [name for name in listed if listed[name] != now.get(name)]
    assert changed == [], "an old form was changed: make a new class with the next version"
    assert set(now) == set(listed), f"a new event: add its form to {FORMS.name}"


def test_each_of_the_six_acts_has_its_events():
    assert {cls.act for _, cls in CLASSES} == set(Act)
    assert len(Act) == 6


def test_a_body_is_what_the_documentation_shows():
    viewed = CaseViewed(**COMMON, case="c1", part="toxicology")
    assert viewed.to_bytes() == (
        b'{"act":"consultation","actor":"user:1","at":"2026-01-31T08:00:00.000005Z",'
        b'"data":{"case":"c1","part":"toxicology","snapshot":null},"kind":"case_viewed",'
        b'"purpose":"review","rows":[],"v":1}'
    )


def test_times_are_kept_in_utc():
    summer = datetime(2026, 7, 1, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert moment_text(summer) == "2026-07-01T09:00:00.000000Z"
    with pytest.raises(InputError, match="time zone"):
        moment_text(datetime(2026, 7, 1, 10, 0))


def test_an_event_cannot_be_changed_after_it_was_made():
    viewed = CaseViewed(**COMMON, case="c1", part="all")
    with pytest.raises(FrozenInstanceError):
        viewed.case = "c2"  # type: ignore[misc]
    assert replace(viewed, case="c2").case == "c2"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("actor", "", "actor"),
        ("actor", " padded", "actor"),
        ("actor", "two\nlines", "actor"),
        ("actor", 7, "actor"),
        ("purpose", "because I felt like it", "purpose"),
        ("at", datetime(2026, 1, 1), "zone"),
        ("at", "2026-01-01", "zone"),
        ("cases", ["c1"], "tuple"),
        ("cases", ("c1", ""), "cases"),
        ("snapshot", "0" * 63, "snapshot"),
        ("snapshot", "A" * 64, "snapshot"),
        ("snapshot", None, "snapshot"),
        ("ratio_shown", 1, "neither true nor false"),
        ("rows", (Rows("fact", -1, "0" * 64, True),), "count"),
        ("rows", (Rows("FACT", 1, "0" * 64, True),), "table"),
    ],
)
def test_what_does_not_fit_a_field_is_refused_when_the_event_is_made(field, value, says):
    good: dict[str, Any] = {
        **COMMON,
        "run": "r1",
        "lead": "l1",
        "cases": ("c1",),
        "ratio_shown": True,
        "snapshot": "0" * 64,
    }
    LeadShown(**good)
    with pytest.raises(InputError, match=says):
        LeadShown(**{**good, field: value})


def _body() -> dict:
    return CaseViewed(**COMMON, case="c1", part="all").to_body()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda b: b.update(kind="case_forgotten"), "not known here"),
        (lambda b: b.update(v=2), "not known here"),
        (lambda b: b.update(v=True), "not known here"),
        (lambda b: b.update(kind=["case_viewed"]), "not known here"),
        (lambda b: b.update(act="erasure"), "its act is consultation"),
        (lambda b: b.update(extra=1), "parts of an event"),
        (lambda b: b.pop("actor"), "parts of an event"),
        (lambda b: b.update(data=[]), "parts of an event"),
        (lambda b: b["data"].update(more=1), "more"),
        (lambda b: b["data"].pop("case"), "case"),
        (lambda b: b["data"].update(actor="user:1"), "twice"),
        (lambda b: b.update(at="2026-01-31T08:00:00Z"), "microseconds"),
        (lambda b: b.update(at=None), "microseconds"),
        (lambda b: b.update(rows={}), "list"),
        (lambda b: b.update(rows=[{"table": "fact"}]), "table, count, hash and salted"),
    ],
)
def test_a_body_that_is_not_exactly_an_event_is_refused(change, says):
    body = _body()
    from_body(body)
    change(body)
    with pytest.raises(InputError, match=says):
        from_body(body)


def test_two_classes_cannot_have_one_name_and_version():
    class CaseViewed(Event):
        """Another."""

    with pytest.raises(TypeError, match="two events of kind case_viewed"):
        event(Act.CONSULTATION)(CaseViewed)


def test_the_table_of_the_documentation_holds_every_event_under_its_act():
    table = events_table()
    for (kind, _), cls in CLASSES:
        section = table.split(f"## {cls.act.value.capitalize()}\n")[1].split("\n## ")[0]
        assert f"| `{kind}` |" in section
        assert all(
            f"`{name}` (" in section for name in cls.codecs if name not in COMMON | {"rows": 0}
        )


# --- Commitments ---


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_commitment_is_opened_by_its_salt_and_text_and_by_nothing_else(text):
    opening = commit(text)
    committed = opening.commitment
    assert opening.opens(committed)
    assert not replace(opening, value=text + "!").opens(committed)
    assert not commit(text).opens(committed)  # the same text under another salt
    assert len(opening.salt) == 32


def test_a_commitment_is_the_hash_of_salt_and_canonical_text():
    import hashlib

    salt = bytes(range(32))
    assert commitment(salt, "né") == hashlib.sha256(salt + '"né"'.encode()).hexdigest()
    assert (
        commitment(salt, {"b": 1, "a": None})
        == hashlib.sha256(salt + b'{"a":null,"b":1}').hexdigest()
    )


def test_a_short_salt_is_refused():
    with pytest.raises(InputError, match="32 bytes"):
        commitment(b"salt", "text")


def test_an_event_keeps_its_bytes_when_what_it_speaks_of_is_erased():
    opening = commit("The sister says that he never took drugs.")
    one = DecisionRecorded(
        **COMMON, decision="d1", subject_kind="pair", subject="c1|c2", cases=("c1", "c2"),
        conclusion="possibly", reasons=("same_micro_place",), text=opening.commitment,
        snapshot="0" * 64, second_needed=True,
    )  # fmt: skip
    data = one.to_bytes()
    assert b"sister" not in data
    assert opening.salt.hex().encode() not in data
    assert canonical_bytes(from_body(json.loads(data)).to_body()) == data
