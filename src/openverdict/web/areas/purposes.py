"""Why somebody looks at cases: said once a session, or once for each subject, and then in every entry of the log."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme

from openverdict.decisions.policy import OFF, REQUIRED, SUBJECT
from openverdict.web.answers import Go, Page
from openverdict.web.ask import SUBJECTS, WHY, Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Gate, Route

MOST = 500  # subjects that a session remembers
LONGEST = 2_000


def _codes(ask: Ask) -> Choices:
    return tuple((code, code.replace("_", " ")) for code in ask.policy.purpose_codes)


def purpose(ask: Ask) -> Page:
    """What stands now, and the question."""
    policy = ask.policy
    about = ask.query["about"] or ""
    first = {"purpose": ask.stated or "", "next": ask.query["next"] or "/", "about": about}
    lede = {
        OFF: "The policy in force asks nobody. What you say stands in the log all the same.",
        REQUIRED: "The policy in force asks everybody who looks at cases. It stands in the log beside what you look at.",
    }.get(
        policy.purpose_ask,
        "It stands in the log beside what you look at. You may leave it as it is.",
    )
    if policy.purpose_each == SUBJECT and about:
        lede += " You are asked for each subject."
    data = {
        "lede": lede,
        "ask": policy.purpose_ask,
        "each": policy.purpose_each,
        "purpose": ask.purpose,
        "said": ask.stated is not None,
    }
    return Page(data, filled=begin(WHY_FORM, first))


def say(ask: Ask, filled: Filled) -> Go:
    """Keep it for this session."""
    session, about = ask.request.session, filled["about"]
    session[WHY] = filled["purpose"]
    if about:
        kept = {**session.get(SUBJECTS, {}), about: filled["purpose"]}
        session[SUBJECTS] = dict(list(kept.items())[-MOST:])
    to = filled["next"] or "/"
    if not url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        to = "/"
    words = filled["purpose"].replace("_", " ")
    return Go(to, f"The log says from here on: {words}.")


NEXT = Field("next", "Then go to", Kind.HIDDEN, required=False, longest=LONGEST)
ABOUT = Field("about", "About", Kind.HIDDEN, required=False, longest=LONGEST)
WHY_FORM = Form(
    (Field("purpose", "Why do you look at cases?", Kind.CHOICE, choices=_codes), NEXT, ABOUT),
    button="Go on",
)
ROUTES: tuple[Route, ...] = (
    Route("purpose", "house.purpose", purpose, operation=Gate.SIGNED_IN, title="Purpose",
          form=WHY_FORM, act=say, query=Form((NEXT, ABOUT)), template="layout/form.html",
          crumbs=("house.home",)),
)  # fmt: skip
