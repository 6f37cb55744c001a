"""The consideration report: of a pair, a lead or a case, what could be seen when, who was shown what, who decided and why.

It says what is in the record, in its order, and what is not: nobody was shown it, nobody decided, a fact came in afterwards, an
answer never came. Two days stand beside each other throughout: when something was known, and when the store had it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db.models import F

from openverdict.cases import FieldType, dictionary
from openverdict.decisions.access import in_use
from openverdict.decisions.duties import waiting
from openverdict.decisions.guarding import look
from openverdict.decisions.models import (
    About,
    Assignment,
    Category,
    Concern,
    ConcernAnswer,
    Decision,
    FirstView,
    Owner,
    Referral,
    ReferralAnswer,
    Reopened,
    Shown,
    SignOff,
)
from openverdict.decisions.retention import as_told, pseudonyms
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import contents_of
from openverdict.decisions.standing import State, reason_codes, standing_decisions, stands_on
from openverdict.decisions.subjects import Kind, Subject, cases_of
from openverdict.decisions.turns import opinions_kept_from
from openverdict.errors import InputError
from openverdict.ledger.itself import PROGRAM
from openverdict.ledger.models import Event, Fact, Lead, Link
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store

ERASED = "(erased)"
STRUCK = "(not shown to this reader)"
AT_ONCE = 1_000  # entries in one query
HOLDS_WORDS = ('"text":"', '"dissent":"')
# What a reader gets from whom names are struck out: codes, numbers and times, and no key, text or place.
PLAIN = frozenset(
    name
    for name, field in dictionary().items()
    if field.type in (FieldType.CODE, FieldType.NUMBER, FieldType.DATETIME, FieldType.ITEMS)
    and field.group != "Places"
    and name not in ("mentions_cases", "note_names_case")
)


@dataclass(frozen=True)
class SharedFact:
    """A value that two cases have in common: from when on both were known, and from when on the store had both."""

    field: str
    value: str
    cases: tuple[str, str]
    known_from: str | None
    recorded: str


@dataclass(frozen=True)
class Step:
    """Something that happened, with the entry of the log that says so. `at`: UTC. `words`: a person's own, or none."""

    at: str
    entry: int
    what: str
    who: str
    detail: str
    words: str | None = None


@dataclass(frozen=True)
class Showing:
    """What was on the page when a subject was shown with its ratio: the snapshot's own words, or that it was erased.

    `terms`: (variable, log10 ratio) that add up to the ratio, the strongest first; none for a lead or a case.
    """

    showing: int
    entry: int
    at: str
    who: str
    run: int
    erased: bool
    log10_lr: float | None = None
    rank: int | None = None
    chance_per_year: float | None = None
    triage_level: int | None = None
    as_of: str | None = None
    model_version: str = ""
    model_hash: str = ""
    data_hash: str = ""
    terms: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Beside:
    """A first decision that stands on another subject, of `cases` cases, with some of the same."""

    subject_kind: str
    subject: str
    cases: int
    decision: int
    who: str
    conclusion: str


@dataclass(frozen=True)
class Consideration:
    """All that the record says of how a subject was considered. `never`: sentences on what was not done.

    `showings`: what was on the page whenever the ratio was. `beside`: what was decided on other subjects that hold these
    cases. `log_size`, `log_root`: the head of the log that all of this was read from.
    """

    subject: str
    cases: tuple[str, ...]
    state: str
    conclusion: str | None
    disagreement: bool
    first_scored: Step | None
    shared: tuple[SharedFact, ...]
    steps: tuple[Step, ...]
    never: tuple[str, ...]
    showings: tuple[Showing, ...]
    beside: tuple[Beside, ...]
    log_size: int
    log_root: str
    redacted: bool

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


