"""The rules of the house: the policy in force, and putting another in force."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from openverdict.decisions.policy import adopt, in_force, read_policy
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.web.answers import Go, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Gate, Route

LARGEST = 64 * 1024  # bytes; the shipped file has under 4,000


def show_policy(ask: Ask) -> Page:
    """Every setting that is in force."""
    told = asdict(in_force(ask.store))
    version = told.pop("version")
    rows = [{"setting": name, "value": _words(value)} for name, value in told.items()]
    return Page({"version": version, "settings": rows})


def adopt_policy(ask: Ask, filled: Filled) -> Go:
    """Put the policy of a file in force from here on.

    Raises:
        InputError: the file is no policy; the setting is named.
    """
    given = filled["policy"]
    if given.size > LARGEST:
        raise InputError(f"the file has {given.size:,} bytes; a policy has at most {LARGEST:,}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_bytes(given.read())
        try:
            policy = read_policy(path)
        except InputError as error:
            raise InputError(str(error).replace(str(path), "policy.toml")) from None
    with ask.writing("administration") as writer:
        adopt(ask.store, writer, policy)
    return Go(ask.to("people.policy"), f"Policy {policy.version} is in force from here on.")


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def before_adopting(ask: Ask) -> Page:
    """Which policy is in force now."""
    lede = f"Policy {in_force(ask.store).version} is in force. Decisions keep the policy under which they were made."
    return Page({"lede": lede})


ADOPT = Form(
    (
        Field(
            "policy", "Policy (a TOML file)", Kind.FILE, hint="Every setting, with a new version."
        ),
    ),
    button="Put it in force",
    danger=True,
)
ROUTES: tuple[Route, ...] = (
    Route("settings", "people.policy", show_policy, operation=Gate.SIGNED_IN, title="Settings",
          nav="Settings", csv="settings", crumbs=("house.home",)),
    Route("settings/adopt", "people.adopt", before_adopting, operation=Operation.ADOPT_POLICY,
          title="Put a policy in force", form=ADOPT, act=adopt_policy,
          template="layout/form.html", crumbs=("house.home", "people.policy")),
)  # fmt: skip
