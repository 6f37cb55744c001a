"""What every page about one case shares: its place in the address, the way back to it, and codes as choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openverdict.decisions.access import footing
from openverdict.decisions.roles import Operation
from openverdict.ledger.models import Case
from openverdict.web.answers import GoneError
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Kind
from openverdict.web.route import Route

FORM = "layout/form.html"
LONGEST_WORDS = 20_000


def plain(code: str) -> str:
    """A code in words."""
    return code.replace("_", " ")


def choices(codes: Iterable[str]) -> Choices:
    """Codes to choose from, in words."""
    return tuple((code, plain(code)) for code in codes)


def case_of(ask: Ask) -> str:
    """The case of the address. Raises GoneError where the store does not have it."""
    case = str(ask.params["case"])
    if not ask.store.rows(Case).filter(case_id=case).exists():
        raise GoneError(f"case {case}: the store does not have it; check the number")
    return case


def back_to(ask: Ask, case: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The way from the start page to a page about a case."""
    return ((f"Case {case}", ask.to("cases.case", case=case)), *more)


def may_of(ask: Ask, case: str, *operations: Operation) -> list[str]:
    """Which of these the person may do with a case."""
    stance = footing(ask.store, ask.who, (case,), at=ask.store.clock())
    return [each.value for each in operations if stance.may(each)]


def words_field(label: str, *, required: bool = True, hint: str = "") -> Field:
    """A field for somebody's own words, kept behind a commitment of the log."""
    return Field("text", label, Kind.WORDS, required=required, hint=hint, longest=LONGEST_WORDS)


def about_case(
    path: str, name: str, view: Any, title: str, operation: Operation, **more: Any
) -> Route:
    """A route about one case. `path`: what follows its number."""
    crumbs = ("house.home", "register.search")
    return Route(f"cases/<key:case>/{path}", name, view, operation=operation, case="case", title=title,
                 crumbs=crumbs, **more)  # fmt: skip
