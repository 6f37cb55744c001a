"""Who asks for what: what a view gets of a request, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.http import HttpRequest

from openverdict.decisions.policy import SUBJECT, Policy, in_force
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer
from openverdict.web.addresses import address
from openverdict.web.forms import Filled, Form
from openverdict.web.route import NO_FORM, Route

WHY, SUBJECTS = "purpose", "purposes"  # keys of a session: why, and why for each subject


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
    recipient: str = ""  # of a file
    noted: bool = False  # whether an entry says what was shown

    @property
    def who(self) -> str:
        """The name of who asks, where the route is not open to all."""
        if self.user is None:
            raise LookupError(f"route {self.route.name} is open to all: nobody is known to ask")
        return self.user

    @property
    def purpose(self) -> str:
        """Why, as the log has it: what the person said, or the first purpose of the policy."""
        return self.stated or self.policy.purpose_codes[0]

    @cached_property
    def about(self) -> tuple[str, ...]:
        """The cases that the address is about."""
        return self.route.about(self.store, self.params)

    @property
    def subject(self) -> str:
        """The same, short and without the names of the cases; nothing for a page about none."""
        return sha256("\n".join(self.about).encode()).hexdigest()[:16] if self.about else ""

    @cached_property
    def policy(self) -> Policy:
        """The rules of the house."""
        return in_force(self.store)

    @property
    def stated(self) -> str | None:
        """Why, as the person said it for this session, or where the policy asks so, for this subject."""
        session = self.request.session
        if self.policy.purpose_each == SUBJECT and self.about:
            said = session.get(SUBJECTS, {}).get(self.subject)
        else:
            said = session.get(WHY)
        return said if said in self.policy.purpose_codes else None

    @contextmanager
    def writing(self, purpose: str | None = None) -> Iterator[Writer]:
        """A transaction with the writers' lock, in the name of who asks."""
        with self.store.writing(self.who, purpose or self.purpose) as writer:
            yield writer
        self.noted = self.noted or writer.written > 0

    def to(self, name: str, **params: Any) -> str:
        """The address of a route."""
        return address(name, **params)

    @property
    def form(self) -> Form:
        """The form of the route."""
        return self.route.form or NO_FORM
