"""An answer about the past never changes, whatever is corrected, comes late or is erased around it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from openverdict.cases import FACTS_SCHEMA, Register, Status
from openverdict.cases import Fact as CaseFact
from openverdict.ledger.entering import correct_fact, enter_facts
from openverdict.ledger.facts import AsOf, read_store
from openverdict.ledger.models import Fact
from openverdict.ledger.store import open_store
from openverdict.ledger.verifying import Outcome, verify

CASES = ("A", "B", "C")
VALUES = {
    "age_years": ("22", "23", "34"),
    "found_place": ("a wall", "an entrance"),
    "substances_detected": ("ghb", "alcohol", "none", "ghb;alcohol"),
    "found_at": ("2014-06-19", "2014-06-20T04:18", "2014-08-28"),
}
FIRST = date(2014, 6, 1)
DAYS = [FIRST + timedelta(days=n) for n in (0, 18, 20, 40, 80, 120)]
LAST = DAYS[-1]
days = st.sampled_from(DAYS)
moments = st.sampled_from([datetime.combine(day, datetime.min.time()) for day in DAYS])
said = st.sampled_from([(f, v) for f, values in VALUES.items() for v in values])


class History(RuleBasedStateMachine):
    """Facts entered, late, corrected, withdrawn; questions asked on both axes, and asked again after every step."""

    new_url = staticmethod(str)  # given by the test, for each engine

    def __init__(self):
        super().__init__()
        self.url = self.new_url()
        self.moment = datetime(2024, 1, 1, tzinfo=UTC)
        self.store = self.open()
        self.asked: dict[AsOf, str] = {}
        self.model: list[
            tuple
        ] = []  # number, case, field, value, status, known_from, when, supersedes

    def open(self):
        return open_store(self.url, environment={}, clock=lambda: self.moment)

    def teardown(self):
        self.store.close()

    def fact(self, case, what, known):
        return CaseFact(case, what[0], what[1], Status.RECORDED, known, None, "test", "t")

    def note(self, numbers, facts, supersedes=None):
        for number, fact in zip(numbers, facts, strict=True):
            line = (number, fact.case_id, fact.field, fact.value, str(fact.status), fact.known_from)
            self.model.append((*line, self.moment, supersedes))

    @rule(case=st.sampled_from(CASES), what=said, known=moments | st.none())
    def enter(self, case, what, known):
        facts = [self.fact(case, what, known)]
        if case not in {line[1] for line in self.model}:
            facts.insert(0, self.fact(case, ("found_at", "2014-06-19"), known))
        with self.store.writing("t", "test") as writer:
            numbers = enter_facts(self.store, writer, facts)
        self.note(numbers, facts)

    @rule(pick=st.integers(0), known=moments | st.none(), value=st.integers(0))
    def correct(self, pick, known, value):
        gone = {line[7] for line in self.model}
        open_ones = [line for line in self.model if line[0] not in gone]
        if not open_ones:
            return
        old = open_ones[pick % len(open_ones)]
        values = VALUES[old[2]]
        new = self.fact(old[1], (old[2], values[value % len(values)]), known)
        with self.store.writing("t", "test") as writer:
            number = correct_fact(self.store, writer, old[0], new, "test")
        self.note([number], [new], supersedes=old[0])

    @rule(hours=st.integers(1, 60))
    def time_goes_on(self, hours):
        self.moment += timedelta(hours=hours)

    @rule()
    def open_again(self):
        self.store.close()
        self.store = self.open()

    @rule(known=days | st.none(), back=st.integers(0, 100))
    def ask(self, known, back):
        """Ask about a moment that is over: everything from now on comes later."""
        self.moment += timedelta(seconds=1)
        recorded = self.moment - timedelta(hours=back, seconds=1)
        question = AsOf(known, recorded)
        answer = self.answer(question)
        assert self.asked.setdefault(question, answer) == answer
        assert answer == self.expected(question)

    @invariant()
    def every_answer_stands(self):
        for question, answer in itertools.islice(self.asked.items(), 4):
            assert self.answer(question) == answer

    def answer(self, question):
        register = read_store(self.store, question).register
        return (
            register if question.known is None else register.as_of(question.known)
        ).content_hash()

    def expected(self, question):
        """The same, told by the plain rules in a few lines, from what was entered."""
        held = [line for line in self.model if line[6] <= question.recorded]
        end = (
            None
            if question.known is None
            else datetime.combine(question.known, datetime.max.time())
        )
        known = [f for f in held if end is None or (f[5] is not None and f[5] <= end)]
        gone, old = set(), {line[0]: line[7] for line in held}
        for line in known:
            before = line[7]
            while before is not None:
                gone.add(before)
                before = old[before]
        rows = [
            (case, field, value, status, when, None, "test", "t")
            for number, case, field, value, status, when, _, _ in held
            if number not in gone
        ]
        register = Register.from_facts(pl.DataFrame(rows, schema=FACTS_SCHEMA, orient="row"))
        return (
            register if question.known is None else register.as_of(question.known)
        ).content_hash()


def test_an_answer_about_the_past_never_changes(new_url):
    here = type("Here", (History,), {"new_url": staticmethod(new_url)})
    run_state_machine_as_test(here, settings=settings(max_examples=15, stateful_step_count=25))


def test_a_history_on_either_engine_verifies_and_answers_alike(make_store, tmp_path, clock):
    """The same steps on both engines: the same answers, by name, and a log that verifies."""
    store = make_store()
    by = {"actor": "t", "purpose": "test"}
    steps = [
        ("A", "found_at", "2014-06-19", 18),
        ("A", "age_years", "32", 18),
        ("A", "age_years", "23", 40),
    ]
    for case, field, value, number_of_days in steps:
        known = datetime.combine(FIRST + timedelta(days=number_of_days), datetime.min.time())
        with store.writing(**by) as writer:
            enter_facts(
                store,
                writer,
                [CaseFact(case, field, value, Status.RECORDED, known, None, "s", "t")],
            )
        clock.now += timedelta(days=1)
    number = store.rows(Fact).get(value="32").id
    known = datetime(2014, 8, 1)
    with store.writing(**by) as writer:
        correct_fact(
            store,
            writer,
            number,
            CaseFact("A", "age_years", "22", Status.RECORDED, known, None, "s", "t"),
            "misread",
        )
    answers = {}
    for day in DAYS:
        for back in range(4):
            question = AsOf(day, datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=back))
            register = read_store(store, question).register.as_of(day)
            answers[day, back] = register.content_hash()
    assert verify(store).outcome is Outcome.INTACT
    kept = tmp_path.parent / "answers-of-one-history.txt"
    if kept.exists():
        assert kept.read_text() == repr(answers)
    kept.write_text(repr(answers))
