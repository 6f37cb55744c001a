"""People: accounts and their roles, restricted cases, exceptional access, and why somebody may or may not."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from openverdict.decisions import accounts
from openverdict.decisions.access import ABLE, in_use
from openverdict.decisions.models import Grant, Revocation, UserState
from openverdict.decisions.roles import DESCRIPTIONS, TABLE, Operation, Role, Standing
from openverdict.errors import InputError
from openverdict.ledger.store import Store
from openverdict.web import links
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas import reach, rules
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.models import SignOn
from openverdict.web.route import Gate, Route
from openverdict.web.running import current

ADMINISTRATION = "administration"
CHANGES = (
    ("locked", "Lock it: nobody signs in with it until it is opened"),
    ("opened", "Open it again"),
    ("closed", "Close it for good"),
)


def list_accounts(ask: Ask) -> Page:
    """Every account with its state and the grants that count."""
    rows = [
        {
            "user": user,
            "state": state,
            "roles": sorted({each["role"] for each in held}),
            "address": ask.to("people.account", user=user),
        }
        for user, state, held in _accounts(ask.store)
    ]
    return Page({"accounts": rows, "in_use": in_use(ask.store)})


def view_account(ask: Ask) -> Page:
    """One account: its state, its roles, and what can be done with it."""
    user, state, held = _one(ask)
    grants = [{**each, "address": ask.to("people.revoke", grant=each["grant"])} for each in held]
    return Page({"user": user, "state": state, "grants": grants}, title=f"Account {user}")


def make_account(ask: Ask, filled: Filled) -> Go:
    """Make an account. It has no role and no password yet."""
    user = filled["user"]
    if not user.replace(".", "").replace("-", "").replace("_", "").isalnum():
        raise InputError("user name: letters, digits, dots, hyphens and underlines only; change it")
    with ask.writing(ADMINISTRATION) as writer:
        accounts.change_user(ask.store, writer, user, "made")
    return Go(ask.to("people.account", user=user), f"Account {user} is made. Give it a role.")


def change_account(ask: Ask, filled: Filled) -> Go:
    """Lock, open or close an account."""
    user, change = _one(ask)[0], filled["change"]
    with ask.writing(ADMINISTRATION) as writer:
        accounts.change_user(ask.store, writer, user, change)
    return Go(ask.to("people.account", user=user), f"Account {user}: {change}.")


def grant(ask: Ask, filled: Filled) -> Go:
    """Give a role: for a unit, for a case, or for everything."""
    user, last = _one(ask)[0], filled["until"]
    until = None if last is None else datetime.combine(last + timedelta(days=1), time(), UTC)
    with ask.writing(ADMINISTRATION) as writer:
        number = accounts.grant(
            ask.store, writer, user, filled["role"],
            unit=filled["unit"], case=filled["case"], until=until,
        )  # fmt: skip
    return Go(ask.to("people.account", user=user), f"Grant {number}: {filled['role']}.")


def of_account(ask: Ask) -> Page:
    """A form about one account."""
    return Page({"lede": f"Account {_one(ask)[0]}"})


def before_revoking(ask: Ask) -> Page:
    """Which grant is taken back."""
    row = _grant_row(ask)
    where = f"unit {row.unit}" if row.unit else f"case {row.case_id}" if row.case_id else "all"
    return Page({"lede": f"{row.user} is {row.role} for {where}. It then counts no longer."})


def revoke(ask: Ask, _: Filled) -> Go:
    """Take a grant back."""
    row = _grant_row(ask)
    with ask.writing(ADMINISTRATION) as writer:
        accounts.revoke(ask.store, writer, int(row.id))
    return Go(ask.to("people.account", user=row.user), f"Grant {row.id} counts no longer.")


def password_link(ask: Ask, _: Filled) -> Page:
    """A link that works once, by which the person sets a password. It is shown here, and kept nowhere."""
    user, state, _held = _one(ask)
    if state not in ABLE:
        raise InputError(f"the account {user} is {state}; open it first")
    with ask.writing(ADMINISTRATION) as writer:
        accounts.note_means(ask.store, writer, user, "password_link")
    where = ask.to("house.begin", token=links.make(links.PASSWORD, user))
    data = {"user": user, "link": f"{current().origin}{where}"}
    return Page(data, title="A link for a password")


def before_link(ask: Ask) -> Page:
    """Whom the link is for."""
    return Page({"user": _one(ask)[0], "link": None})


def before_sign_on(ask: Ask) -> Page:
    """Who comes in as this account by single sign-on."""
    user = _one(ask)[0]
    row = SignOn.objects.filter(username=user).first()
    now = {"subject": row.subject, "email": row.email} if row else {}
    lede = f"Account {user}: who is this in the sign-on of your house? Leave both empty for nobody."
    return Page({"lede": lede, **now}, filled=begin(SIGN_ON, now))


def set_sign_on(ask: Ask, filled: Filled) -> Go | None:
    """Say who comes in as this account by single sign-on."""
    user = _one(ask)[0]
    subject, email = filled["subject"] or "", (filled["email"] or "").lower()
    others = SignOn.objects.exclude(username=user)
    for name, value in (("subject", subject), ("email", email)):
        if value and others.filter(**{name: value}).exists():
            filled.error(name, f"{name}: another account has it; take it from that one first")
    if filled.errors:
        return None
    with ask.writing(ADMINISTRATION) as writer:
        accounts.note_means(ask.store, writer, user, "single_sign_on")
    if subject or email:
        told = {"subject": subject, "email": email}
        SignOn.objects.update_or_create(username=user, defaults=told)
    else:
        SignOn.objects.filter(username=user).delete()
    return Go(ask.to("people.account", user=user), f"Account {user}: single sign-on is changed.")


def table_of_roles(ask: Ask) -> Page:
    """What each role may do, with cases of its own, others and restricted ones."""
    rows = []
    for operation in Operation:
        row = {"operation": operation.value.replace("_", " ")}
        for role in Role:
            said = [TABLE[role][operation].of(each).value for each in Standing]
            row[role.value] = said[0] if len(set(said)) == 1 else " / ".join(said)
        rows.append(row)
    roles = [{"role": role.value, "does": does} for role, does in DESCRIPTIONS.items()]
    return Page({"roles": roles, "operations": rows})


def _accounts(store: Store) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(name, state, grants that count) of every account."""
    states = dict(store.rows(UserState).order_by("id").values_list("user", "change"))
    gone = set(store.rows(Revocation).values_list("grant", flat=True))
    now = store.clock()
    held: dict[str, list[dict[str, Any]]] = {user: [] for user in states}
    for row in store.rows(Grant).order_by("id"):
        over = row.until is not None and datetime.fromisoformat(row.until) <= now
        if row.id not in gone and not over and row.user in held:
            held[row.user].append(
                {"grant": int(row.id), "role": row.role, "unit": row.unit, "case": row.case_id,
                 "until": row.until}
            )  # fmt: skip
    return [(user, state, held[user]) for user, state in sorted(states.items())]


