"""Review runs: starting one, how far it has come, what came of it, and what is other than in the run before."""

from __future__ import annotations

from datetime import date
from typing import Any

from openverdict.decisions.changes import Changes, Moved, changes, told_of
from openverdict.decisions.roles import Operation
from openverdict.decisions.runs import UNDER_WAY, list_runs, one_run
from openverdict.decisions.subjects import Kind as SubjectKind
from openverdict.decisions.subjects import pair_key
from openverdict.decisions.turns import blind_to
from openverdict.errors import InputError
from openverdict.ledger.models import Case, LeadCase, Run
from openverdict.ledger.runs import DONE
from openverdict.ledger.store import Store
from openverdict.web import tasks, working
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.subjects import address_of, by_rank
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.models import ACTIVE, Job
from openverdict.web.nav import may_use
from openverdict.web.route import Route

BUDGET, NULLS, SEED = 6.0, 20, 1
SHOWN = 500  # pairs and levels on the page of a comparison


def index(ask: Ask) -> Page:
    """The runs, the newest at the head, and the one under way."""
    working.bury(ask.store)
    lines, following = list_runs(ask.store, user=ask.who, before=ask.query["before"])
    job = working.latest(working.RUN, state__in=ACTIVE)
    data = {
        "runs": [{**vars(line), "to": ask.to("runs.run", run=line.run)} for line in lines],
        "job": None if job is None else working.told(job),
        "may_start": _may_start(ask),
        "following": None if following is None else str(following),
    }
    return Page(data)


def start(ask: Ask) -> Page:
    """The settings of a run."""
    job = working.latest(working.RUN, state__in=ACTIVE)
    last = ask.store.rows(Run).order_by("-id").first()
    first = {"budget": f"{BUDGET:g}", "null_registers": NULLS, "seed": SEED}
    if last is not None and last.as_of is None:
        first = {
            "budget": f"{last.budget:g}",
            "null_registers": last.null_registers,
            "seed": last.seed,
        }
    data = {
        "cases": ask.store.rows(Case).count(),
        "job": None if job is None else working.told(job),
        "last_run": None if last is None else last.id,
    }
    return Page(data, filled=begin(SETTINGS, first))


def begin_run(ask: Ask, filled: Filled) -> Go | None:
    """The worker runs it."""
    for name in ("as_of", "recorded_as_of"):
        day = filled[name]
        if day is not None and day > ask.store.clock().date():
            filled.error(
                name, f"{SETTINGS_LABELS[name]}: {day} lies ahead; choose a day that has been"
            )
    if not ask.store.rows(Case).exists():
        raise InputError("the store holds no case; take files in first, under Intake")
    if filled.errors:
        return None
    settings: dict[str, Any] = {
        "budget": filled["budget"],
        "replicates": filled["null_registers"],
        "seed": filled["seed"],
        "floor": filled["floor"],
        "replay": filled["replay"],
        "as_of": _text(filled["as_of"]),
        "recorded_as_of": _text(filled["recorded_as_of"]),
    }
    job = tasks.put(working.RUN, ask.who, ask.purpose, settings=settings)
    return Go(ask.to("runs.work", job=job.id))


def work(ask: Ask) -> Page:
    """How far a run has come."""
    working.bury(ask.store)
    job = _job(ask)
    told = working.told(job)
    data = {**told, "settings": job.settings, "timings": job.result.get("timings") or {}}
    return Page(data, title="Review run under way" if told["active"] else "Review run")


def stop(ask: Ask) -> Page:
    """Before a run is ended."""
    job = _job(ask)
    lede = "The run ends at its next step. Nothing of it is stored but that it was begun and ended."
    return Page({"job": job.id, "lede": lede})


def end(ask: Ask, filled: Filled) -> Go:
    """It is ended."""
    job = _job(ask)
    working.end(job)
    return Go(ask.to("runs.work", job=job.id), "The run ends at its next step.")


