"""A house with a person for each role and a case for each standing, and for every operation a call of it that can succeed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.decisions.compared import compared

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status, checks
from openverdict.decisions import (
    accepting,
    accounts,
    admitting,
    agenda,
    beside,
    bulk,
    categories,
    chains,
    changes,
    clocks,
    deciding,
    desk,
    duties,
    enquiries,
    exhibits,
    from_documents,
    known,
    late,
    linking,
    proving,
    reopening,
    retention,
    runs,
    same_persons,
    suggestions,
    thresholds,
    turns,
    whole_rule,
)
from openverdict.decisions.certificate import erase_case
from openverdict.decisions.deciding import Opinion
from openverdict.decisions.listing import CaseFilter, list_cases
from openverdict.decisions.log_list import list_entries, prove_entry
from openverdict.decisions.logbook import export_log, read_entries
from openverdict.decisions.models import (
    About,
    AcceptancePolicy,
    Category,
    Concern,
    Decision,
    Device,
    Enquiry,
    ErasureApproval,
    Exhibit,
    FirstView,
    Glass,
    Grant,
    Hold,
    IdentityDecision,
    NarrativeRead,
    RecordPair,
    Referral,
    Retention,
    Shown,
    Suggested,
    SuggestionDecision,
)
from openverdict.decisions.policy import adopt, read_policy
from openverdict.decisions.readings import hash_of, narratives
from openverdict.decisions.roles import Role, Standing
from openverdict.decisions.showing import show
from openverdict.decisions.standing import stands
from openverdict.decisions.subjects import Kind, Subject, case, pair_key
from openverdict.decisions.suggesting import suggest
from openverdict.decisions.worklist import WorkList, work_list
from openverdict.documents import Document, Place
from openverdict.intake import Intake, read_register
from openverdict.leads import Settings
from openverdict.ledger import entering
from openverdict.ledger.events import CaseViewed
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative import Assertion, Suggestion, SuggestionPolicy
from openverdict.narrative.policy import Admit
from openverdict.reports import subject_page
from openverdict.reports.case_facts import case_facts
from openverdict.reports.case_triage import case_triage
from openverdict.reports.closing import closing
from openverdict.reports.consideration import consideration
from openverdict.reports.pack import write_pack
from openverdict.reports.shown import facts_page
from openverdict.reports.unlooked import never_looked_at

CASES = {Standing.OWN: "A", Standing.OTHER: "D", Standing.RESTRICTED: "B"}
TEXT = "Read both files and the scene photographs."
RUN = 1
SOMEBODY = "somebody.else"
RULE = ("substance.mdma.name", "1")
ADMITS = SuggestionPolicy(
    "house", "1", "head of review", date(2024, 1, 2), "Read twice by two people in April.",
    (Admit((RULE[0],), ("substances_detected",), 20, 0.5),),
)  # fmt: skip
LETTER = Document("l.txt", "0" * 64, 4, "txt", "MDMA", (Place(0, 4, "line 1"),))
ALWAYS = [code for code, check in checks().items() if check.expected == "always"]
Act = Callable[[Store, Writer, str], Any]
Look = Callable[[Store, str, str], Any]


def furnish(store: Store) -> Store:
    """Accounts: each role's person may see case A and none other, and case B is restricted."""
    with store.writing("openverdict", "administration") as writer:
        accounts.found(store, writer, "root")
    with store.writing("root", "administration") as writer:
        accounts.change_user(store, writer, "head", "made")
        accounts.grant(store, writer, "head", "supervisor")
        for role in Role:
            accounts.change_user(store, writer, role.value, "made")
            accounts.grant(store, writer, role.value, role.value, case=CASES[Standing.OWN])
    with store.writing("head", "administration") as writer:
        accounts.restrict(store, writer, CASES[Standing.RESTRICTED], "officer_involved")
    with store.writing(SOMEBODY, "death_review") as writer:
        for each in CASES.values():
            entering.enter_facts(store, writer, [replace(result(each), field="narrative")])
            writer.flush()
            suggested(store, writer, each)
            proposed(writer, each)
            enquiry(writer, each)
            exhibit(writer, each)
            put(writer, due(writer, each), ErasureApproval(case_id=each, user=SOMEBODY, rule="r"))
    return store


def put(writer: Writer, case_id: str, row: Any) -> int:
    """A row that somebody wrote before, under an event about the case; its number."""
    writer.record(CaseViewed, [row, About(case_id=case_id)], case=case_id, part="facts")
    writer.flush()
    return int(row.id)


