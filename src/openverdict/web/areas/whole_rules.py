"""Rules with their rates; accepting a whole rule after a dry run; undoing what was accepted together; letting rules read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.decisions import accepting, proving, whole_rule
from openverdict.decisions.readings import undecided, within_reach
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.narrative.at_once import LEAST_DECIDED
from openverdict.web import tasks, working
from openverdict.web.addresses import address
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.queueing import ABOVE, WHY
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.models import ACTIVE
from openverdict.web.route import Route
from openverdict.web.suggested import measured_words, row_of


def list_rules(ask: Ask) -> Page:
    """Every rule, how good it has proved, and how many of its suggestions wait for the person."""
    rows = [
        {
            **asdict(each),
            "share": each.accepted / each.decided if each.decided else None,
            "to": ask.to("suggestions.rule", rule=each.rule, version=each.version),
            "listed": address("suggestions.list", {"rule": each.rule}),
        }
        for each in proving.rates(ask.store, user=ask.who)
    ]
    readers = proving.agreement(ask.store, user=ask.who)
    return Page({"rules": rows, "readers": asdict(readers)})


def before_rule(ask: Ask) -> Page:
    """What accepting the rest of a rule would do: a dry run, with some of it to read."""
    rule, version = ask.params["rule"], ask.params["version"]
    rows = within_reach(ask.store, ask.who, undecided(ask.store))
    if not rows.filter(rule=rule, version=version).exists():
        raise GoneError(
            f"rule {rule}, version {version}: none of its suggestions waits for you; see Rules"
        )
    with ask.writing() as writer:
        found = whole_rule.foresee_rule(ask.store, writer, rule, version)
    data = {
        "rule": rule,
        "version": version,
        "rate": {
            "decided": found.rate.decided, "accepted": found.rate.accepted, "low": found.rate.low,
            "high": found.rate.high,
        },
        "waiting": found.waiting,
        "accepted": found.accepted,
        "facts": found.facts,
        "left": [{"why": why, "suggestions": number} for why, number in found.left],
        "sample": [
            {
                **row_of(each.line),
                "before": each.before,
                "text_words": each.words,
                "after": each.after,
                "to": ask.to("suggestions.one", suggestion=each.line.suggestion),
            }
            for each in found.sample
        ],
        "measured": _measured(rows, rule, version),
        "enough": found.enough,
        "least": LEAST_DECIDED,
        "most": whole_rule.MOST,
    }  # fmt: skip
    return Page(data, title=f"Accept the rest of {rule}", filled=begin(TOGETHER, {"expected": found.waiting}))  # fmt: skip


def accept_rule(ask: Ask, filled: Filled) -> Go:
    """All of them, or none."""
    rule, version = ask.params["rule"], ask.params["version"]
    if not filled["expected"].isdecimal():
        raise InputError("say how many wait, as the dry run does")
    expected = int(filled["expected"])
    if expected > whole_rule.MOST:
        raise InputError(
            f"{expected:,} wait: more than {whole_rule.MOST:,} are accepted with openverdict queue rule"
        )
    with ask.writing() as writer:
        taken = accepting.accept_rule(ask.store, writer, rule, version, expected=expected)
    words = f"{taken.accepted:,} suggestions accepted under the name {taken.name}; {taken.facts:,} facts of them."
    left = sum(number for _, number in taken.left)
    words += f" {left:,} were left, and wait." if left else ""
    return Go(ask.to("suggestions.together", together=taken.name), words)


def together(ask: Ask) -> Page:
    """What stands under a name."""
    name = ask.params["together"]
    found = whole_rule.taken_together(ask.store, name, user=ask.who)
    data = {
        **asdict(found),
        "rules": [{"rule": rule, "suggestions": number} for rule, number in found.rules],
    }
    return Page(data, title="Accepted together")


def undo_together(ask: Ask, filled: Filled) -> Go:
    """All of it waits again, but for what a person has read since."""
    name = ask.params["together"]
    with ask.writing() as writer:
        number = accepting.withdraw_together(ask.store, writer, name, filled["why"])
    return Go(ask.to("suggestions.list"), f"{number:,} suggestions wait again, and their facts are superseded.")  # fmt: skip


def reading(ask: Ask) -> Page:
    """How far the rules have come with the texts of the store."""
    working.bury(ask.store)
    job = working.latest(working.NARRATIVES)
    data = {
        "job": None if job is None else working.told(job),
        "result": {} if job is None or job.state != working.DONE else job.result,
    }
    return Page(data)


def read(ask: Ask, filled: Filled) -> Go:
    """The worker lets them read."""
    if working.latest(working.NARRATIVES, state__in=ACTIVE) is not None:
        raise InputError("the rules are reading already; wait for their end")
    tasks.put(working.NARRATIVES, ask.who, ask.purpose)
    return Go(ask.to("suggestions.read"))


def stopping(ask: Ask) -> Page:
    """Before it is ended."""
    return Page({"lede": "It ends at its next step. What was read so far stays."})  # fmt: skip


def stop(ask: Ask, filled: Filled) -> Go:
    """It is ended."""
    job = working.latest(working.NARRATIVES, state__in=ACTIVE)
    if job is not None:
        working.end(job)
    return Go(ask.to("suggestions.read"))


def _measured(rows: Any, rule: str, version: str) -> dict[str, Any] | None:
    """How well rules did on held-out texts with what this one suggests, where that is one thing."""
    said = rows.filter(rule=rule, version=version).order_by()
    found = list(said.values_list("field", "value").distinct()[:2])
    return measured_words(*found[0]) if len(found) == 1 else None


TOGETHER = Form(
    (
        Field("expected", "How many wait", Kind.HIDDEN, longest=18),
        Field("sure", "I have read the sample, and looked at the rate of the rule", Kind.FLAG),
    ),
    button="Accept them all",
)
UNDO = Form((Field("why", "Why", Kind.CHOICE, choices=WHY),), button="Undo them all", danger=True)
READ = Form((), button="Let the rules read")
STOP = Form((), button="End it", danger=True)
RULES = (*ABOVE, "suggestions.rules")


def _route(path: str, name: str, view: Any, title: str, **more: Any) -> Route:
    more.setdefault("operation", Operation.ENTER_FACTS)
    return Route(f"suggestions/{path}", f"suggestions.{name}", view, title=title, **more)


ROUTES: tuple[Route, ...] = (
    _route("rules", "rules", list_rules, "Rules and their rates", csv="rules", crumbs=ABOVE),
    _route("rules/<key:rule>/<key:version>", "rule", before_rule, "Accept the rest of a rule", form=TOGETHER,
           act=accept_rule, csv="sample", crumbs=RULES),
    _route("together/<slug:together>", "together", together, "Accepted together", form=UNDO, act=undo_together,
           csv="rules", crumbs=ABOVE),
    _route("read", "read", reading, "Let the rules read", operation=Operation.SUGGEST, form=READ, act=read, crumbs=ABOVE),
    _route("read/stop", "stop", stopping, "End the reading", operation=Operation.SUGGEST, form=STOP, act=stop,
           template="layout/form.html", crumbs=(*ABOVE, "suggestions.read")),
)  # fmt: skip