def _one(ask: Ask) -> tuple[str, str, list[dict[str, Any]]]:
    """The account of the address."""
    for each in _accounts(ask.store):
        if each[0] == ask.params["user"]:
            return each
    raise GoneError(f"account {ask.params['user']}: there is none of this name")


def _grant_row(ask: Ask) -> Any:
    row = ask.store.rows(Grant).filter(id=ask.params["grant"]).first()
    if row is None or ask.store.rows(Revocation).filter(grant=row.id).exists():
        raise GoneError(f"grant {ask.params['grant']}: there is none, or it was taken back before")
    return row


USER = Field("user", "User name", longest=150, hint="As the log will name them, for good.")
GRANT = Form(
    (
        Field("role", "Role", Kind.CHOICE,
              choices=tuple((r.value, f"{r.value.replace('_', ' ')}: {w}") for r, w in DESCRIPTIONS.items())),
        Field("unit", "Only for cases of this unit", required=False),
        Field("case", "Only for this case", required=False),
        Field("until", "Last day", Kind.DATE, required=False),
    ),
    button="Give the role",
)  # fmt: skip
SIGN_ON = Form(
    (
        Field("subject", "Subject", required=False, longest=255,
              hint="The number or name by which the sign-on knows this person for good (sub)."),
        Field("email", "Or e-mail address", required=False, longest=254,
              hint="Counts until the first time, and only if the sign-on says that it was verified."),
    ),
    button="Keep it",
)  # fmt: skip
CHANGE = Form((Field("change", "What becomes of it", Kind.CHOICE, choices=CHANGES),), danger=True)
MANAGE = Operation.MANAGE_ACCOUNTS
ABOVE = ("house.home", "people.accounts")
PLAIN = "layout/form.html"
DOORS = ("link", "sign_on")  # by these somebody could come in as another


def _act(
    path: str, name: str, title: str, view: Any, form: Form, act: Any, page: str = PLAIN
) -> Route:
    return Route(path, f"people.{name}", view, operation=MANAGE, title=title, form=form, act=act,
                 template=page, crumbs=ABOVE, fresh=name in DOORS)  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route("people", "people.accounts", list_accounts, operation=MANAGE, title="Accounts",
          nav="People", csv="accounts", crumbs=("house.home",)),
    _act("people/new", "new", "Make an account", lambda ask: Page({}),
         Form((USER,), button="Make the account"), make_account),
    Route("people/roles", "people.roles", table_of_roles, operation=Gate.SIGNED_IN,
          title="What each role may do", csv="operations", crumbs=("house.home",)),
    Route("people/account/<key:user>", "people.account", view_account, operation=MANAGE,
          title="Account", csv="grants", crumbs=ABOVE),
    _act("people/account/<key:user>/change", "change", "Lock, open or close an account",
         of_account, CHANGE, change_account),
    _act("people/account/<key:user>/grant", "grant", "Give a role", of_account, GRANT, grant),
    _act("people/account/<key:user>/link", "link", "A link for a password", before_link,
         Form((), button="Make a link"), password_link, "people/link.html"),
    _act("people/grant/<number:grant>/revoke", "revoke", "Take a role back", before_revoking,
         Form((), button="Take it back", danger=True), revoke),
    _act("people/account/<key:user>/sign-on", "sign_on", "Single sign-on", before_sign_on, SIGN_ON,
         set_sign_on),
    *reach.ROUTES,
    *rules.ROUTES,
)  # fmt: skip