def seen(writer: Writer, case_id: str, *, ratio: bool) -> int:
    """What the actor was shown before."""
    row = Shown(
        subject_kind="case", subject=case_id, run=RUN, user=writer.actor, ratio_shown=int(ratio),
        snapshot="0" * 64,
    )  # fmt: skip
    return put(writer, case_id, row)


def ready(writer: Writer, case_id: str) -> int:
    """The same, with the first view that came before it."""
    first = seen(writer, case_id, ratio=False)
    put(writer, case_id, FirstView(
        subject_kind="case", subject=case_id, user=writer.actor, view="possibly", shown=first
    ))  # fmt: skip
    return seen(writer, case_id, ratio=True)


def decided(writer: Writer, case_id: str) -> int:
    """A first decision of somebody else."""
    row = Decision(
        subject_kind="case", subject=case_id, user=SOMEBODY, conclusion="similar",
        reasons='["same_place"]', place=1, second_needed=1, policy="p",
    )  # fmt: skip
    return put(writer, case_id, row)


def opinion() -> Opinion:
    """Something to say."""
    return Opinion("possibly", ("same_place",), TEXT)


def referral(writer: Writer, case_id: str) -> int:
    """A referral by somebody else."""
    return put(writer, case_id, Referral(
        subject_kind="case", subject=case_id, recipient="r", user=SOMEBODY, shown=1
    ))  # fmt: skip


def categorised(writer: Writer, case_id: str) -> int:
    """A category by somebody else."""
    row = Category(
        case_id=case_id, category="unexplained", user=SOMEBODY, checks_done=0, checks_needed=1,
        premature=0,
    )  # fmt: skip
    return put(writer, case_id, row)


def weak_pair(case_id: str) -> Subject:
    """A pair that no run listed, of a case and one of the person's own (or of nobody's, where it is that)."""
    other = "T" if case_id == "A" else "A"
    return Subject(Kind.PAIR, pair_key(case_id, other), tuple(sorted((case_id, other))))


def enquiry(writer: Writer, case_id: str) -> int:
    """An enquiry by somebody else."""
    return put(writer, case_id, Enquiry(
        case_id=case_id, asked="dna", advised_by="pathologist", user=SOMEBODY, due="2024-01-15"
    ))  # fmt: skip


def exhibit(writer: Writer, case_id: str) -> int:
    """An exhibit that somebody else registered."""
    return put(writer, case_id, Exhibit(
        case_id=case_id, kind="note", found_where="at_scene", packaging="not_packaged", user=SOMEBODY
    ))  # fmt: skip


def result(case_id: str) -> CaseFact:
    """Something that a laboratory found."""
    return CaseFact(
        case_id, "substances_detected", "mdma", Status.RECORDED, None, None, "lab", "a.clerk"
    )


def fact_of(store: Store, case_id: str) -> int:
    """The number of a fact."""
    return int(store.rows(Fact).filter(case_id=case_id, field="sex").get().id)


def nothing() -> Intake:
    """An intake of a table without a row."""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "empty.csv"
        table.write_text("case_id,found_at\n", encoding="utf-8")
        return read_register(table)


def held(writer: Writer, case_id: str) -> str:
    """A case on hold."""
    put(writer, case_id, Hold(case_id=case_id, status="placed", reason="inquest"))
    return case_id


def due(writer: Writer, case_id: str) -> str:
    """A case whose day has come."""
    put(writer, case_id, Retention(case_id=case_id, kept_as="group_3", review_due="2020-01-01"))
    return case_id


def asked_on(store: Store, case_id: str) -> int:
    """The enquiry that was asked for on the case when the house was furnished."""
    return int(store.rows(Enquiry).filter(case_id=case_id).get().id)


def exhibit_of(store: Store, case_id: str) -> int:
    """The exhibit that was registered when the house was furnished."""
    return int(store.rows(Exhibit).filter(case_id=case_id).get().id)


def suggested(store: Store, writer: Writer, case_id: str) -> int:
    """A suggestion that waits."""
    held = next(narratives(store, [case_id]))
    read = put(writer, case_id, NarrativeRead(
        case_id=case_id, fact=held.id, text_sha256=hash_of(held.value), rules="r", suggestions=1
    ))  # fmt: skip
    rule, version = RULE
    return put(writer, case_id, Suggested(
        read=read, case_id=case_id, field="substances_detected", value="mdma", assertion="present",
        begins=0, ends=3, rule=rule, version=version, confidence=0.5,
    ))  # fmt: skip


