"""Steps of which accepting suggestions is made: the fact of a suggestion, what takes it back, and the decision itself.

Nobody is asked here who may; only this room calls them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from openverdict.cases import Fact as CaseFact
from openverdict.cases import Status, dictionary
from openverdict.decisions.lateness import note
from openverdict.decisions.models import About, NarrativeRead, Suggested, SuggestionDecision
from openverdict.decisions.readings import (
    ACCEPTED,
    AT_ONCE,
    FIRST,
    hash_of,
    narratives,
    standing_facts,
    turned_down,
)
from openverdict.errors import FieldError
from openverdict.ledger import entering
from openverdict.ledger.events import SuggestionDecided
from openverdict.ledger.models import Fact
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.narrative.accept import TURNED_DOWN, fact_of
from openverdict.narrative.at_once import SPAN, By, Row, Undecided
from openverdict.narrative.spans import Texts

OTHER_TEXT = "the narrative of its case is another text now"


@dataclass(frozen=True)
class Taken:
    """What was accepted together under one `name`: suggestions, the facts of them, and why others were left, with how many."""

    name: str
    accepted: int
    facts: int
    left: tuple[tuple[str, int], ...]


def register_time(writer: Writer) -> datetime:
    """The time of a transaction as facts keep times: UTC without an offset, in whole seconds."""
    return writer.at.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def by_person(writer: Writer, row: Row) -> By:
    """Whoever acts, having read this one suggestion."""
    source = f"narrative {SPAN}, rule {row['rule']}, version {row['version']}"
    return By(writer.actor, register_time(writer), source)


def as_row(row: Suggested, text: str) -> Row:
    """A suggestion as a line of a reviewed file."""
    return {
        "case_id": row.case_id,
        "field": row.field,
        "value": row.value,
        "assertion": row.assertion,
        "start": str(row.begins),
        "end": str(row.ends),
        "text": text[row.begins : row.ends],
        "rule": row.rule,
        "version": row.version,
    }


class Held:
    """What some cases have: the narrative of each, and the values of the fields that hold one value."""

    def __init__(self, store: Store, rows: Sequence[Suggested], without: int | None = None) -> None:
        cases = sorted({row.case_id for row in rows})
        told = {fact.case_id: fact for fact in narratives(store, cases)}
        self.cells = {
            case: (fact.value, None if fact.known_from is None else _moment(fact.known_from))
            for case, fact in told.items()
        }
        self._texts = Texts.of_cases(self.cells)
        names = sorted({row.field for row in rows if is_single(row.field)})
        facts = standing_facts(store, cases, names) if names else []
        self.single = {
            (fact.case_id, fact.field): str(fact.value)
            for fact in facts
            if fact.status == Status.RECORDED and fact.id != without
        }
        reads = store.rows(NarrativeRead).filter(id__in={row.read for row in rows})
        self._read = dict(reads.values_list("id", "text_sha256"))
        self._hash = {case: hash_of(text) for case, (text, _) in self.cells.items()}

    def text(self, row: Suggested) -> str | None:
        """The text of a suggestion, while it is the narrative of its case."""
        if row.case_id not in self.cells or self._hash[row.case_id] != self._read[row.read]:
            return None
        return self.cells[row.case_id][0] or ""

    def fact_of(self, told: Row, by: By) -> CaseFact | None:
        """The fact that an accepted suggestion states; None where it states none.

        Raises:
            FieldError: its field can't hold the value, or holds another.
        """
        return fact_of(told, self._texts, self.single, lambda _: by)


def is_single(name: str) -> bool:
    """Whether a field holds one value."""
    return name in dictionary() and not dictionary()[name].type.is_list


def put(
    store: Store, writer: Writer, fact: CaseFact | None, before: SuggestionDecision | None
) -> int | None:
    """Record what an accepted suggestion states, in the place of the fact that an earlier decision on it made; its number."""
    old = None if before is None else _standing(store, before.fact)
    if fact is None:
        take_back(store, writer, [old])
        return None
    if old is None:
        return entering.enter_facts(store, writer, [fact])[0]
    return entering.correct_fact(store, writer, old, fact, "read_by_a_person")


def take_back(store: Store, writer: Writer, numbers: Sequence[int | None]) -> None:
    """Supersede facts that accepted suggestions made, from the day on which they counted; what else was said stands again."""
    wanted = sorted({number for number in numbers if number is not None})
    for start in range(0, len(wanted), AT_ONCE):
        made = list(store.rows(Fact).filter(id__in=wanted[start : start + AT_ONCE]).order_by("id"))
        cases, names = {fact.case_id for fact in made}, {fact.field for fact in made}
        said: dict[tuple[str, str], list[Fact]] = {}
        for fact in standing_facts(store, sorted(cases), sorted(names)):
            said.setdefault((fact.case_id, fact.field), []).append(fact)
        # What stands in the place of another fact that was taken back may repeat one of these, and goes with it.
        own = {(fact.case_id, fact.field, fact.origin, fact.author) for fact in made}
        for key, facts in said.items():
            gone = [each for each in facts if (*key, each.origin, each.author) in own]
            left = [each for each in facts if each not in gone]
            for old in gone:
                by = _instead(writer, old, left)
                entering.correct_fact(store, writer, int(old.id), by, "suggestion_withdrawn")


def _instead(writer: Writer, old: Fact, left: Sequence[Fact]) -> CaseFact:
    """What stands in the place of a fact that is taken back: nothing, or in a field of one value what was said before it."""
    known = None if old.known_from is None else _moment(old.known_from)
    before = [each for each in left if (each.known_from or "") <= (old.known_from or "")]
    if not before or not is_single(old.field):
        source = f"fact {old.id} was taken back"
        nothing = Status.NOT_RECORDED
        return CaseFact(
            old.case_id,
            old.field,
            None,
            nothing,
            known,
            register_time(writer),
            source,
            writer.actor,
        )
    last = before[-1]
    return CaseFact(
        old.case_id,
        old.field,
        last.value,
        Status(last.status),
        known,
        register_time(writer),
        last.origin or f"fact {last.id}",
        last.author or "",
    )


def decide(
    writer: Writer,
    row: Suggested,
    outcome: str,
    *,
    place: int = FIRST,
    fact: int | None = None,
    corrected: bool = False,
    at_once: str | None = None,
    policy: str | None = None,
    before: SuggestionDecision | None = None,
    reason: str | None = None,
) -> int:
    """Write down what became of a suggestion; the number of the decision."""
    said = SuggestionDecision(
        suggestion=row.id,
        case_id=row.case_id,
        rule=row.rule,
        version=row.version,
        user=writer.actor,
        outcome=outcome,
        place=place,
        fact=fact,
        corrected=int(corrected),
        at_once=at_once,
        policy=policy,
        supersedes=None if before is None else before.id,
    )
    writer.record(
        SuggestionDecided,
        [said, About(case_id=row.case_id)],
        decision=str(writer.next_id(SuggestionDecision)),
        suggestion=str(row.id),
        case=row.case_id,
        rule=row.rule,
        rule_version=row.version,
        outcome=outcome,
        place=place,
        fact=None if fact is None else str(fact),
        at_once=at_once,
        policy=policy,
        supersedes=None if before is None else str(before.id),
        reason=reason,
    )
    return int(said.id)


def take_together(
    store: Store,
    writer: Writer,
    rows: Sequence[Suggested],
    others: Undecided,
    *,
    policy: str | None = None,
) -> Taken:
    """Accept undecided suggestions that nobody read one by one: one event for each, all under one name.

    What `others` leaves, what a person turned down in the same case, and what can be no fact, stays undecided.
    """
    began = writer.size
    name = f"together-{began}"
    left: Counter[str] = Counter()
    accepted = facts = 0
    for told, why in sorted_out(store, rows, others):
        left.update(why)
        stated = [fact for _, fact in told if fact is not None]
        numbers = iter(entering.enter_facts(store, writer, stated) if stated else ())
        for row, fact in told:
            number = None if fact is None else next(numbers)
            decide(writer, row, ACCEPTED, fact=number, at_once=name, policy=policy)
        accepted, facts = accepted + len(told), facts + len(stated)
    writer.flush()
    note(store, writer, began)
    return Taken(name, accepted, facts, tuple(left.most_common()))


def sorted_out(
    store: Store, rows: Sequence[Suggested], others: Undecided
) -> Iterator[tuple[list[tuple[Suggested, CaseFact | None]], Counter[str]]]:
    """Case by case, what can be accepted together, each with its fact if it states one; and why others are left."""
    refused = turned_down(store)
    by_case: dict[str, list[Suggested]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, []).append(row)
    cases = sorted(by_case)
    for start in range(0, len(cases), AT_ONCE):
        part = cases[start : start + AT_ONCE]
        held = Held(store, [row for case in part for row in by_case[case]])
        for case in part:
            told, left = [], Counter[str]()
            for row in by_case[case]:
                fact, why = _taken(row, held, others, refused)
                if why is None:
                    told.append((row, fact))
                else:
                    left[why] += 1
            yield told, left


def _taken(
    row: Suggested, held: Held, others: Undecided, refused: set[tuple[str, str, str]]
) -> tuple[CaseFact | None, str | None]:
    """The fact of a suggestion, if it states one, or why it is left."""
    if (row.case_id, row.field, row.value) in refused:
        return None, TURNED_DOWN
    text = held.text(row)
    if text is None:
        return None, OTHER_TEXT
    told = as_row(row, text)
    why = others.why_left(told)
    if why is not None:
        return None, why
    try:
        return held.fact_of(told, others.by(told)), None
    except FieldError as error:
        return None, f"{row.field}: {error.reason}"


def _standing(store: Store, number: int | None) -> int | None:
    """The number of a fact, while nothing superseded it."""
    if number is None or store.rows(Fact).filter(supersedes=number).exists():
        return None
    return number


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
