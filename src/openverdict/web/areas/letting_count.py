"""From which probability on records count as one person undecided: what holds, what others would mean, and setting it."""

from __future__ import annotations

from dataclasses import asdict

from openverdict.decisions.linking import let_count
from openverdict.decisions.roles import Operation
from openverdict.decisions.thresholds import counting, foresee_thresholds, said_of_threshold
from openverdict.reports.words import counted
from openverdict.web.answers import Go, Page
from openverdict.web.areas.same_persons import ABOVE
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Route

ACCEPTED, OVER = "accepted", "over"
LEAST, MOST = 0.5, 0.999999


def thresholds(ask: Ask) -> Page:
    """What counts now, what each threshold would mean, and everything that was said of it."""
    now = counting(ask.store, user=ask.who)
    least = None if now.said is None else now.said.least
    steps = foresee_thresholds(ask.store, user=ask.who, more=() if least is None else (least,))
    data = {
        "counts_now": asdict(now),
        "steps": [asdict(each) for each in steps],
        "said": [asdict(each) for each in said_of_threshold(ask.store, user=ask.who)],
    }
    return Page(data)


def set_threshold(ask: Ask, filled: Filled) -> Go | None:
    """It holds from here on, until somebody says otherwise."""
    least = filled["least"] if filled["counts"] == OVER else None
    if filled["counts"] == OVER and least is None:
        filled.error("least", "Probability: say from which on")
        return None
    with ask.writing() as writer:
        done = let_count(ask.store, writer, least, filled["text"])
    what = "Only what people accepted counts" if least is None else f"From {least:g} on, undecided pairs count"  # fmt: skip
    facts = f"Persons of cases: {counted(done.entered, 'fact')} entered, {done.superseded:,} superseded."  # fmt: skip
    return Go(ask.to("persons.threshold"), f"{what}. {facts}")


SET = Form(
    (
        Field(
            "counts",
            "What counts as one person",
            Kind.CHOICE,
            choices=(
                (ACCEPTED, "Only what people accepted"),
                (OVER, "Undecided pairs too, from this probability on"),
            ),
        ),
        Field(
            "least",
            "Probability",
            Kind.DECIMAL,
            required=False,
            least=LEAST,
            most=MOST,
            hint="As 0.99. What a rule holds back never counts undecided.",
        ),
        Field("text", "Why", Kind.WORDS, longest=2_000),
    ),
    button="Let it count so",
    danger=True,
)
ROUTES: tuple[Route, ...] = (
    Route("persons/threshold", "persons.threshold", thresholds, operation=Operation.ADOPT_POLICY,
          title="What counts undecided", form=SET, act=set_threshold, csv="steps", crumbs=ABOVE),
)  # fmt: skip