def run(ask: Ask) -> Page:
    """One run: its rule, versions and hashes, counts and leads."""
    number = ask.params["run"]
    if not ask.store.rows(Run).filter(id=number).exists():
        raise GoneError(f"run {number}: there is none of this number; see the list of runs")
    told = one_run(ask.store, number, user=ask.who, after=ask.query["after"] or 0)
    job = working.latest(working.RUN, run=number)
    before = _before(ask, number)
    held = {str(each.number): each.cases for each in told.leads}
    blind = blind_to(ask.store, SubjectKind.LEAD, held, ask.who)
    data = {
        **vars(told),
        "line": vars(told.line),
        "leads": [_lead(each, blind) for each in by_rank(told.leads, blind)],
        "after": None if told.next is None else str(told.next),
        "before_run": before,
        "timings": {} if job is None else job.result.get("timings") or {},
        "message": "" if job is None else job.message,
        "job": None if job is None or told.line.state != UNDER_WAY else job.id,
    }
    data.pop("next")
    return Page(data, title=f"Run {number}")


def compare(ask: Ask) -> Page:
    """What is other in one run than in another."""
    before, after = ask.query["before"], ask.query["after"]
    if before is None or after is None:
        lines, _ = list_runs(ask.store, user=ask.who)
        done = [line.run for line in lines if line.state == DONE]
        if len(done) < 2:
            return Page(
                {
                    "before": None,
                    "after": None,
                    "leads": [],
                    "pairs": [],
                    "levels": [],
                    "touched": [],
                    "told": [],
                    "hidden": 0,
                    "more": 0,
                }
            )
        after, before = done[0], done[1]
    found = changes(ask.store, before, after, user=ask.who)
    limit = None if ask.twin else SHOWN
    leads, pairs = owed(ask.store, found, ask.who)
    data = {
        "before": before,
        "after": after,
        "leads": moved(found.leads, leads),
        "pairs": moved(found.pairs[:limit], pairs),
        "levels": [vars(each) for each in found.levels[:limit]],
        "touched": list(found.touched),
        "told": [
            {"owner": owner, "case": case}
            for owner, case in told_of(ask.store, after, user=ask.who)
        ],
        "hidden": found.hidden,
        "more": max(len(found.pairs) - SHOWN, 0) + max(len(found.levels) - SHOWN, 0)
        if limit
        else 0,
    }
    return Page(data)


def _lead(each: Any, blind: set[str]) -> dict[str, Any]:
    """A lead of the list; its figures are none for who owes it a first view."""
    key = str(each.number)
    hidden = dict.fromkeys(("rank", "log10_lr", "chance_per_year")) if key in blind else {}
    return {**vars(each), **hidden, "blind": key in blind, "to": address_of("lead", key)}


