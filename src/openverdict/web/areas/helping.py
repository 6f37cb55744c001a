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


def words(ask: Ask) -> Page:
    """A page of words alone."""
    return Page({"read": "this page is words for people; its text is the page itself"})


def _for(path: str, name: str, whom: str) -> Route:
    """Help for one kind of reader."""
    return Route(
        f"help/{path}",
        f"help.{name}",
        words,
        operation=Gate.OPEN,
        title=f"Help for {whom}",
        json=False,
        crumbs=("house.home", "help.index"),
    )


ROUTES: tuple[Route, ...] = (
    _for("sergeant", "sergeant", "a sergeant"),
    _for("coroners-officer", "coroners_officer", "a coroner's officer"),
    _for("auditor", "auditor", "an auditor"),
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