@look(Operation.REPORT, "subject", seen=True)
def consideration(
    store: Store,
    subject: Subject,
    at: datetime,
    *,
    user: str | None = None,
    redacted: bool = False,
    access: Access = Access.YES,
) -> Consideration:
    """The report on a subject, as the store stands; `at` is the day on which what is waited for counts as late.

    `user`: who reads it; may be left out only where the store has no accounts. `redacted`: without what may name people:
    their words, the fields that are keys of persons, places and texts; some readers get no other. `access` is filled in by
    the table of roles, not by callers.

    Raises:
        InputError: the reader owes a first view or a second decision on the subject, which the report would colour.
    """
    redacted = redacted or access is Access.REDACTED
    with store.snapshot():
        if _kept_from(store, subject.kind, {subject.key: subject.cases}, user):
            raise InputError(
                f"{subject}: this report tells what the run found and what others concluded, and you have not decided yet; "
                "record your first view and your decision, or let somebody make it who does not decide on it"
            )
        stood = stands_on(store, subject.kind, subject.key)
        told = _Told(store, subject)
        if redacted:
            told.words = dict.fromkeys(told.words, STRUCK)
        steps = told.steps()
        scored = next((step for step in steps if step.what == "scored"), None)
        made = Consideration(
            str(subject),
            subject.cases,
            stood.state.value,
            stood.conclusion,
            stood.disagreement,
            scored,
            tuple(_shared(store, subject.cases, redacted=redacted)),
            tuple(steps),
            tuple(_never(store, subject, stood.state, steps, at)),
            tuple(told.showings()),
            tuple(_beside(store, subject, user)),
            (log := StoredLog(store)).size,
            log.root().hex(),
            redacted,
        )
        return _without_erased(store, subject, made)


def _without_erased(store: Store, subject: Subject, made: Consideration) -> Consideration:
    """The report with cases that were erased at the end of their time under their pseudonyms."""
    named = set(subject.cases)
    for each in made.beside:
        named |= set(cases_of(store, each.subject_kind, each.subject))
    names = {case: name for case, name in pseudonyms(store).items() if case in named}
    told: Consideration = as_told(made, names)
    return told


def _shared(store: Store, cases: tuple[str, ...], *, redacted: bool) -> list[SharedFact]:
    """What stands in both of two cases, each pair of them; a list counts item by item."""
    values = _values(store, cases, PLAIN if redacted else None)
    found = []
    for first, second in combinations(cases, 2):
        for key in sorted(values[first].keys() & values[second].keys()):
            both = (values[first][key], values[second][key])
            known = [each[0] for each in both]
            found.append(
                SharedFact(
                    *key,
                    (first, second),
                    None if None in known else max(str(day) for day in known),
                    max(each[1] for each in both),
                )
            )
    return found


def _values(
    store: Store, cases: tuple[str, ...], fields: frozenset[str] | None
) -> dict[str, dict[tuple[str, str], tuple[str | None, str]]]:
    """By case, (field, value) to when it was first known and first recorded; superseded facts count, since they were seen."""
    found: dict[str, dict[tuple[str, str], tuple[str | None, str]]] = {case: {} for case in cases}
    rows = store.rows(Fact).filter(case_id__in=cases, status="recorded").order_by("id")
    told = rows.annotate(recorded=F("event__at"))
    for case, field, value, known, recorded in told.values_list(
        "case_id", "field", "value", "known_from", "recorded"
    ):
        if field in ("known_from", "narrative") or not value:
            continue
        if fields is not None and field not in fields:
            continue
        for item in value.split(";"):
            found[case].setdefault((field, item.strip()), (known, recorded))
    return found


