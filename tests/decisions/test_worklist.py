"""Work lists: every list holds what asking of each lead, one by one, gives; and nothing that the person may not see."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.decisions.acts import Acts
from tests.decisions.registers import USERS, make

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status
from openverdict.decisions import duties
from openverdict.decisions import lead as lead_of
from openverdict.decisions.access import AccessError, may
from openverdict.decisions.agenda import Queue, agenda, place_in
from openverdict.decisions.clocks import waiting
from openverdict.decisions.derived import LeadNow
from openverdict.decisions.models import Assignment, Decision, FirstView, Referral
from openverdict.decisions.reopening import decided_before_reopening
from openverdict.decisions.roles import Operation
from openverdict.decisions.standing import State, stands_on
from openverdict.decisions.worklist import Counted, WorkList, work_list
from openverdict.errors import InputError
from openverdict.ledger import derived
from openverdict.ledger.entering import correct_fact, enter_facts
from openverdict.ledger.events import LeadRaised
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Case, Content, Fact, Lead, LeadCase
from openverdict.ledger.verifying import Outcome, verify
from openverdict.ledger.writing import Block

LEADS = 30
PEOPLE = ["everything", "north", "two_units", "p4"]
TEXT = "Read both files and the scene photographs."


def raise_leads(store, cases, dice):
    """Leads of one case and of several, in units alike and unlike."""
    with store.writing("a.runner", "death_review") as writer:
        for rank in range(1, LEADS + 1):
            held = dice.sample(cases, dice.choice([1, 1, 2, 3]))
            number = writer.next_id(Lead)
            row = Lead(
                run_id=1, rank=rank, lead_id=f"L{rank}", kind="series", log10_lr=3.0,
                strength=1.0, chance_per_year=0.1, first_raised="2014-03-01", mandatory=rank % 2,
            )  # fmt: skip
            writer.record(
                LeadRaised,
                [row, Block(LeadCase, [(number, c) for c in held]), Content(name="lead", value="{}")],
                run="1", lead=str(number), lead_kind="series", rank=rank, cases=tuple(held),
                log10_lr="3", chance_per_year="0.1",
            )  # fmt: skip


def do_something(store, dice, clock):
    """One act of somebody on some lead, if the rules have it."""
    acts = Acts(store)
    number = dice.randrange(1, LEADS + 1)
    subject, who = lead_of(store, number), dice.choice(PEOPLE)
    what = dice.choice(["assign", "view", "decide", "too", "refer", "reopen", "unit", "later"])
    try:
        if what == "assign":
            acts.write("a.head", duties.assign, subject, who)
        elif what == "view":
            acts.look(who, subject)
        elif what == "decide":
            acts.decide(who, subject, dice.choice(["similar", "possibly"]))
        elif what == "too":
            first = stands_on(store, "lead", str(number)).first
            if first is not None:
                acts.decide_too(who, subject, first.id, dice.choice(["similar", "not_similar"]))
        elif what == "refer":
            acts.write(who, duties.refer, subject, "r", acts.see(who, subject, ratio=True), TEXT)
        elif what == "reopen":
            acts.write("a.head", duties.reopen, subject.cases[0], "concern", "A doubt.")
        elif what == "unit":
            change_unit(store, dice, subject.cases[0])
        else:
            clock.now += timedelta(days=2)
    except InputError:
        pass  # who may not, or has done so before: nothing changes


def change_unit(store, dice, case):
    row = CaseFact(
        case, "unit", dice.choice(["North", "South"]), Status.RECORDED, datetime(2014, 5, 1), None,
        "s", "c",
    )  # fmt: skip
    with store.writing("a.clerk", "intake") as writer:
        old = store.rows(Fact).filter(case_id=case, field="unit").order_by("-id").first()
        if old is None or dice.random() < 0.5:
            enter_facts(store, writer, [row])
        else:
            correct_fact(store, writer, old.id, row, "wrong")


def asked_one_by_one(store, user, clock, day):
    """By list, (leads that the person may list in order of rank, how many they may not): the oracle."""
    allowed = set(
        store.rows(Case)
        .filter(may(store, user, Operation.LIST, at=clock.now))
        .values_list("case_id", flat=True)
    )
    late: dict[str, list[Any]] = {}
    kinds = {"assignment": Assignment, "decision": Decision, "referral": Referral}
    for each in waiting(store, day, user=PROGRAM):
        if each.subject_kind in kinds:
            row = store.rows(kinds[each.subject_kind]).get(id=int(each.subject))
            late.setdefault(row.subject, []).append((each.subject_kind, each, row))
    reopened = set(decided_before_reopening(store).values_list("subject", flat=True))
    found: dict[WorkList, tuple[list[int], list[int]]] = {each: ([], []) for each in WorkList}
    for row in store.rows(Lead).order_by("rank"):
        key = str(row.id)
        stood = stands_on(store, "lead", key)
        running = late.get(key, [])
        given = [r.user for kind, _, r in running if kind == "assignment"]
        undecided = stood.state in (State.RAISED, State.VIEWED) or key in reopened
        holds = {
            WorkList.ALL: True,
            WorkList.MINE: given == [user],
            WorkList.UNASSIGNED: undecided and not given,
            WorkList.OVERDUE: any(each.days_over for _, each, _ in running),
            WorkList.FIRST_VIEW: stood.state is State.RAISED,
            WorkList.SECOND: stood.state is State.AWAITS_SECOND and user not in stood.people,
            WorkList.THIRD: stood.state is State.AWAITS_THIRD and user not in stood.people,
            WorkList.REOPENED: key in reopened,
        }
        cases = set(store.rows(LeadCase).filter(lead=row).values_list("case_id", flat=True))
        for which, is_in in holds.items():
            if is_in:
                found[which][0 if cases <= allowed else 1].append(row.id)
    return found


@pytest.fixture
def busy(store, clock, tmp_path):
    """A store in which some days of work were done on a run's leads."""
    dice = random.Random(3)

    def work(cases):
        raise_leads(store, cases[:40], dice)
        for _ in range(60):
            do_something(store, dice, clock)

    make(store, tmp_path, 4, work)
    return store