def proposed(writer: Writer, case_id: str, number: int = 0) -> str:
    """A proposal that two records of one case are of one person."""
    records = {"record_a": f"{case_id}{number}a", "record_b": f"{case_id}{number}b"}
    put(writer, case_id, RecordPair(
        comparison=1, proposal=f"p{case_id}{number}", **records, case_a=case_id, case_b=case_id,
        role_a="host", role_b="finder", source_a="s", source_b="s", number_a="1", number_b="2",
        probability=0.9, bits=3.0, over=0,
    ))  # fmt: skip
    return f"p{case_id}{number}"


def linked(writer: Writer, case_id: str) -> str:
    """The same, accepted by somebody else."""
    proposal = proposed(writer, case_id, 2)
    put(writer, case_id, IdentityDecision(
        proposal=proposal, record_a=f"{case_id}2a", record_b=f"{case_id}2b", user=SOMEBODY,
        outcome="accepted", comparison=1,
    ))  # fmt: skip
    return proposal


def take_nothing(s: Store, w: Writer) -> None:
    """A comparison that proposed nothing."""
    with TemporaryDirectory() as folder:
        linking.take_in(s, w, compared(Path(folder), {}, []))


def foresee_nothing(s: Store, user: str) -> None:
    """What taking it in would come to."""
    with TemporaryDirectory() as folder:
        linking.foresee(s, compared(Path(folder), {}, []), user=user)


def accepted(
    store: Store, writer: Writer, case_id: str, number: int | None = None, **more: Any
) -> int:
    """The same, accepted by somebody else."""
    number = suggested(store, writer, case_id) if number is None else number
    rule, version = RULE
    put(writer, case_id, SuggestionDecision(
        suggestion=number, case_id=case_id, rule=rule, version=version, user=SOMEBODY,
        outcome="accepted", place=1, corrected=0, **more,
    ))  # fmt: skip
    return number


def proven(store: Store, writer: Writer) -> None:
    """Enough was read of the rule, of cases that are no more."""
    for number in range(20):
        accepted(store, writer, "Z", number=10_000 + number)


def rest_of_rule(s: Store, w: Writer, c: str) -> None:
    """What waits on the case."""
    proven(s, w)
    suggested(s, w, c)
    accepting.accept_rule(s, w, *RULE, expected=1, cases=[c])


def undone(s: Store, w: Writer, c: str) -> None:
    """What was accepted together."""
    accepted(s, w, c, at_once="together-1")
    accepting.withdraw_together(s, w, "together-1", "wrong")


def by_policy(s: Store, w: Writer, c: str) -> None:
    """What waits on the supervisor's own case."""
    proven(s, w)
    put(w, c, AcceptancePolicy(name="house", version="1", settings=ADMITS.settings))
    admitting.apply_policy(s, w, expected=1)


def taken_back(s: Store, w: Writer, c: str) -> None:
    """The same policy is taken back."""
    put(w, c, AcceptancePolicy(name="house", version="1", settings=ADMITS.settings))
    admitting.withdraw_suggestion_policy(s, w, TEXT)


def one_of(s: Store, c: str) -> int:
    """The suggestion that waits on the case since the house was furnished."""
    return int(s.rows(Suggested).filter(case_id=c).order_by("id")[0].id)


def together(s: Store, w: Writer, c: str) -> None:
    """Two cases have to be the person's own."""
    if c == "A":
        w.record(CaseViewed, [Grant(user=w.actor, role=w.actor, case_id="T")], case="T", part="a")
    bulk.decide_together(s, w, [weak_pair(c)], ("below_floor",), TEXT, run=RUN)


def glass(s: Store, w: Writer, c: str) -> None:
    """Ended by whoever opened it."""
    accounts.close_glass(s, w, put(w, c, Glass(case_id=c, user=w.actor, until="2999")))


def grant_of(s: Store) -> int:
    """The number of somebody's grant."""
    return int(s.rows(Grant).filter(user="head").get().id)