class _Told:
    """Every row about a subject with its event and its words, read in one query a table."""

    def __init__(self, store: Store, subject: Subject) -> None:
        self._store, self._subject = store, subject
        own = {"subject_kind": subject.kind.value, "subject": subject.key}
        self._found: list[tuple[Any, str, str | None, str]] = []
        self._scored()
        for row in self._rows(Assignment, **own):
            self._add(row, "assigned", None, f"to {row.user}")
        for row in self._rows(Shown, **own):
            how = "with the ratio" if row.ratio_shown else "without the ratio"
            self._add(row, "shown", row.user, f"{how}, run {row.run}")
        for row in self._rows(FirstView, **own):
            self._add(row, "first view", row.user, row.view)
        self._decisions(own)
        self._referrals(own)
        self._about_its_cases()
        entries = sorted({row.event_id for row, *_ in self._found})
        self._events: dict[int, tuple[str, str, bool]] = {}
        for start in range(0, len(entries), AT_ONCE):
            rows = store.rows(Event).filter(seq__in=entries[start : start + AT_ONCE])
            for entry, when, actor, body in rows.values_list("seq", "at", "actor", "body"):
                self._events[entry] = (when, actor, any(mark in body for mark in HOLDS_WORDS))
        held = [entry for entry in entries if self._events[entry][2]]
        self.words: dict[int, str] = dict.fromkeys(held, ERASED)
        self.words |= contents_of(store, held, "text") | contents_of(store, held, "dissent")

    def steps(self) -> list[Step]:
        """All of it, in the order of the log."""
        made = []
        for row, what, who, detail in self._found:
            when, actor, _ = self._events[row.event_id]
            words = self.words.get(row.event_id)
            made.append(Step(when, row.event_id, what, who or actor, detail, words))
        return sorted(made, key=lambda step: (step.entry, step.what))

    def showings(self) -> list[Showing]:
        """What was on the page, each time that the ratio was."""
        rows = [row for row, what, *_ in self._found if what == "shown" and row.ratio_shown]
        held = contents_of(self._store, [row.event_id for row in rows], "snapshot")
        made = []
        for row in rows:
            place = (int(row.id), row.event_id, self._events[row.event_id][0], row.user, row.run)
            told = held.get(row.event_id)
            made.append(Showing(*place, True) if told is None else _showing(place, told))
        return made

    def _rows(self, model: Any, **which: Any) -> list[Any]:
        return list(self._store.rows(model).filter(**which).order_by("id"))

    def _add(self, row: Any, what: str, who: str | None, detail: str) -> None:
        self._found.append((row, what, who, detail))

    def _scored(self) -> None:
        """Every run that listed the subject."""
        rows = []
        if self._subject.kind is Kind.PAIR:
            pair = self._subject.cases
            rows = self._rows(Link, case_a__in=pair, case_b__in=pair)
        elif self._subject.kind is Kind.LEAD:
            rows = self._rows(Lead, id=int(self._subject.key))
        for row in rows:
            ratio = "none" if row.log10_lr is None else f"{row.log10_lr:.2f}"
            rank = "listed below the floor" if row.rank is None else f"rank {row.rank:,}"
            self._add(row, "scored", None, f"run {row.run_id}, {rank}, log10 ratio {ratio}")

    def _decisions(self, own: dict[str, str]) -> None:
        decisions = self._rows(Decision, **own)
        for row in decisions:
            place = {1: "decided", 2: "decided as second", 3: "decided as third"}[row.place]
            said = f"decision {row.id}: {row.conclusion} ({', '.join(reason_codes(row))})"
            if row.supersedes:
                said += f", in the place of decision {row.supersedes}"
            if row.bulk:
                said += ", together with others"
            self._add(row, place, row.user, said)
        self._signed("decision", [row.id for row in decisions])

    def _referrals(self, own: dict[str, str]) -> None:
        referrals = self._rows(Referral, **own)
        for row in referrals:
            self._add(row, "referred", row.user, f"referral {row.id} to {row.recipient}")
        for row in self._rows(ReferralAnswer, referral__in=[each.id for each in referrals]):
            self._add(row, "answered", None, f"referral {row.referral}: {row.outcome}")

    def _about_its_cases(self) -> None:
        cases = self._subject.cases
        about = self._store.rows(About).filter(case_id__in=cases).values("event_id")
        concerns = self._rows(Concern, event_id__in=about)
        for row in concerns:
            self._add(row, "concern raised", None, f"concern {row.id}, by {row.raised_by}")
        for row in self._rows(ConcernAnswer, concern__in=[each.id for each in concerns]):
            told = "who raised it was told" if row.told else "who raised it was not told"
            self._add(row, "answered", None, f"concern {row.concern}: {row.outcome}; {told}")
        for row in self._rows(Owner, case_id__in=cases):
            self._add(row, "owner", None, f"case {row.case_id}: {row.owner}")
        for row in self._rows(Reopened, case_id__in=cases):
            self._add(row, "reopened", None, f"case {row.case_id}: {row.reason}")
        categories = self._rows(Category, case_id__in=cases)
        for row in categories:
            early = ", premature" if row.premature else ""
            checked = f"{row.checks_done} of {row.checks_needed} checks{early}"
            detail = f"category {row.id}, case {row.case_id}: {row.category}, {checked}"
            self._add(row, "category", row.user, detail)
        self._signed("category", [row.id for row in categories])

    def _signed(self, kind: str, numbers: list[int]) -> None:
        for row in self._rows(
            SignOff, subject_kind=kind, subject__in=[str(number) for number in numbers]
        ):
            what = "signed off" if row.agrees else "dissent"
            self._add(row, what, row.user, f"{kind} {row.subject}")


