"""How far people reach: restricted cases, exceptional access, and why somebody may or may not do something."""

from __future__ import annotations

from typing import Any

from openverdict.decisions import accounts
from openverdict.decisions.access import footing, why
from openverdict.decisions.guarding import ask as ask_rule
from openverdict.decisions.models import Glass, GlassEnd
from openverdict.decisions.policy import in_force
from openverdict.decisions.roles import HOUSE, Operation
from openverdict.errors import InputError
from openverdict.ledger.events.base import moment_text
from openverdict.ledger.models import Case
from openverdict.web.answers import Go, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Gate, Route


def explain(ask: Ask) -> Page:
    """Whether somebody may do something, by which rule, and what would change it; of others, for who manages or audits."""
    about, case = ask.query["user"] or ask.who, ask.query["case"]
    at, answer = ask.store.clock(), None
    if about != ask.who and not why(ask.store, ask.who, Operation.INSPECT_LOG, at=at).allowed:
        ask_rule(ask.store, ask.who, Operation.MANAGE_ACCOUNTS)
    if ask.query["operation"] is not None:
        if case is not None and not ask.store.rows(Case).filter(case_id=case).exists():
            raise InputError(f"case {case}: the store does not have it; check the number")
        answer = why(ask.store, about, Operation(ask.query["operation"]), case, at=at)
    return Page({"answer": answer, "answers": _answers(ask, about, case)})


def _answers(ask: Ask, about: str, case: str | None) -> list[dict[str, Any]]:
    """The answer on every operation, or on the one that was asked for, as rows."""
    asked = ask.query["operation"]
    if case is not None and not ask.store.rows(Case).filter(case_id=case).exists():
        raise InputError(f"case {case}: the store does not have it; check the number")
    stance = footing(ask.store, about, () if case is None else (case,), at=ask.store.clock())
    rows = []
    for operation in Operation if asked is None else (Operation(asked),):
        found = stance.answer(operation, None if operation in HOUSE else case)
        rows.append(
            {"user": about, "operation": operation.value, "words": operation.value.replace("_", " "),
             "case": found.case, "allowed": found.allowed, "how": found.access.value, "rule": found.rule,
             "why": found.text}
        )  # fmt: skip
    return rows


def before_restricting(ask: Ask) -> Page:
    """Whether the case is restricted now."""
    case = ask.params["case"]
    now = "restricted" if accounts.is_restricted(ask.store, case) else "not restricted"
    lede = f"Case {case} is {now}. Nobody sees a restricted case who has no grant for this very case; it stays counted."
    return Page({"lede": lede})


def restrict(ask: Ask, filled: Filled) -> Go:
    """Restrict a case, or lift the restriction."""
    case, is_on = ask.params["case"], filled["change"] == "restrict"
    with ask.writing() as writer:
        (accounts.restrict if is_on else accounts.lift)(ask.store, writer, case, filled["reason"])
    return Go(ask.to("house.home"), f"Case {case} is {'now' if is_on else 'no longer'} restricted.")


def own_glass(ask: Ask) -> Page:
    """What the person opened by exception and has not ended."""
    ended = ask.store.rows(GlassEnd).values("glass")
    now = moment_text(ask.store.clock())
    rows = ask.store.rows(Glass).filter(user=ask.who, until__gt=now).exclude(id__in=ended)
    policy = in_force(ask.store)
    opened = [
        {"number": row.id, "case": row.case_id, "until": row.until,
         "address": ask.to("people.close_glass", glass=row.id)}
        for row in rows.order_by("id")
    ]  # fmt: skip
    return Page({"opened": opened, "hours": policy.break_glass_hours,
                 "least": policy.text_break_glass_min_chars})  # fmt: skip


def break_glass(ask: Ask, filled: Filled) -> Go:
    """Open a case by exception; others are told."""
    case = filled["case"]
    with ask.writing() as writer:
        accounts.break_glass(ask.store, writer, case, filled["text"], hours=filled["hours"])
    return Go(ask.to("cases.case", case=case), f"Case {case} is open to you. Others were told.")


def before_closing(ask: Ask) -> Page:
    """What ends."""
    number = ask.params["glass"]
    return Page({"lede": f"Exceptional access {number} ends before its time."})


def close_glass(ask: Ask, filled: Filled) -> Go:
    """End an exceptional access. It has to be the person's own."""
    number = ask.params["glass"]
    if not ask.store.rows(Glass).filter(id=number, user=ask.who).exists():
        raise InputError(f"exceptional access {number}: you opened none of this number")
    with ask.writing() as writer:
        accounts.close_glass(ask.store, writer, number, filled["reason"])
    return Go(ask.to("people.glass"), f"Exceptional access {number} is over.")


REASON = Field(
    "reason",
    "Why, as one word",
    longest=60,
    hint="A code for the log, for example officer_involved.",
)
WHY = Form(
    (
        Field("operation", "What they would do", Kind.PICK, required=False,
              choices=tuple((each.value, each.value.replace("_", " ")) for each in Operation)),
        Field("case", "With which case", required=False),
        Field("user", "Who", required=False, hint="Empty: you."),
    )
)  # fmt: skip
GLASS = Form(
    (
        Field("case", "Case"),
        Field("text", "Why it can't wait", Kind.WORDS, longest=5_000),
        Field("hours", "For how many hours", Kind.NUMBER, required=False, least=1, most=10_000),
    ),
    button="Open the case and tell the others",
    danger=True,
)
RESTRICT = Form(
    (
        Field("change", "What becomes of it", Kind.CHOICE,
              choices=(("restrict", "Restrict it"), ("lift", "Restrict it no longer"))),
        REASON,
    ),
    danger=True,
)  # fmt: skip
ROUTES: tuple[Route, ...] = (
    Route("people/why", "people.why", explain, operation=Gate.SIGNED_IN, query=WHY, csv="answers",
          title="Why can I see this?", crumbs=("house.home",)),
    Route("people/restrict/<key:case>", "people.restrict", before_restricting,
          operation=Operation.RESTRICT, case="case", title="Restrict a case", form=RESTRICT,
          act=restrict, template="layout/form.html", crumbs=("house.home",)),
    Route("people/break-glass", "people.glass", own_glass, operation=Operation.BREAK_GLASS,
          title="Exceptional access", csv="opened", form=GLASS, act=break_glass,
          crumbs=("house.home",)),
    Route("people/break-glass/<number:glass>/close", "people.close_glass", before_closing,
          operation=Operation.BREAK_GLASS, title="End an exceptional access",
          form=Form((REASON,), button="End it"), act=close_glass, template="layout/form.html",
          crumbs=("house.home", "people.glass")),
)  # fmt: skip
