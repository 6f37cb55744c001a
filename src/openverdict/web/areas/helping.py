"""Help: what the words mean, what the app does and doesn't do, and the keys."""

from __future__ import annotations

from openverdict.decisions.roles import DESCRIPTIONS
from openverdict.reports.render import glossary
from openverdict.web.answers import Page
from openverdict.web.ask import Ask
from openverdict.web.route import Gate, Route


def index(ask: Ask) -> Page:
    """The first page of help."""
    data = {
        "roles": [
            {"role": role.value.replace("_", " "), "does": does}
            for role, does in DESCRIPTIONS.items()
        ],
        "terms": [{"term": term, "meaning": meaning} for term, meaning in glossary()],
    }
    return Page(data)


ROUTES: tuple[Route, ...] = (
    Route(
        "help",
        "help.index",
        index,
        operation=Gate.OPEN,
        title="Help",
        nav="Help",
        csv="terms",
        crumbs=("house.home",),
    ),
)
