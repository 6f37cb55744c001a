"""What people do with a made store, until no table of it is empty: decisions, duties, accounts, each by its public function."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.decisions.acts import RUN, TEXT, Acts

from openverdict.cases import Fact, Status
from openverdict.leads import Settings
from openverdict.ledger.store import Store

CASE_WITH_RESULTS = "T"  # its results come after the first run
ERASED = "OLD"  # a case of its own, which is kept no longer


def decide_all(store: Store, clock: Any) -> None:
    """Something of everything that `openverdict.decisions` records, after `filled.fill`. `clock`: the store's; it is set on."""
    acts = Acts(store)
    acts.strengthen("A", "B", 3.5)
    _opinions(acts)
    _exhibits(acts)
    _duties(acts, clock)
    _late_results(acts)
    _suggestions(acts)
    _identities(acts)
    _retention(acts, clock)
    _accounts(acts, clock)


def empty_tables(store: Store) -> list[str]:
    """The tables in which nothing stands. None should: what is empty is damaged by no test."""
    from openverdict.ledger.models import Event, Node
    from openverdict.ledger.rows import all_recorded

    models: list[Any] = [Event, Node, *all_recorded()]
    return [model._meta.db_table for model in models if not store.rows(model).exists()]


def _opinions(acts: Acts) -> None:
    from openverdict.decisions import (
        adopt,
        case,
        decide_together,
        lead,
        read_policy,
        supersede,
    )

    acts.write("head", adopt, replace(read_policy(), version="house-1"))
    pair = acts.pair("A", "B")
    first = acts.decide("first", pair, "similar")
    acts.decide_too("second", pair, first, "not_similar")
    acts.decide_too("third", pair, first, "possibly")
    seen = acts.look("fourth", pair)
    better = acts.opinion("not_similar")
    acts.write("fourth", supersede, first, seen, better, better.reasons[0])
    acts.decide("first", lead(acts.store, 1), "possibly")
    acts.decide("first", case(acts.store, "D"), "not_enough_information")
    others = [acts.pair("D", "T"), acts.pair("C", "T")]
    acts.write("first", decide_together, others, ("different_way",), TEXT, run=RUN)


def _duties(acts: Acts, clock: Any) -> None:
    from openverdict.decisions import duties

    pair = acts.pair("A", "B")
    acts.write("head", duties.own, "A", "an.owner")
    acts.write("head", duties.assign, pair, "first")
    seen = acts.see("first", pair, ratio=True)
    late = acts.write("first", duties.refer, pair, "murder team", seen, TEXT)
    concern = acts.write("first", duties.raise_concern, ["A"], "family", "He took no drugs.")
    acts.write("head", duties.answer_concern, concern, "facts_explained", TEXT, told=True)
    category = acts.write("first", duties.categorise, "A", "unexplained", TEXT, done=[])
    acts.write("head", duties.sign_off, "category", category, agrees=False, dissent="Too soon.")
    clock.now += timedelta(days=5)
    acts.write("openverdict", duties.escalate)
    acts.write("head", duties.answer_referral, late, "accepted", TEXT)
    acts.write("head", duties.reopen, "A", "coroners_doubt", "An open conclusion.")


def _exhibits(acts: Acts) -> None:
    from openverdict.decisions import enquiries, exhibits

    sheet = acts.write(
        "first",
        exhibits.register_exhibit,
        "C",
        "covering",
        found_where="under_body",
        packaging="packaged_apart",
        text="A bed sheet, under him.",
    )
    phone = acts.write("first", exhibits.register_device, "C", "phone", "missing")
    acts.write("first", exhibits.device_is, phone, "found_later", "At a friend's.")
    asked = ("C", "covering_examination")
    number = acts.write(
        "first", enquiries.request_enquiry, *asked, advised_by="pathologist", exhibit=sheet
    )
    acts.write("lab", enquiries.answer_enquiry, number, "refused", "No budget.")


def _late_results(acts: Acts) -> None:
    """A result that the run could not know, a correction, a doubt that pulls a case back, and the run that takes them in."""
    from openverdict.decisions import changes, late
    from openverdict.ledger.models import Fact as Row

    def enter(*said: tuple[str, str]) -> list[int]:
        facts = [_fact(CASE_WITH_RESULTS, field, value) for field, value in said]
        return list(acts.write("a.clerk", late.enter_facts, facts))

    enter(("substances_detected", "ghb"), ("injuries", "grip_bruise"))
    enter(("manner_coroner", "open"), ("coroner_third_party_doubt", "yes"))
    old = acts.store.rows(Row).filter(case_id="B", field="manner_coroner").get()
    newer = _fact("B", "manner_coroner", "narrative")
    acts.write("a.clerk", late.correct_fact, old.id, newer, "new_inquest")
    settings = Settings(replicates=0, intervals=False)
    changes.rerun(acts.store, actor="a.runner", purpose="death_review", settings=settings)


