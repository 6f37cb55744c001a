"""The house itself: start page, signing in and out, first start, how it looks, whether it is well, and what it can do."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import DatabaseError
from django.utils.http import url_has_allowed_host_and_scheme

from openverdict import __version__
from openverdict.decisions.access import active, footing, in_use
from openverdict.decisions.desk import Pile, desk
from openverdict.decisions.reach import counted
from openverdict.decisions.roles import DESCRIPTIONS, HOUSE, Operation, Role
from openverdict.errors import InputError
from openverdict.ledger.models import Run, RunEnd
from openverdict.web import links, preferences
from openverdict.web import single_sign_on_flow as flow
from openverdict.web.addresses import address
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas import own_keys, own_sessions, purposes
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.openapi import description
from openverdict.web.route import Gate, Route

LONGEST_NAME = 150


def home(ask: Ask) -> Page:
    """What the person is here for, what they may do, and how much there is."""
    store, at = ask.store, ask.store.clock()
    grants = list(active(store, ask.who, at)) if in_use(store) else []
    roles = sorted({Role(grant.role) for grant in grants})
    listed, hidden = counted(store, ask.who, at=at)
    last = store.rows(RunEnd).order_by("-run_id").first()
    stance = footing(store, ask.who, (), at=at)
    may = [
        {"operation": each.value, "words": each.value.replace("_", " "), "house": each in HOUSE}
        for each in Operation
        if stance.answer(each).allowed
    ]
    data = {
        "user": ask.who,
        "roles": [{"role": role.value, "does": DESCRIPTIONS[role]} for role in roles],
        "grants": [
            {"role": grant.role, "unit": grant.unit, "case": grant.case_id, "until": grant.until}
            for grant in grants
        ],
        "may": may,
        "cases_listed": listed,
        "cases_hidden": hidden,
        "waits": waits(ask) if stance.answer(Operation.LIST).allowed else [],
        "runs": store.rows(Run).count(),
        "last_run": None if last is None else last.run_id,
    }
    return Page(data, title="Start")


def waits(ask: Ask) -> list[dict[str, Any]]:
    """What waits for the person, each kind with the list that holds it."""
    return [
        {
            "kind": each.kind,
            "words": PILES[each.kind][0],
            "count": each.count,
            "counted_all": each.counted_all,
            "late": each.late,
            "due": each.due,
            "to": address(*PILES[each.kind][1]),
        }
        for each in desk(ask.store, ask.store.clock(), user=ask.who)
    ]


def health(ask: Ask) -> Page:
    """Whether the store answers. Says nothing of what is in it."""
    try:
        ask.store.size()
    except (DatabaseError, InputError):
        return Page({"status": "store does not answer", "version": __version__}, status=503)
    return Page({"status": "ok", "version": __version__})


def api(ask: Ask) -> Page:
    """The description of the API, made from the table of routes."""
    from openverdict.web.routes import ROUTES

    return Page(description(ROUTES))


def looks(ask: Ask) -> Page:
    """How the app looks to the person."""
    now = preferences.preferences(ask.who)
    return Page({"theme": now["theme"]}, filled=begin(LOOKS, {"theme": now["theme"], "next": "/"}))


def set_looks(ask: Ask, filled: Filled) -> Go:
    """Choose light or dark."""
    preferences.prefer(ask.who, "theme", filled["theme"])
    to = filled["next"] or "/"
    if not url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        to = "/"
    return Go(to, "Your choice is kept.")


def begin_account(ask: Ask) -> Page:
    """The page behind a one-time link."""
    link = links.look_up(ask.params["token"])
    if link is None:
        raise GoneError("this link has been used, or its time is over; ask for a new one")
    first = {"username": link.username} if link.username else None
    return Page(
        {"kind": link.kind, "username": link.username or None},
        title="Make the first administrator" if link.kind == links.FIRST else "Set your password",
        filled=begin(ACCOUNT, first),
    )


def make_account(ask: Ask, filled: Filled) -> Go | None:
    """Use the link up."""
    name, password = filled["username"], filled["password"]
    if password != filled["again"]:
        filled.error("again", "Password again: differs from the password above; type both anew")
    try:
        validate_slug(name.replace(".", "_"))
    except ValidationError:
        filled.error(
            "username", "User name: letters, digits, dots, hyphens and underlines only; change it"
        )
    try:
        from django.contrib.auth import get_user_model

        validate_password(password, get_user_model()(username=name))
    except ValidationError as error:
        filled.error("password", f"Password: {' '.join(error.messages)}")
    if filled.errors:
        return None
    links.use(ask.store, ask.params["token"], name, password)
    return Go("/account/login")


# The words for what waits, and the list that holds it.
PILES: dict[Pile, tuple[str, tuple[Any, ...]]] = {
    Pile.GIVEN: ("Given to you", ("leads.list", {"queue": "mine"})),
    Pile.SECOND: ("Asked of you as a second or third person", ("leads.list", {"queue": "second"})),
    Pile.OVERDUE: ("Over its time, whoever has it", ("record.waiting", {"overdue": "yes"})),
    Pile.UNASSIGNED: ("Given to nobody", ("leads.list", {"queue": "unassigned"})),
    Pile.REFERRAL: ("Referrals without an answer", ("record.waiting",)),
    Pile.CONCERN: ("Concerns without an answer", ("record.waiting",)),
    Pile.CATEGORY: ("Categories to sign off", ("record.waiting",)),
    Pile.ENQUIRY: ("Enquiries without a result", ("record.waiting",)),
    Pile.SUGGESTION: ("Suggestions to read", ("suggestions.list",)),
    Pile.PROPOSAL: ("Records that may be of one person", ("persons.list",)),
    Pile.FAILED: ("Runs that failed since one ended well", ("runs.index",)),
}
LOOKS = Form(
    (
        Field(
            "theme",
            "Colours",
            Kind.CHOICE,
            choices=(("system", "As this computer is set"), ("light", "Light"), ("dark", "Dark")),
        ),
        Field("next", "Then go to", Kind.HIDDEN, required=False),
    ),
    button="Keep this choice",
)
ACCOUNT = Form(
    (
        Field(
            "username",
            "User name",
            longest=LONGEST_NAME,
            hint="As the log will name you, for example a.reader. It stays in the record for good.",
            autocomplete="username",
        ),
        Field(
            "password",
            "Password",
            Kind.SECRET,
            hint="At least 12 characters; three or four words that don't belong together are good.",
            autocomplete="new-password",
        ),
        Field("again", "Password again", Kind.SECRET, autocomplete="new-password"),
    ),
    button="Set the password",
)


def _account(view: Any, path: str, name: str, title: str, gate: Gate, *posts: str) -> Route:
    return Route(f"account/{path}", name, operation=gate, title=title, foreign=view, posts=posts)


ROUTES: tuple[Route, ...] = (
    Route("", "house.home", home, operation=Gate.SIGNED_IN, title="Start", nav="Start"),
    Route("health", "house.health", health, operation=Gate.OPEN, title="Health"),
    Route(
        "api/openapi",
        "house.api",
        api,
        operation=Gate.SIGNED_IN,
        title="API",
        crumbs=("house.home",),
    ),
    Route(
        "looks",
        "house.looks",
        looks,
        operation=Gate.SIGNED_IN,
        title="How it looks",
        form=LOOKS,
        act=set_looks,
        crumbs=("house.home",),
    ),
    *purposes.ROUTES,
    *own_keys.ROUTES,
    *own_sessions.ROUTES,
    Route(
        "begin/<slug:token>",
        "house.begin",
        begin_account,
        operation=Gate.OPEN,
        title="Begin",
        form=ACCOUNT,
        act=make_account,
        json=False,
    ),
    _account(
        allauth.login,
        "login",
        "account_login",
        "Sign in",
        Gate.OPEN,
        "login",
        "password",
        "next",
        "remember",
    ),
    _account(allauth.logout, "logout", "account_logout", "Sign out", Gate.SIGNED_IN, "next"),
    _account(
        allauth.password_change,
        "password",
        "account_change_password",
        "Change your password",
        Gate.SIGNED_IN,
        "oldpassword",
        "password1",
        "password2",
        "next",
    ),
    _account(
        allauth.reauthenticate,
        "again",
        "account_reauthenticate",
        "Say again who you are",
        Gate.SIGNED_IN,
        "password",
        "next",
    ),
    _account(flow.begin, "single", "single_sign_on", "Single sign-on", Gate.OPEN),
    _account(flow.back, "single/back", flow.BACK, "Single sign-on", Gate.OPEN),
    # Names that allauth makes addresses from; nobody gets there.
    _account(
        allauth.account_inactive, "inactive", "account_inactive", "Account inactive", Gate.OPEN
    ),
)