# By module and name. Each gets the case that it is tried on; what it needs to succeed is written in its own transaction.
ACTS: dict[str, Act] = {
    "accepting.accept": lambda s, w, c: accepting.accept(s, w, suggested(s, w, c)),
    "accepting.reject": lambda s, w, c: accepting.reject(s, w, suggested(s, w, c)),
    "accepting.withdraw": lambda s, w, c: accepting.withdraw(s, w, accepted(s, w, c), "wrong"),
    "accepting.read_again": lambda s, w, c: accepting.read_again(
        s, w, accepted(s, w, c), accepted=True
    ),
    "accepting.accept_rule": rest_of_rule,
    "accepting.withdraw_together": undone,
    "from_documents.accept_of_document": lambda s, w, c: from_documents.accept_of_document(
        s,
        w,
        c,
        LETTER,
        [Suggestion("substances_detected", "mdma", Assertion.PRESENT, 0, 4, *RULE, 0.5)],
    ),
    "beside.read_suggestion": lambda s, w, c: beside.read_suggestion(s, w, suggested(s, w, c)),
    "whole_rule.foresee_rule": lambda s, w, c: whole_rule.foresee_rule(s, w, *RULE, cases=[c]),
    "admitting.adopt_suggestion_policy": lambda s, w, c: admitting.adopt_suggestion_policy(
        s, w, ADMITS
    ),
    "admitting.apply_policy": by_policy,
    "admitting.withdraw_suggestion_policy": taken_back,
    "accounts.found": lambda s, w, c: accounts.found(s, w, "second"),
    "accounts.change_user": lambda s, w, c: accounts.change_user(s, w, "new", "made"),
    "accounts.note_means": lambda s, w, c: accounts.note_means(s, w, "head", "password_link"),
    "accounts.grant": lambda s, w, c: accounts.grant(s, w, "head", "reviewer"),
    "accounts.revoke": lambda s, w, c: accounts.revoke(s, w, grant_of(s)),
    "accounts.restrict": lambda s, w, c: accounts.restrict(s, w, c, "family_of_staff"),
    "accounts.lift": lambda s, w, c: accounts.lift(s, w, c, "over"),
    "accounts.break_glass": lambda s, w, c: accounts.break_glass(s, w, c, TEXT),
    "accounts.close_glass": glass,
    "bulk.decide_together": together,
    "categories.categorise": lambda s, w, c: categories.categorise(
        s, w, c, "unexplained", TEXT, done=[]
    ),
    "categories.sign_off": lambda s, w, c: categories.sign_off(
        s, w, "category", categorised(w, c), agrees=True
    ),
    "clocks.escalate": lambda s, w, c: clocks.escalate(s, w),
    "deciding.first_view": lambda s, w, c: deciding.first_view(
        s, w, seen(w, c, ratio=False), "possibly"
    ),
    "deciding.decide": lambda s, w, c: deciding.decide(s, w, ready(w, c), opinion()),
    "deciding.decide_too": lambda s, w, c: deciding.decide_too(
        s, w, decided(w, c), ready(w, c), opinion()
    ),
    "deciding.supersede": lambda s, w, c: deciding.supersede(
        s, w, decided(w, c), ready(w, c), opinion(), "new_facts"
    ),
    "duties.own": lambda s, w, c: duties.own(s, w, c, "an.owner"),
    "duties.assign": lambda s, w, c: duties.assign(s, w, case(s, c), "a.reader"),
    "duties.refer": lambda s, w, c: duties.refer(
        s, w, case(s, c), "murder team", seen(w, c, ratio=True), TEXT
    ),
    "duties.answer_referral": lambda s, w, c: duties.answer_referral(
        s, w, referral(w, c), "refused", TEXT
    ),
    "duties.raise_concern": lambda s, w, c: duties.raise_concern(s, w, [c], "family", TEXT),
    "duties.answer_concern": lambda s, w, c: duties.answer_concern(
        s, w, put(w, c, Concern(raised_by="press")), "passed_on", TEXT, told=True
    ),
    "exhibits.register_exhibit": lambda s, w, c: exhibits.register_exhibit(
        s, w, c, "note", found_where="on_body", packaging="packaged_apart", text=TEXT
    ),
    "exhibits.register_device": lambda s, w, c: exhibits.register_device(
        s, w, c, "phone", "missing"
    ),
    "exhibits.device_is": lambda s, w, c: exhibits.device_is(
        s, w, put(w, c, Device(case_id=c, kind="phone", status="missing")), "found_later"
    ),
    "enquiries.request_enquiry": lambda s, w, c: enquiries.request_enquiry(
        s, w, c, "dna", advised_by="pathologist"
    ),
    "enquiries.answer_enquiry": lambda s, w, c: enquiries.answer_enquiry(
        s, w, enquiry(w, c), "done", TEXT
    ),
    "late.enter_facts": lambda s, w, c: late.enter_facts(s, w, [result(c)]),
    "late.correct_fact": lambda s, w, c: late.correct_fact(
        s, w, fact_of(s, c), replace(result(c), field="sex", value="male"), "typed_wrongly"
    ),
    "linking.accept": lambda s, w, c: linking.accept(s, w, proposed(w, c, 1), TEXT),
    "linking.reject": lambda s, w, c: linking.reject(s, w, proposed(w, c, 1), TEXT),
    "linking.undo": lambda s, w, c: linking.undo(s, w, linked(w, c), TEXT),
    "linking.let_count": lambda s, w, c: linking.let_count(s, w, 0.95),
    "linking.take_in": lambda s, w, c: take_nothing(s, w),
    "logbook.read_entries": lambda s, w, c: read_entries(s, w, 0, 2),
    "log_list.list_entries": lambda s, w, c: list_entries(s, w),
    "policy.adopt": lambda s, w, c: adopt(s, w, read_policy()),
    "reopening.reopen": lambda s, w, c: reopening.reopen(s, w, c, "new_facts"),
    "retention.set_retention": lambda s, w, c: retention.set_retention(
        s, w, c, "group_3", date(2030, 1, 1), "policy"
    ),
    "retention.place_hold": lambda s, w, c: retention.place_hold(s, w, c, "inquest"),
    "retention.lift_hold": lambda s, w, c: retention.lift_hold(s, w, held(w, c), "over"),
    "retention.approve_erasure": lambda s, w, c: retention.approve_erasure(
        s, w, due(w, c), "end_of_retention"
    ),
    "case_facts.case_facts": case_facts,
    "showing.show": lambda s, w, c: show(s, w, case(s, c), run=RUN, ratio=False),
}
LOOKS: dict[str, Look] = {
    "suggesting.suggest": lambda s, u, c: suggest(
        s, read=lambda _: [], rules="none", actor=u, purpose="death_review", cases=["T"]
    ),
    "suggestions.place_in_queue": lambda s, u, c: suggestions.place_in_queue(
        s, one_of(s, c), user=u
    ),
    "beside.marked_narrative": lambda s, u, c: beside.marked_narrative(s, c, user=u),
    "whole_rule.taken_together": lambda s, u, c: whole_rule.taken_together(s, "together-1", user=u),
    "same_persons.place_in_queue": lambda s, u, c: same_persons.place_in_queue(s, f"p{c}0", user=u),
    "chains.chain": lambda s, u, c: chains.chain(s, f"p{c}0", user=u),
    "chains.leads_resting_on": lambda s, u, c: chains.leads_resting_on(s, f"p{c}0", user=u),
    "thresholds.counting": lambda s, u, c: thresholds.counting(s, user=u),
    "thresholds.said_of_threshold": lambda s, u, c: thresholds.said_of_threshold(s, user=u),
    "thresholds.foresee_thresholds": lambda s, u, c: thresholds.foresee_thresholds(s, user=u),
    "linking.foresee": lambda s, u, c: foresee_nothing(s, u),
    "same_persons.queue": lambda s, u, c: same_persons.queue(s, user=u),
    "same_persons.proposal_shown": lambda s, u, c: same_persons.proposal_shown(s, f"p{c}0", user=u),
    "suggestions.queue": lambda s, u, c: suggestions.queue(s, user=u),
    "suggestions.suggestion_text": lambda s, u, c: suggestions.suggestion_text(
        s, one_of(s, c), user=u
    ),
    "proving.rates": lambda s, u, c: proving.rates(s, user=u),
    "proving.agreement": lambda s, u, c: proving.agreement(s, user=u),
    "admitting.admitted": lambda s, u, c: admitting.admitted(s, user=u),
    "admitting.applied": lambda s, u, c: admitting.applied(s, user=u),
    "exhibits.exhibits": lambda s, u, c: exhibits.exhibits(s, user=u, case=c),
    "exhibits.exhibit_words": lambda s, u, c: exhibits.exhibit_words(s, exhibit_of(s, c), user=u),
    "exhibits.devices": lambda s, u, c: exhibits.devices(s, user=u, case=c),
    "enquiries.enquiries": lambda s, u, c: enquiries.enquiries(s, s.clock(), user=u, case=c),
    "enquiries.overdue_enquiries": lambda s, u, c: enquiries.overdue_enquiries(
        s, s.clock(), user=u
    ),
    "case_triage.case_triage": lambda s, u, c: case_triage(s, [c], user=u),
    "enquiries.flags": lambda s, u, c: enquiries.flags(s, s.clock(), user=u, case=c),
    "enquiries.enquiry_words": lambda s, u, c: enquiries.enquiry_words(s, asked_on(s, c), user=u),
    "clocks.waiting": lambda s, u, c: clocks.waiting(s, s.clock(), user=u),
    "standing.stands": lambda s, u, c: stands(s, case(s, c), user=u),
    "desk.desk": lambda s, u, c: desk.desk(s, s.clock(), user=u),
    "agenda.agenda": lambda s, u, c: agenda.agenda(s, "all", s.clock(), user=u),
    "agenda.left_off": lambda s, u, c: agenda.left_off(s, user=u),
    "agenda.place_in": lambda s, u, c: agenda.place_in(s, "all", "case", c, s.clock(), user=u),
    "categories.categories_of": lambda s, u, c: categories.categories_of(s, c, user=u),
    "agenda.with_case": lambda s, u, c: agenda.with_case(s, c, s.clock(), user=u),
    "turns.position": lambda s, u, c: turns.position(s, case(s, c), user=u),
    "turns.deciders": lambda s, u, c: turns.deciders(s, case(s, c), user=u),
    "subject_page.subject_page": lambda s, u, c: subject_page.subject_page(
        s, case(s, c), RUN, ratio=False, user=u
    ),
    "subject_page.decided_on": lambda s, u, c: subject_page.decided_on(s, case(s, c), user=u),
    "consideration.consideration": lambda s, u, c: consideration(s, case(s, c), s.clock(), user=u),
    "shown.facts_page": lambda s, u, c: facts_page(s, case(s, c), RUN, user=u),
    "listing.list_cases": lambda s, u, c: list_cases(s, CaseFilter(number=c), user=u),
    "worklist.work_list": lambda s, u, c: work_list(s, WorkList.ALL, user=u),
    "log_list.prove_entry": lambda s, u, c: prove_entry(s, 0, user=u),
    "late.late_facts": lambda s, u, c: late.late_facts(s, user=u, case=c),
    "late.notices": lambda s, u, c: late.notices(s, user=u),
    "late.take_in": lambda s, u, c: late.take_in(s, nothing(), actor=u, purpose="intake"),
    "late.foresee": lambda s, u, c: late.foresee(s, nothing(), user=u),
    "known.list_known": lambda s, u, c: known.list_known(s, date(2014, 9, 20), user=u),
    "known.known_on": lambda s, u, c: known.known_on(s, date(2014, 9, 20), user=u),
    "runs.list_runs": lambda s, u, c: runs.list_runs(s, user=u),
    "runs.one_run": lambda s, u, c: runs.one_run(s, RUN, user=u),
    "changes.changes": lambda s, u, c: changes.changes(s, RUN, RUN, user=u),
    "changes.told_of": lambda s, u, c: changes.told_of(s, RUN, user=u),
    "changes.compare_with_before": lambda s, u, c: changes.compare_with_before(
        s, RUN, actor=u, purpose="death_review"
    ),
    "changes.rerun": lambda s, u, c: changes.rerun(
        s, actor=u, purpose="death_review", settings=Settings(replicates=0, intervals=False)
    ),
    "retention.kept": lambda s, u, c: retention.kept(s, s.clock(), user=u, case=c),
    "retention.due_for_review": lambda s, u, c: retention.due_for_review(s, s.clock(), user=u),
    "closing.closing": lambda s, u, c: closing(s, s.clock(), user=u),
    "unlooked.never_looked_at": lambda s, u, c: never_looked_at(s, s.clock(), user=u),
}


def outside(folder: Path) -> dict[str, Look]:
    """What writes files: a pack about one case, the log."""
    by: dict[str, Any] = {"purpose": "oversight", "recipients": ["an inspectorate"]}
    return {
        "pack.write_pack": lambda s, u, c: write_pack(
            s, folder / f"{u}-{c}", actor=u, profile="figures", cases=[c], **by
        ),
        "logbook.export_log": lambda s, u, c: export_log(s, folder / f"log-{u}-{c}", actor=u, **by),
        # The last one, since nothing is left of the case after it.
        "certificate.erase_case": lambda s, u, c: erase_case(
            s, c, actor=u, purpose="retention", target=folder / f"gone-{u}-{c}"
        ),
    }
