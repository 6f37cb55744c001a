"""Reading is logged: whoever is shown cases leaves an entry, with why; and what is taken out as a file leaves one for whom.

Where a view wrote its own entry (a lead with exactly what was on its page, a report with its hash), that stands. Every other
page about cases and every list gets one here, so that a new page can't forget it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from openverdict.decisions import consulting
from openverdict.decisions.policy import OFF, REQUIRED
from openverdict.decisions.roles import HOUSE, Operation
from openverdict.errors import InputError
from openverdict.web import errors
from openverdict.web.addresses import address
from openverdict.web.answers import Download, Page, plain
from openverdict.web.ask import Ask
from openverdict.web.route import Route

RECIPIENT = "recipient"  # of a file, in the query part; whoever asks, where it is left out
LONGEST_RECIPIENT = 300
CASE_KEYS = ("case", "case_id")


def shows_cases(route: Route) -> bool:
    """Whether a page is about cases: any operation but those of the house."""
    return isinstance(route.operation, Operation) and route.operation not in HOUSE


def leaves(route: Route) -> bool:
    """Whether what is taken from a page as a file is a disclosure."""
    return shows_cases(route) or route.operation is Operation.INSPECT_LOG


def wanted(ask: Ask) -> HttpResponse | None:
    """The answer to whoever has to say first why they look; None for everybody else."""
    if not shows_cases(ask.route) or ask.policy.purpose_ask != REQUIRED or ask.stated is not None:
        return None
    if ask.twin or ask.request.method != "GET":
        line = (
            "say first why you look at cases: post a purpose to /purpose.json "
            f"({', '.join(ask.policy.purpose_codes)})"
        )
        return errors.page(ask.request, 428, line)
    query = {"next": ask.request.get_full_path(), "about": ask.subject}
    return HttpResponseRedirect(address("house.purpose", query))


def recipient(ask: Ask, posted: dict[str, list[str]]) -> str:
    """Who gets a file, taken out of the query part: who asks, unless somebody else is named.

    Raises:
        InputError: it is no name on one line.
    """
    given = posted.pop(RECIPIENT, []) if _is_file(ask) else []
    if not given or not given[0].strip():
        return ask.user or ""
    name = given[0].strip()
    if len(given) > 1 or len(name) > LONGEST_RECIPIENT or not name.isprintable():
        raise InputError(f"recipient: one name, of at most {LONGEST_RECIPIENT} characters")
    return name


def note(ask: Ask, page: Page) -> None:
    """Log what is shown, unless the view did."""
    if ask.noted or ask.user is None or not shows_cases(ask.route):
        return
    rows = list(_rows(ask, page))
    if not ask.about and not rows and not ask.route.csv:
        return  # a form, or the way to something: no case is on it
    with ask.writing() as writer:
        if len(ask.about) == 1:
            consulting.note_case(writer, ask.about[0], ask.route.name)
            return
        cases = ask.about or tuple(dict.fromkeys(case for row in rows for case in _cases(row)))
        chosen = {**ask.query.raw, **{name: str(value) for name, value in ask.params.items()}}
        consulting.note_list(
            writer, ask.route.name, len(rows) or len(ask.about), chosen=chosen, cases=cases
        )


def note_file(ask: Ask, found: Page | Download, content: bytes) -> None:
    """Log that a page or a report left as a file."""
    if ask.request.method != "GET" or ask.user is None or not leaves(ask.route):
        return
    if isinstance(found, Download):
        kind, count = found.name.rpartition(".")[2], len(ask.about)
    else:
        kind, count = ask.twin, len(ask.about) or sum(1 for _ in _rows(ask, found))
    with ask.writing() as writer:
        consulting.note_file(writer, kind, content, ask.recipient or ask.user, count)


def offered(ask: Ask) -> bool:
    """Whether the page offers to say why."""
    return ask.user is not None and ask.policy.purpose_ask != OFF


def _is_file(ask: Ask) -> bool:
    return bool(ask.twin) or ask.route.paper


def _rows(ask: Ask, page: Page) -> Iterator[dict[str, Any]]:
    """The rows of what is shown: of the list that the CSV holds, or of every list on the page."""
    data = page.data if isinstance(page.data, dict) or is_dataclass(page.data) else {}
    told = plain(data)
    for name, value in told.items():
        if isinstance(value, list) and (not ask.route.csv or name == ask.route.csv):
            yield from (row for row in value if isinstance(row, dict))


def _cases(row: dict[str, Any]) -> Iterator[str]:
    for key in CASE_KEYS:
        if isinstance(row.get(key), str):
            yield row[key]
    if isinstance(row.get("cases"), list):
        yield from (each for each in row["cases"] if isinstance(each, str))
