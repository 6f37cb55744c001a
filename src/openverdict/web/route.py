"""One line of the table of routes: an address, who may ask for it, what answers, and in which forms.

Route("cases/<key:case>", "case", view_case, operation=Operation.VIEW, case="case", title="Case", csv="facts")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from openverdict.decisions.roles import Operation
from openverdict.ledger.store import Store
from openverdict.web.forms import Form

NO_FORM = Form(())


class Gate(StrEnum):
    """Who may ask, where that is no operation on the record."""

    OPEN = "open"  # anybody: signing in, health, words for people
    SIGNED_IN = "signed in"  # whoever has an account that is not locked: what is theirs alone, or about no case


@dataclass(frozen=True)
class Route:
    """A page.

    path: without the first slash, with Django's converters; `key` stands for a case number, `number` for the number of a row.
    name: unique; templates and views make addresses from it.
    view: `(Ask) -> Page | Go | Download` for GET.
    operation: what asking is, in the one table of roles; or a Gate.
    case: the parameter of the path that is a case number.
    cases: for other routes about cases: `(store, params) -> case numbers`.
    form: the fields that POST takes; act: `(Ask, Filled) -> Go | Page` for POST. Both or neither.
    query: the fields that the query part of the address takes.
    csv: the list in the page's data that is the CSV twin; empty for none.
    json: whether there is a JSON twin.
    nav: the words in the navigation; empty to stay out of it.
    crumbs: names of the routes above it, without parameters.
    paper: whether the answer is a file that is taken out (a PDF): it may be for somebody named as `recipient`.
    fresh: whether who asks has to have said lately who they are (a password, a key), since it opens a door.
    foreign: a view of a library that answers by itself (with `posts`, the fields that it takes).
    """

    path: str
    name: str
    view: Callable[[Any], Any] | None = None
    operation: Operation | Gate | None = None
    title: str = ""
    case: str = ""
    cases: Callable[[Store, dict[str, Any]], tuple[str, ...]] | None = None
    form: Form | None = None
    act: Callable[[Any, Any], Any] | None = None
    query: Form = field(default=NO_FORM)
    template: str = ""
    csv: str = ""
    json: bool = True
    nav: str = ""
    crumbs: tuple[str, ...] = ()
    paper: bool = False
    fresh: bool = False
    foreign: Callable[..., Any] | None = None
    posts: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it answers."""
        return ("GET", "POST") if self.act or self.posts else ("GET",)

    @property
    def page(self) -> str:
        """Its template: AREA/NAME.html unless another is named."""
        return self.template or f"{self.name.replace('.', '/')}.html"

    @property
    def twins(self) -> tuple[str, ...]:
        """The other forms of the page, by their endings."""
        if self.foreign is not None:
            return ()
        return tuple(each for each, there in (("json", self.json), ("csv", self.csv)) if there)

    @property
    def is_about_cases(self) -> bool:
        """Whether the rule is asked about certain cases."""
        return bool(self.case or self.cases)

    def about(self, store: Store, params: dict[str, Any]) -> tuple[str, ...]:
        """The cases that a call of it is about."""
        if self.case:
            return (str(params[self.case]),)
        return self.cases(store, params) if self.cases else ()
