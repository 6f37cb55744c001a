"""Many weak pairs decided on together: "not similar", with one reason for all, and an entry of the log for each."""

from __future__ import annotations

from openverdict.decisions import bulk, subjects
from openverdict.decisions.access import AccessError
from openverdict.decisions.listing import last_run
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import Operation
from openverdict.decisions.words import Conclusion, reasons
from openverdict.errors import InputError
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.of_case import FORM, words_field
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Route

# Reasons that only a decision on one pair can have: that a record names the other, or that another decision stood there.
OF_ONE = ("one_names_the_other", "entered_wrongly", "new_facts")
LONGEST = 200_000  # characters: more pairs than any policy allows at once


def before(ask: Ask) -> Page:
    """What may be decided on so, by the policy."""
    policy = in_force(ask.store)
    lede = (
        f"Only “not similar”, only pairs below a log10 ratio of {policy.bulk_below_log10_lr:g} in which no case names the "
        f"other, at most {policy.bulk_largest:,} at once: all of them or none. Each gets an entry of its own. "
        "Your words stand for every one of them."
    )
    return Page({"lede": lede, "run": last_run(ask.store)})


def decide(ask: Ask, filled: Filled) -> Go | None:
    """Decide on them."""
    run = last_run(ask.store)
    if run is None:
        raise GoneError("no run has ended in this store, so nothing was compared; start one")
    named = _pairs(filled)
    if filled.errors:
        return None
    try:
        pairs = [subjects.pair(ask.store, *each) for each in named]
        with ask.writing() as writer:
            numbers = bulk.decide_together(
                ask.store, writer, pairs, filled["reasons"], filled["text"], run=run
            )
    except AccessError:
        raise
    except InputError as error:
        filled.error("pairs", f"Pairs: {error}")
        return None
    return Go(ask.to("leads.list"), f"Decided on {len(numbers):,} pairs together: not similar.")


def _pairs(filled: Filled) -> list[tuple[str, str]]:
    """The pairs, one in a line: two case numbers with a comma, a semicolon or a tab between them."""
    found = []
    for number, line in enumerate((filled["pairs"] or "").splitlines(), start=1):
        if not line.strip():
            continue
        mark = next((each for each in ("\t", ";", ",") if each in line), ",")
        cases = [part.strip() for part in line.split(mark)]
        if len(cases) != 2 or not all(cases):
            filled.error(
                "pairs",
                f"Pairs: line {number} is not two case numbers with a comma between them; mend it",
            )
            return []
        found.append((cases[0], cases[1]))
    return found


TOGETHER = Form(
    (
        Field("pairs", "Pairs", Kind.WORDS, longest=LONGEST,
              hint="One in a line: two case numbers with a comma between them."),
        Field("reasons", "Why?", Kind.CHOICES,
              choices=tuple((r.code, r.label) for r in reasons().values()
                            if Conclusion.NOT_SIMILAR in r.supports and r.code not in OF_ONE)),
        words_field("Your reason in words"),
    ),
    button="Decide on all of them: not similar",
    danger=True,
)  # fmt: skip
ROUTES: tuple[Route, ...] = (
    Route("pairs/together", "leads.together", before, operation=Operation.DECIDE_TOGETHER,
          title="Decide on many pairs together", form=TOGETHER, act=decide, template=FORM,
          crumbs=("house.home", "leads.list", "leads.compare")),
)  # fmt: skip
