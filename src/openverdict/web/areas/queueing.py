"""The queue of suggestions: listed, read one by one with the text beside, accepted, put right, rejected, undone, read twice."""

from __future__ import annotations

from typing import Any

from openverdict.decisions import accepting
from openverdict.decisions.access import allowed, why
from openverdict.decisions.beside import Reading, read_suggestion
from openverdict.decisions.guarding import case_by
from openverdict.decisions.models import Suggested
from openverdict.decisions.readings import FIRST, SECOND, WITHDRAWN
from openverdict.decisions.roles import Operation
from openverdict.decisions.suggestions import (
    Outcome,
    QueuePlace,
    place_in_queue,
    queue,
    suggestion_text,
)
from openverdict.ledger.store import Store
from openverdict.narrative.suggestion import Assertion
from openverdict.reports.shown import value_text
from openverdict.web.addresses import address
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.marked import pieces
from openverdict.web.paging import QUERY
from openverdict.web.route import Route
from openverdict.web.suggested import (
    CHOSEN,
    asked_for,
    field_label,
    kept,
    measured_words,
    order_of,
    row_of,
)

WHY = (
    ("misread", "The text was misread"),
    ("rule_was_wrong", "The rule was wrong"),
    ("by_mistake", "Decided by mistake"),
    ("new_information", "Something came to light"),
)


def list_queue(ask: Ask) -> Page:
    """The suggestions on cases where the person may enter facts."""
    chosen = asked_for(ask)
    found = queue(
        ask.store, chosen, user=ask.who, sort=order_of(ask), after=ask.query["after"] or None,
        before=ask.query["before"] or None,
    )  # fmt: skip
    name = "suggestions.again" if chosen.second else "suggestions.one"
    rows = [
        {**row_of(line), "to": address(name, kept(ask), suggestion=line.suggestion)}
        for line in found.lines
    ]
    data = {
        "suggestions": rows,
        "count": found.count,
        "counted_all": found.counted_all,
        "hidden": found.hidden,
        "after": found.next,
        "before": found.previous,
    }
    may_read = why(ask.store, ask.who, Operation.SUGGEST, at=ask.store.clock()).allowed
    return Page(data, layout={"kept": kept(ask), "second": chosen.second, "may_read": may_read})


def one(ask: Ask) -> Page:
    """One suggestion with the text beside it. That it was read is logged."""
    number = _there(ask)
    with ask.writing() as writer:
        found = read_suggestion(ask.store, writer, number)
    line, stands = found.seen.line, found.seen.line.stands
    mine = bool(
        allowed(ask.store, ask.who, Operation.ENTER_FACTS, [line.case], at=ask.store.clock())
    )
    by_itself = stands is not None and stands.at_once is None
    data = {
        **_told(ask, found),
        "may_decide": mine and not by_itself,
        "may_undo": mine and stands is not None,
        "history": [_said(each) for each in found.seen.history],
        "last": ask.query["last"],
    }
    return Page(data, title=f"Suggestion {number}", layout=_layout(ask, found))


def again(ask: Ask) -> Page:
    """The same for a second reader, who sees nothing of what was decided."""
    number = _there(ask)
    with ask.writing() as writer:
        found = read_suggestion(ask.store, writer, number, blind=True)
    return Page(
        _told(ask, found), title=f"Read suggestion {number} again", layout=_layout(ask, found)
    )


def before_accepting(ask: Ask) -> Page:
    """What becomes of it."""
    return Page({"lede": f"{_words(ask)}. What it states becomes a fact of yours, which can be taken back."})  # fmt: skip


def before_rejecting(ask: Ask) -> Page:
    """What becomes of it."""
    return Page({"lede": f"{_words(ask)}. It states nothing then, and comes again only if the text changes."})  # fmt: skip


def before_correcting(ask: Ask) -> Page:
    """What the rule says, to be put right."""
    row = _row(ask)
    filled = begin(CORRECT, {"value": row.value, "assertion": row.assertion})
    return Page({"lede": f"{_words(ask)}. In the rates of its rule, it counts as not accepted."}, filled=filled)  # fmt: skip


def before_undoing(ask: Ask) -> Page:
    """What is undone."""
    lede = f"{_words(ask)}. It waits again, and a fact that came of it is superseded. Both stay in the record."
    return Page({"lede": lede})


def accept(ask: Ask, filled: Filled) -> Go:
    """It becomes a fact, as far as it states one."""
    number = _there(ask)
    with ask.writing() as writer:
        accepting.accept(ask.store, writer, number)
    return _on(ask, number, f"Suggestion {number} is accepted.")


def correct(ask: Ask, filled: Filled) -> Go:
    """What is right instead becomes a fact."""
    number = _there(ask)
    with ask.writing() as writer:
        accepting.accept(
            ask.store, writer, number, value=filled["value"], assertion=filled["assertion"]
        )
    return _on(ask, number, f"Suggestion {number} is accepted as you put it right.")


def reject(ask: Ask, filled: Filled) -> Go:
    """It is turned down."""
    number = _there(ask)
    with ask.writing() as writer:
        accepting.reject(ask.store, writer, number)
    return _on(ask, number, f"Suggestion {number} is rejected.")


def undo(ask: Ask, filled: Filled) -> Go:
    """What stands on it stands no more; of what was read twice, what this person said."""
    number = _there(ask)
    history = suggestion_text(ask.store, number, user=ask.who).history
    last = next((each for each in reversed(history) if each.place == SECOND), None)
    mine = last is not None and last.outcome != WITHDRAWN and last.by == ask.who
    with ask.writing() as writer:
        accepting.withdraw(
            ask.store, writer, number, filled["why"], place=SECOND if mine else FIRST
        )
    query = {name: value for name, value in kept(ask).items() if name != "status"}
    to = address("suggestions.one", query, suggestion=number)
    return Go(to, f"Suggestion {number} waits again. What was decided before stays in the record.")