def _suggestions(acts: Acts) -> None:
    """What rules read in a narrative: accepted, withdrawn, rejected, read a second time; and a policy for such."""
    from datetime import date

    from openverdict.decisions import accepting, admitting, late, suggesting, suggestions
    from openverdict.narrative import SuggestionPolicy, suggest_substances
    from openverdict.narrative.policy import Admit

    told = _fact(CASE_WITH_RESULTS, "narrative", "Toxicology detected GHB and mephedrone.")
    acts.write("a.clerk", late.enter_facts, [told])
    suggesting.suggest(
        acts.store,
        actor="a.clerk",
        purpose="death_review",
        read=suggest_substances,
        rules="substances",
        cases=[CASE_WITH_RESULTS],
    )
    ghb, mephedrone = (line.suggestion for line in suggestions.queue(acts.store).lines)
    acts.write("first", accepting.accept, ghb)
    acts.write("second", accepting.read_again, ghb, accepted=False)
    acts.write("first", accepting.reject, mephedrone)
    acts.write("first", accepting.withdraw, mephedrone, "misread")
    admits = (Admit(("substance.*",), ("substances_detected",), 20, 0.9),)
    why = "Read twice by two people in April."
    policy = SuggestionPolicy("lab", "1", "head of review", date(2024, 1, 2), why, admits)
    acts.write("head", admitting.adopt_suggestion_policy, policy)


def _identities(acts: Acts) -> None:
    """A comparison of persons taken in: one proposal accepted, one counting over the threshold, two records that contradict."""
    from tests.decisions.compared import compared, key_of

    from openverdict.decisions import linking

    people = {"r1": ("B", "host"), "r2": ("C", "finder"), "r3": ("D", "caller")}
    pairs = [("r1", "r2", 0.98), ("r2", "r3", 0.99)]
    with TemporaryDirectory() as folder:
        run = compared(Path(folder), people, pairs, against=[("r1", "r3", "death_differs")])
        acts.write("a.clerk", linking.take_in, run)
    acts.write("first", linking.accept, key_of("r1", "r2"), TEXT)
    acts.write("head", linking.let_count, 0.95)


def _retention(acts: Acts, clock: Any) -> None:
    """Holds that stand and were lifted, and a case that two people erase."""
    from openverdict.decisions import certificate, late, retention

    facts = [_fact(ERASED, "found_at", "2014-06-19"), _fact(ERASED, "found_place", "a wall")]
    acts.write("a.clerk", late.enter_facts, facts)
    day = clock.now.date()
    for case, due in (("A", day + timedelta(days=3650)), (ERASED, day - timedelta(days=1))):
        acts.write("a.manager", retention.set_retention, case, "group_3", due, "policy")
    acts.write("head", retention.place_hold, "A", "inquest")
    acts.write("head", retention.place_hold, ERASED, "inquest")
    acts.write("head", retention.lift_hold, ERASED, "inquest_over")
    acts.write("head", retention.approve_erasure, ERASED, "end_of_retention")
    certificate.erase_case(acts.store, ERASED, actor="a.manager", purpose="retention")


def _fact(case: str, field: str, value: str) -> Fact:
    known = datetime(2016, 1, 4)
    return Fact(case, field, value, Status.RECORDED, known, None, "coroner", "a.clerk")


def _accounts(acts: Acts, clock: Any) -> None:
    """Last: from here on, access is by role."""
    from openverdict.decisions import accounts

    acts.write("root", accounts.found, "root")
    for user, role in (("head", "supervisor"), ("first", "reviewer"), ("gone", "reader")):
        acts.write("root", accounts.change_user, user, "made")
        until = clock.now + timedelta(days=90)
        given = acts.write("root", accounts.grant, user, role, unit="North", until=until)
    acts.write("root", accounts.revoke, given)
    acts.write("root", accounts.grant, "head", "supervisor")
    acts.write("root", accounts.grant, "first", "reviewer", case="A")
    acts.write("head", accounts.restrict, "D", "officer_involved")
    acts.write("head", accounts.restrict, "A", "officer_involved")
    acts.write("first", accounts.break_glass, "D", "The mother is at the desk and asks.")
    number = acts.write("first", accounts.break_glass, "B", "The mother is at the desk and asks.")
    acts.write("first", accounts.close_glass, number)
