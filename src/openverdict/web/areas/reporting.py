"""Reports: how something was considered, what nobody looked at, what came of a run, packs for outside. Making one is logged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markupsafe import Markup

from openverdict.decisions import subjects
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import Subject
from openverdict.ledger.store import Store
from openverdict.reports.closing import closing
from openverdict.reports.closing_page import closing_html
from openverdict.reports.consideration import consideration
from openverdict.reports.consideration_page import consideration_html
from openverdict.reports.making import log_report
from openverdict.reports.pack import PROFILES, write_pack
from openverdict.reports.printed import pdf
from openverdict.reports.unlooked import never_looked_at
from openverdict.reports.unlooked_files import unlooked_html, unlooked_table
from openverdict.web.answers import Download, Go, Page, as_json
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Route


@dataclass(frozen=True)
class Report:
    """A report as it was made, by its names in the log: its data, its HTML document, and the cases it is about."""

    name: str
    kind: str
    key: str
    data: dict[str, Any]
    html: str
    cases: tuple[str, ...] = ()


Make = Callable[[Ask], Report]


def _considered(ask: Ask) -> Report:
    """How a case, a lead or a pair was considered."""
    subject = _subject(ask)
    at = ask.store.clock()
    told = consideration(ask.store, subject, at, user=ask.who)
    html = consideration_html(told, made=at, reader=ask.who)
    kind = subject.kind.value
    return Report("consideration", kind, subject.key, told.to_dict(), html, subject.cases)


def _unlooked(ask: Ask) -> Report:
    """What of the last run nobody looked at."""
    at = ask.store.clock()
    told = never_looked_at(ask.store, at, ask.who)
    html = unlooked_html(told, made=at, reader=ask.who)
    run = "none" if told.run is None else str(told.run)
    data = asdict(told) | {"rows": unlooked_table(told).to_dicts()}
    return Report("never_looked_at", "run", run, data, html)


def _closed(ask: Ask) -> Report:
    """What came of the last run."""
    at = ask.store.clock()
    told = closing(ask.store, at, ask.who)
    html = closing_html(told, made=at, reader=ask.who)
    return Report("closure", "run", str(told.run), told.to_dict(), html)


def _subject(ask: Ask) -> Subject:
    given = ask.params
    if "lead" in given:
        return subjects.lead(ask.store, given["lead"])
    if "first" in given:
        return subjects.pair(ask.store, given["first"], given["second"])
    return subjects.case(ask.store, given["case"])


def _log(ask: Ask, made: Report, content: bytes) -> None:
    with ask.writing() as writer:
        log_report(writer, made.name, made.kind, made.key, [content], cases=made.cases)


def _page(make: Make) -> Callable[[Ask], Page]:
    """The report as a page: the body of its document, so that page, file and paper say the same."""

    def view(ask: Ask) -> Page:
        made = make(ask)
        _log(ask, made, as_json(made.data))
        body = made.html.partition("<main>")[2].partition("</main>")[0]
        title = re.search("<h1>(.*?)</h1>", made.html)
        head = unescape(title[1]) if title else ""
        paper = ask.to(f"{ask.route.name}_pdf", **ask.params)
        layout = {"body": Markup(body), "paper": paper}  # noqa: S704  (the same)
        return Page(made.data, title=head, layout=layout)

    return view


def _paper(make: Make) -> Callable[[Ask], Download]:
    """The report as a PDF."""

    def view(ask: Ask) -> Download:
        made = make(ask)
        content = pdf(made.html, printed_at=ask.store.clock())
        _log(ask, made, content)
        return Download(content, f"{made.name.replace('_', '-')}.pdf", "application/pdf")

    return view


def choose(ask: Ask) -> Page:
    """Which report."""
    return Page({"reports": ["unlooked", "closure", "consideration"]})


def chosen(ask: Ask, filled: Filled) -> Go | None:
    """Go to the consideration report of what was named."""
    case, other, lead = filled["case"], filled["other"], filled["lead"]
    if (case is None) == (lead is None) or (other is not None and case is None):
        filled.error("", "name a case, two cases, or a lead")
        return None
    if lead is not None:
        return Go(ask.to("record.of_lead", lead=lead))
    if other is not None:
        return Go(ask.to("record.of_pair", first=case, second=other))
    return Go(ask.to("record.of_case", case=case))


def before_pack(ask: Ask) -> Page:
    """What a pack holds."""
    lede = (
        "A zip file of everything that was considered, rejected pairs too, which its recipient verifies without this program. "
        "That it was disclosed, and to whom, is an entry of the log."
    )
    return Page({"lede": lede})


def pack(ask: Ask, filled: Filled) -> Download:
    """Disclose a pack to a recipient."""
    named = [line.strip() for line in (filled["cases"] or "").splitlines() if line.strip()]
    with TemporaryDirectory() as folder:
        target = Path(folder) / "pack.zip"
        write_pack(
            ask.store,
            target,
            actor=ask.who,
            purpose="disclosure",
            recipients=(filled["recipient"],),
            profile=filled["profile"],
            cases=named or None,
        )
        return Download(target.read_bytes(), "openverdict-pack.zip", "application/zip")


def _of_lead(store: Store, params: dict[str, Any]) -> tuple[str, ...]:
    return subjects.cases_of(store, "lead", str(params["lead"]))


def _of_pair(_: Store, params: dict[str, Any]) -> tuple[str, ...]:
    return (params["first"], params["second"])


def _routes(
    path: str, name: str, title: str, make: Make, operation: Operation, csv: str, **about: Any
) -> tuple[Route, Route]:
    """A report as page, with `csv` of its lists as CSV, and as PDF."""
    crumbs = ("house.home", "record.reports")
    return (
        Route(path, f"record.{name}", _page(make), operation=operation, title=title,
              template="record/report.html", csv=csv, crumbs=crumbs, **about),
        Route(f"{path}/pdf", f"record.{name}_pdf", _paper(make), operation=operation,
              title=f"{title}, as PDF", json=False, paper=True, **about),
    )  # fmt: skip


CHOOSE = Form(
    (
        Field("case", "Case", required=False),
        Field("other", "And another case, for the pair of both", required=False),
        Field("lead", "Or lead", Kind.NUMBER, required=False, least=1, most=10**15 - 1),
    ),
    button="Make the report",
)
PACK = Form(
    (
        Field("recipient", "Who gets it", hint="As the log will name them, for good."),
        Field("profile", "What may be in it", Kind.CHOICE,
              choices=(("figures", "Figures alone, under pseudonyms"),
                       ("panel", "For a panel: some fields, under pseudonyms"),
                       ("oversight", "For oversight: case numbers and people's own words"))),
        Field("cases", "Only these cases", Kind.WORDS, required=False, longest=100_000,
              hint="One in a line. Empty: all that you may disclose."),
    ),
    button="Disclose",
    danger=True,
)  # fmt: skip
assert {value for value, _ in PACK.fields[1].choices} == set(PROFILES)  # type: ignore[union-attr]  # noqa: S101
HOW, WHAT_CAME = "How it was considered", "What came of the last run"
ROUTES: tuple[Route, ...] = (
    Route("reports", "record.reports", choose, operation=Operation.LIST, title="Reports",
          nav="Reports", form=CHOOSE, act=chosen, crumbs=("house.home",)),
    *_routes("reports/unlooked", "unlooked", "Never looked at", _unlooked, Operation.LIST, "rows"),
    *_routes("reports/closure", "closure", WHAT_CAME, _closed, Operation.LIST, "leads"),
    *_routes("reports/case/<key:case>", "of_case", HOW, _considered, Operation.REPORT, "steps",
             case="case"),
    *_routes("reports/lead/<number:lead>", "of_lead", HOW, _considered, Operation.REPORT, "steps",
             cases=_of_lead),
    *_routes("reports/pair/<key:first>/<key:second>", "of_pair", HOW, _considered,
             Operation.REPORT, "steps", cases=_of_pair),
    Route("reports/pack", "record.pack", before_pack, operation=Operation.DISCLOSE,
          title="Disclose a pack", form=PACK, act=pack, template="layout/form.html", json=False,
          crumbs=("house.home", "record.reports")),
)  # fmt: skip