def _showing(place: tuple[int, int, str, str, int], told: dict[str, Any]) -> Showing:
    terms = [(t["variable"], float(t["log10_lr"])) for t in told.get("contributions", ())]
    return Showing(
        *place,
        erased=False,
        log10_lr=_number(told.get("log10_lr")),
        rank=told.get("rank"),
        chance_per_year=_number(told.get("chance_per_year")),
        triage_level=told.get("triage_level"),
        as_of=told.get("as_of"),
        model_version=told["model_version"],
        model_hash=told["model_hash"],
        data_hash=told["data_hash"],
        terms=tuple(sorted(terms, key=lambda term: -abs(term[1]))),
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _never(
    store: Store, subject: Subject, state: State, steps: list[Step], at: datetime
) -> list[str]:
    said = []
    if not any(step.what == "scored" for step in steps) and subject.kind is not Kind.CASE:
        said.append("No run listed it: it was below the floor, or no run was made.")
    looked = [step for step in steps if step.what == "shown"]
    if not looked:
        said.append("Nobody was shown it.")
    if not any(step.what.startswith("decided") for step in steps):
        said.append("Nobody decided on it.")
    if state in (State.AWAITS_SECOND, State.AWAITS_THIRD):
        which = "second" if state is State.AWAITS_SECOND else "third"
        said.append(f"It awaits a {which} person.")
    if looked:
        last = max(step.entry for step in looked)
        later = store.rows(Fact).filter(case_id__in=subject.cases, event_id__gt=last).order_by("id")
        came: dict[tuple[str, str], list[str]] = {}
        for case, field, recorded in later.values_list("case_id", "field", "event__at"):
            known = dictionary().get(field)
            came.setdefault((case, recorded[:10]), []).append(known.label if known else field)
        for (case, day), names in came.items():
            facts = ", ".join(dict.fromkeys(names))
            said.append(f"Case {case}: recorded on {day}, after anybody last looked: {facts}.")
    for each in waiting(store, at, subject.cases, user=PROGRAM):
        over = f", {each.days_over} days over its time" if each.days_over else ""
        said.append(f"{each.rule} {each.subject}: unanswered since {each.since}{over}.")
    return said


def _kept_from(
    store: Store, kind: Kind, subjects: dict[str, tuple[str, ...]], user: str | None
) -> set[str]:
    """Those whose opinions the reader must not know yet; none, where the store has no accounts, and no case by itself."""
    if user is None or not in_use(store) or kind is Kind.CASE:
        return set()
    return opinions_kept_from(store, kind, subjects, user)


def _beside(store: Store, subject: Subject, user: str | None) -> list[Beside]:
    """Decisions that stand on other subjects with at least as many of these cases as make a comparison: one, or two.

    Without those that the reader must not know yet.
    """
    about = store.rows(About).filter(case_id__in=subject.cases)
    firsts = standing_decisions(store).filter(event_id__in=about.values("event_id"))
    shared: dict[int, int] = {}
    for entry in about.filter(event_id__in=firsts.values("event_id")).values_list(
        "event_id", flat=True
    ):
        shared[entry] = shared.get(entry, 0) + 1
    least = min(2, len(subject.cases))
    found = [
        Beside(
            row.subject_kind,
            row.subject,
            len(cases_of(store, row.subject_kind, row.subject)),
            int(row.id),
            row.user,
            row.conclusion,
        )
        for row in firsts.order_by("id")
        if shared.get(row.event_id, 0) >= least
        and (row.subject_kind, row.subject) != (subject.kind.value, subject.key)
    ]
    kept: set[tuple[str, str]] = set()
    for kind in Kind:
        asked = {
            each.subject: cases_of(store, kind, each.subject)
            for each in found
            if each.subject_kind == kind
        }
        kept |= {(kind.value, key) for key in _kept_from(store, kind, asked, user)}
    return [each for each in found if (each.subject_kind, each.subject) not in kept]
