"""Who asks for what: what a view gets of a request, and nothing else of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.web.addresses import address
from openverdict.web.forms import Filled, Form
from openverdict.web.route import NO_FORM, Route

PURPOSE = "death_review"


@dataclass
class Ask:
    """One request, read. `user`: the name as the log has it. `params`: of the path. `query`: of the query part, typed."""

    request: HttpRequest
    route: Route
    store: Store
    user: str | None
    params: dict[str, Any] = field(default_factory=dict)
    query: Filled = field(default_factory=lambda: Filled(NO_FORM))
    twin: str = ""

    @property
    def who(self) -> str:
        """The name of who asks, where the route is not open to all."""
        if self.user is None:
            raise LookupError(f"route {self.route.name} is open to all: nobody is known to ask")
        return self.user

    @property
    def purpose(self) -> str:
        """Why, as the log has it."""
        return str(self.request.session.get("purpose", PURPOSE))

    def writing(self, purpose: str | None = None) -> AbstractContextManager[Writer]:
        """A transaction with the writers' lock, in the name of who asks."""
        return self.store.writing(self.who, purpose or self.purpose)

    def to(self, name: str, **params: Any) -> str:
        """The address of a route."""
        return address(name, **params)

    @property
    def form(self) -> Form:
        """The form of the route."""
        return self.route.form or NO_FORM