def test_every_list_of_every_person_is_what_asking_of_each_lead_gives(busy, clock):
    day = clock.now + timedelta(days=4)
    filled = set()
    for user in USERS[:-1]:
        wanted = asked_one_by_one(busy, user, clock, day)
        for which in WorkList:
            page = work_list(busy, which, user=user, at=day, size=7)
            assert page.counts[which] == Counted(*map(len, wanted[which])), (user, which)
            forward = [page]
            while forward[-1].next is not None:
                key = forward[-1].next
                forward.append(work_list(busy, which, user=user, at=day, size=7, after=key))
            got = [[line.number for line in each.lines] for each in forward]
            assert [number for part in got for number in part] == wanted[which][0]
            backward = [forward[-1]]
            while backward[0].previous is not None:
                key = backward[0].previous
                page = work_list(busy, which, user=user, at=day, size=7, before=key)
                backward.insert(0, page)
            assert [[line.number for line in each.lines] for each in backward] == got
            if wanted[which][0]:
                filled.add(which)
    assert filled == set(WorkList)  # none is empty for everybody, or this has tried nothing


def agenda_one_by_one(store, user, clock, day):
    """By queue, the leads that the person may list in the order of the agenda, with what stands in their lines: the oracle."""
    allowed = set(
        store.rows(Case)
        .filter(may(store, user, Operation.LIST, at=clock.now))
        .values_list("case_id", flat=True)
    )
    running: dict[str, list[Any]] = {}
    kinds = {"assignment": Assignment, "decision": Decision}
    for each in waiting(store, day, user=PROGRAM):
        if each.subject_kind in kinds:
            row = store.rows(kinds[each.subject_kind]).get(id=int(each.subject))
            running.setdefault(row.subject, []).append((each, row))
    found: dict[Queue, list[Any]] = {each: [] for each in Queue}
    hidden = 0
    for row in store.rows(Lead):
        key = str(row.id)
        cases = lead_of(store, row.id).cases
        if not set(cases) <= allowed:
            hidden += 1
            continue
        stood = stands_on(store, "lead", key)
        given = [r.user for each, r in running.get(key, []) if each.subject_kind == "assignment"]
        first = running[key][0][0] if key in running else None
        holds = {
            Queue.ALL: True,
            Queue.MINE: given[-1:] == [user] and stood.state is not State.CONSIDERED,
            Queue.UNASSIGNED: not given and stood.state in (State.RAISED, State.VIEWED),
            Queue.OVERDUE: first is not None and first.days_over > 0,
            Queue.AWAITED: stood.state in (State.AWAITS_SECOND, State.AWAITS_THIRD)
            and user not in stood.people,
        }
        line = (
            (first.due if first else "~", key),
            (cases, stood.state.value, stood.people, (given or [None])[-1], first and first.due),
        )
        for queue, is_in in holds.items():
            if is_in:
                found[queue].append(line)
    return {queue: sorted(lines) for queue, lines in found.items()}, hidden