def say_again(ask: Ask, filled: Filled) -> Go:
    """The second reading is recorded."""
    number = _there(ask)
    with ask.writing() as writer:
        accepting.read_again(ask.store, writer, number, accepted=filled["says"] == "yes")
    return _on(ask, number, f"Your reading of suggestion {number} is recorded.")


def _there(ask: Ask) -> int:
    return int(_row(ask).id)


def _row(ask: Ask) -> Suggested:
    number = ask.params["suggestion"]
    found: Suggested | None = ask.store.rows(Suggested).filter(id=number).first()
    if found is None:
        raise GoneError(f"suggestion {number}: there is none of this number, or it was erased")
    return found


def _words(ask: Ask) -> str:
    row = _row(ask)
    words = value_text({"status": "recorded", "field": row.field, "value": row.value})
    said = row.assertion.replace("_", " ")
    return f"Suggestion {row.id}, case {row.case_id}: {field_label(row.field)}: {words} ({said})"


def _place(ask: Ask, number: int) -> QueuePlace:
    return place_in_queue(ask.store, number, asked_for(ask), user=ask.who, sort=order_of(ask))


def _on(ask: Ask, number: int, message: str) -> Go:
    """To the next suggestion of the queue that somebody is in; at its end, to the list."""
    place = _place(ask, number)
    if place.next is None:
        return Go(address("suggestions.list", kept(ask)), f"{message} It was the last one of this list.")  # fmt: skip
    name = "suggestions.again" if asked_for(ask).second else "suggestions.one"
    query = kept(ask) | ({} if name == "suggestions.again" else {"last": number})
    return Go(address(name, query, suggestion=place.next), message)


def _told(ask: Ask, found: Reading) -> dict[str, Any]:
    seen, rate = found.seen, found.rate
    place = _place(ask, seen.line.suggestion)
    return {
        **row_of(seen.line),
        "text": seen.text,
        "text_words": seen.words,
        "current": seen.current,
        "redacted": found.redacted,
        "states": found.states,
        "hindrance": found.hindrance,
        "rate": {
            "decided": rate.decided, "accepted": rate.accepted, "low": rate.low, "high": rate.high,
        },
        "measured": measured_words(seen.line.field, seen.line.value),
        "place": {
            "position": place.position, "count": place.count, "counted_all": place.counted_all,
            "previous": place.previous, "next": place.next,
        },
        "others": [row_of(each) for each in found.others],
    }  # fmt: skip


def _layout(ask: Ask, found: Reading) -> dict[str, Any]:
    line = found.seen.line
    own = None if found.redacted else (line.begins, line.ends)
    return {"pieces": pieces(found.seen.text, own, found.others), "kept": kept(ask)}


def _said(each: Outcome) -> dict[str, Any]:
    return {
        "at": each.at,
        "by": each.policy or each.by,
        "outcome": each.outcome,
        "reader": each.place,
        "fact": each.fact,
        "corrected": each.corrected,
        "together": each.at_once,
    }


_CASE = case_by(Suggested)


def _cases(store: Store, params: dict[str, Any]) -> tuple[str, ...]:
    return tuple(_CASE(store, params["suggestion"]))


LAST = Field("last", "Last", Kind.NUMBER, required=False, least=0, most=10**15)
HERE = Form((*CHOSEN, LAST))
CORRECT = Form(
    (
        Field("value", "What is right", longest=200, hint="As the dictionary of fields has it."),
        Field(
            "assertion",
            "In which sense the text says it",
            Kind.PICK,
            choices=tuple((each.value, each.value.replace("_", " ")) for each in Assertion),
        ),
    ),
    button="Accept it so",
)
AGAIN = Form(
    (
        Field("says", "Is it right, as it stands?", Kind.CHOICE, choices=(("yes", "Yes"), ("no", "No"))),
    ),
    button="Record your reading",
)  # fmt: skip
UNDO = Form((Field("why", "Why", Kind.CHOICE, choices=WHY),), button="Undo it", danger=True)
ABOVE = ("house.home", "suggestions.list")
_PATH = "suggestions/<number:suggestion>"


def _act(end: str, view: Any, title: str, form: Form, act: Any, **more: Any) -> Route:
    more.setdefault("template", "layout/form.html")
    return Route(f"{_PATH}/{end}", f"suggestions.{end}", view, operation=Operation.ENTER_FACTS, title=title,
                 cases=_cases, form=form, act=act, query=HERE, crumbs=ABOVE, **more)  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route("suggestions", "suggestions.list", list_queue, operation=Operation.ENTER_FACTS, title="Suggestions",
          nav="Suggestions", query=Form((*CHOSEN, *QUERY)), csv="suggestions", crumbs=("house.home",)),
    Route(_PATH, "suggestions.one", one, operation=Operation.VIEW, title="Suggestion", cases=_cases, query=HERE,
          csv="others", crumbs=ABOVE),
    _act("accept", before_accepting, "Accept a suggestion", Form((), button="Accept"), accept),
    _act("correct", before_correcting, "Put a suggestion right", CORRECT, correct),
    _act("reject", before_rejecting, "Reject a suggestion", Form((), button="Reject"), reject),
    _act("undo", before_undoing, "Undo what was decided", UNDO, undo),
    _act("again", again, "Read a suggestion again", AGAIN, say_again, template="suggestions/again.html"),
)  # fmt: skip
