"""Where a person is signed in, and ending that: for themselves, and for others by who manages accounts."""

from __future__ import annotations

from openverdict.decisions import accounts
from openverdict.decisions.access import has_account
from openverdict.decisions.roles import Operation
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Filled, Form
from openverdict.web.route import Gate, Route
from openverdict.web.sessions import end_sessions, sessions_of


def own_sessions(ask: Ask) -> Page:
    """The sessions of the person."""
    here = ask.request.session.session_key
    rows = [{"began": began, "here": key == here} for key, began in sessions_of(ask.who)]
    others = sum(not row["here"] for row in rows)
    lede = (
        f"You are signed in {len(rows)} times, {others} of them elsewhere. "
        "A session ends after 30 minutes without use, and after 12 hours in any case."
    )
    return Page({"lede": lede, "sessions": rows})


def end_others(ask: Ask, _: Filled) -> Go:
    """End all but this one."""
    count = end_sessions(ask.who, ask.request.session.session_key)
    return Go(ask.to("house.sessions"), f"{count} sessions were ended.")


def of_account(ask: Ask) -> Page:
    """How many sessions somebody has."""
    user = _user(ask)
    return Page({"lede": f"Account {user} is signed in {len(sessions_of(user))} times."})


def end_all(ask: Ask, _: Filled) -> Go:
    """End every session of somebody."""
    user = _user(ask)
    with ask.writing("administration") as writer:
        accounts.note_means(ask.store, writer, user, "sessions_ended")
    count = end_sessions(user)
    return Go(ask.to("people.account", user=user), f"{count} sessions of {user} were ended.")


def _user(ask: Ask) -> str:
    user = str(ask.params["user"])
    if not has_account(ask.store, user, in_any_state=True):
        raise GoneError(f"account {user}: there is none of this name")
    return user


FORM = "layout/form.html"
ROUTES: tuple[Route, ...] = (
    Route("sessions", "house.sessions", own_sessions, operation=Gate.SIGNED_IN, title="Sessions",
          csv="sessions", form=Form((), button="End the others"), act=end_others, template=FORM,
          crumbs=("house.home",)),
    Route("people/account/<key:user>/sessions", "people.sessions", of_account,
          operation=Operation.MANAGE_ACCOUNTS, title="End all sessions of an account",
          form=Form((), button="End all of them", danger=True), act=end_all, template=FORM,
          crumbs=("house.home", "people.accounts")),
)  # fmt: skip