def test_every_queue_of_every_person_is_what_asking_of_each_lead_gives(busy, clock):
    day = clock.now + timedelta(days=4)
    filled = set()
    for user in USERS[:-1]:
        wanted, hidden = agenda_one_by_one(busy, user, clock, day)
        for queue, lines in wanted.items():
            pages, after = [], None
            while True:
                page = agenda(busy, queue, day, user=user, size=7, after=after)
                pages.append(page)
                if (after := page.after) is None:
                    break
            got = [
                ((w.due or "~", w.key), (w.cases, w.state, w.people, w.given_to, w.due))
                for page in pages
                for w in page.items
            ]
            assert got == lines, (user, queue)
            assert page.hidden == hidden
            assert page.counts == {each.value: len(of) for each, of in wanted.items()}
            if len(pages) > 1:
                back = agenda(busy, queue, day, user=user, size=7, before=page.before)
                assert back.items == pages[-2].items
            for number, (key, _) in enumerate(lines[:3], start=1):
                place = place_in(busy, queue, "lead", key[1], day, user=user)
                beside = [each and each.key for each in (place.previous, place.next)]
                around = [
                    lines[at][0][1] if 0 <= at < len(lines) else None for at in (number - 2, number)
                ]
                assert (place.position, place.total, beside) == (number, len(lines), around)
            if lines:
                filled.add(queue)
    assert filled == set(Queue)


def test_a_line_says_where_its_lead_stands(busy, clock):
    page = work_list(busy, user="everything", size=500)
    for line in page.lines:
        key = str(line.number)
        row = busy.rows(Lead).get(id=line.number)
        stood = stands_on(busy, "lead", key)
        assert (line.rank, line.lead_id, line.kind) == (row.rank, row.lead_id, row.kind)
        assert line.cases == lead_of(busy, line.number).cases
        assert (line.state, line.decided_by) == (stood.state, stood.people[:2])
        assert line.mandatory == bool(row.mandatory)
        own = busy.rows(FirstView).filter(subject_kind="lead", subject=key, user="everything")
        assert line.viewed == own.exists()
        assert line.found_first <= line.found_last


def test_the_table_of_leads_is_what_the_record_says_and_verify_looks(busy):
    before = list(busy.rows(LeadNow).order_by("id").values_list())
    assert verify(busy).outcome is Outcome.INTACT
    from openverdict.ledger import engine

    with engine.writing(busy.alias):
        derived.make(busy.alias)
    assert list(busy.rows(LeadNow).order_by("id").values_list()) == before
    for change in ({"state": "considered", "due": "2010-01-01"}, None):
        rows = busy.rows(LeadNow).filter(id=2)
        with engine.writing(busy.alias):
            rows.delete() if change is None else rows.update(**change)
        verdict = verify(busy)
        assert verdict.outcome is Outcome.BROKEN
        assert "the lists have a lead" in str(verdict.first)


def test_without_a_run_there_is_no_work_and_without_accounts_all_of_it_is_listed(
    store, clock, tmp_path
):
    page = work_list(store)
    assert (page.run, page.lines, page.counts[WorkList.ALL]) == (None, (), Counted(0, 0))
    seen = {}

    def look(cases):
        raise_leads(store, cases, random.Random(1))
        seen["page"] = work_list(store, size=5)

    make(store, tmp_path, 4, look)
    assert [line.rank for line in seen["page"].lines] == [1, 2, 3, 4, 5]
    assert seen["page"].counts[WorkList.ALL] == Counted(LEADS, 0)
    with pytest.raises(AccessError):
        work_list(store, user="root")
    with pytest.raises(InputError, match="begin with the first page"):
        work_list(store, user="everything", after="nonsense")