def moved(rows: tuple[Moved, ...], blind: set[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Leads or pairs that moved; no figure of those that the person owes a first view."""
    figures = ("ratio_before", "ratio_after", "rank_before", "rank_after")
    return [
        {**vars(each), **(dict.fromkeys(figures) if hidden else {}), "blind": hidden}
        for each in rows
        for hidden in (tuple(sorted(each.cases)) in blind,)
    ]


def owed(
    store: Store, found: Changes, user: str
) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """The cases of the leads, and of the pairs, that the person owes a first view."""
    runs = (found.before, found.after)
    leads: dict[str, list[str]] = {}
    rows = store.rows(LeadCase).filter(lead__run_id__in=runs)
    for number, case in rows.values_list("lead_id", "case_id"):
        leads.setdefault(str(number), []).append(case)
    moved = {tuple(sorted(each.cases)) for each in found.leads}
    leads = {key: cases for key, cases in leads.items() if tuple(sorted(cases)) in moved}
    pairs = {pair_key(*each.cases): each.cases for each in found.pairs}
    of_leads = blind_to(store, SubjectKind.LEAD, leads, user)
    of_pairs = blind_to(store, SubjectKind.PAIR, pairs, user)
    return (
        {tuple(sorted(leads[key])) for key in of_leads},
        {tuple(sorted(pairs[key])) for key in of_pairs},
    )


def _before(ask: Ask, run: int) -> int | None:
    """The run before it that ended."""
    lines, _ = list_runs(ask.store, user=ask.who, before=run)
    return next((line.run for line in lines if line.state == DONE), None)


def _job(ask: Ask) -> Job:
    job = working.latest(working.RUN, id=ask.params["job"])
    if job is None:
        raise GoneError("there is no such run; see the list of runs")
    return job


def _may_start(ask: Ask) -> bool:
    return may_use(
        ask.store, ask.user, next(route for route in ROUTES if route.name == "runs.start")
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


SETTINGS = Form(
    (
        Field(
            "budget",
            "Leads a year that chance alone may make",
            Kind.DECIMAL,
            least=0,
            most=1e6,
            hint="How many groups a register without any series may put before you in a year. 6 is a lead every two months.",
        ),
        Field(
            "null_registers",
            "Registers by which chance is measured",
            Kind.NUMBER,
            least=0,
            most=1000,
            hint="More take longer and measure better. With 0, chance is not measured, and strength alone counts.",
        ),
        Field(
            "seed",
            "Seed",
            Kind.NUMBER,
            least=0,
            most=2**31 - 1,
            hint="The same seed on the same register gives the same result.",
        ),
        Field(
            "floor",
            "Floor of the list of pairs (log10 ratio)",
            Kind.DECIMAL,
            required=False,
            least=-10,
            most=30,
            hint="2, or more in a register of over 10,000 cases, when left out. Pairs below it are counted.",
        ),
        Field(
            "as_of",
            "As of: what was known on",
            Kind.DATE,
            required=False,
            hint="Only what was known at the end of this day. Everything, when left out.",
        ),
        Field(
            "recorded_as_of",
            "As of: what the store held on",
            Kind.DATE,
            required=False,
            hint="Only what had been taken in by the end of this day (UTC).",
        ),
        Field(
            "replay",
            "Find by replay when each lead was first raised: a review for each day, which takes long",
            Kind.FLAG,
            required=False,
        ),
    ),
    button="Start the run",
)
SETTINGS_LABELS = {each.name: each.label for each in SETTINGS.fields}
STOP = Form((), button="End the run", danger=True)
BEFORE = Form((Field("before", "Before", Kind.NUMBER, required=False, least=0, most=10**12),))
AFTER = Form((Field("after", "After", Kind.NUMBER, required=False, least=0, most=10**12),))
TWO = Form(
    (
        Field("before", "Run", Kind.NUMBER, required=False, least=1, most=10**12),
        Field("after", "compared with run", Kind.NUMBER, required=False, least=1, most=10**12),
    )
)
_RUNS = ("house.home", "runs.index")
ROUTES: tuple[Route, ...] = (
    Route(
        "runs",
        "runs.index",
        index,
        operation=Operation.LIST,
        title="Runs",
        nav="Runs",
        query=BEFORE,
        csv="runs",
        crumbs=("house.home",),
    ),
    Route(
        "runs/start",
        "runs.start",
        start,
        operation=Operation.RUN,
        title="Start a review run",
        form=SETTINGS,
        act=begin_run,
        crumbs=_RUNS,
    ),
    Route(
        "runs/compare",
        "runs.compare",
        compare,
        operation=Operation.LIST,
        title="Compare two runs",
        query=TWO,
        csv="leads",
        crumbs=_RUNS,
    ),
    Route(
        "runs/job/<number:job>",
        "runs.work",
        work,
        operation=Operation.RUN,
        title="Review run",
        crumbs=_RUNS,
    ),
    Route(
        "runs/job/<number:job>/stop",
        "runs.stop",
        stop,
        operation=Operation.RUN,
        title="End the run",
        form=STOP,
        act=end,
        template="layout/form.html",
        crumbs=_RUNS,
    ),
    Route(
        "runs/<number:run>",
        "runs.run",
        run,
        operation=Operation.LIST,
        title="Run",
        query=AFTER,
        csv="leads",
        crumbs=_RUNS,
    ),
)
