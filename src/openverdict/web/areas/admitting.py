"""The stated policy for suggestions: what holds and since when, on which measured rates; adopting, applying, taking it back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from openverdict.decisions import admitting, proving
from openverdict.decisions.access import footing
from openverdict.decisions.models import Suggested
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.ledger.store import Store
from openverdict.narrative import SuggestionPolicy
from openverdict.narrative.policy import (
    LEAST_BOUND,
    LEAST_REASON,
    LEAST_REVIEWED,
    parse_policy,
    policy_of,
)
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.route import Route
from openverdict.web.suggested import field_label

LARGEST = 64 * 1024  # bytes of a policy as a file


def policy(ask: Ask) -> Page:
    """What holds today, what it says of each rule, what it admitted and still stands, and every policy before."""
    held = admitting.policy_in_force(ask.store)
    said = admitting.adoptions(ask.store)
    rows = _rules(ask, held)
    data = {
        "policy": None
        if held is None
        else {
            "name": held.name,
            "version": held.version,
            "sha256": held.sha256,
            "adopted_by": held.adopted_by,
            "adopted_on": held.adopted_on,
            "reason": held.reason,
            "since": said[0].at,
            "put_in_force_by": said[0].by,
            "admits": [
                {**asdict(each), "labels": [field_label(name) for name in each.fields]}
                for each in held.admit
            ],
        },
        "rules": rows,
        "admitted": sum(row["waiting"] for row in rows if row["admitted"]),
        "applied": [
            {**asdict(each), "to": ask.to("suggestions.together", together=each.name)}
            for each in admitting.applied(ask.store, user=ask.who)
        ],
        "history": [asdict(each) for each in said],
    }
    stance = footing(ask.store, ask.who, (), at=ask.store.clock())
    may = stance.answer(Operation.ADOPT_POLICY).allowed
    enters = stance.answer(Operation.ENTER_FACTS).allowed
    return Page(data, layout={"may_adopt": may, "may_enter": enters})


def before_adopting(ask: Ask) -> Page:
    """A policy that names rules, by what was measured of them here."""
    held = admitting.policy_in_force(ask.store)
    known = {
        "name": "house" if held is None else held.name,
        "version": "" if held is None else _next(held.version),
        "adopted_by": ask.who if held is None else held.adopted_by,
        "reviewed": LEAST_REVIEWED,
        "lower_bound": 0.95,
    }
    if held is not None and len(held.admit) == 1:
        entry = held.admit[0]
        known |= {"reviewed": entry.reviewed, "lower_bound": entry.lower_bound}
        known |= {"rules": list(entry.rules), "fields": list(entry.fields)}
    return Page(
        {"measured": len(_measured(ask)), "least": LEAST_REVIEWED}, filled=begin(ADOPT, known)
    )


def adopt(ask: Ask, filled: Filled) -> Go:
    """It is in force from here on; nothing is accepted by that alone."""
    head = {name: filled[name] for name in ("name", "version", "adopted_by", "reason")}
    entry = {
        "rules": list(filled["rules"]),
        "fields": list(filled["fields"]),
        "reviewed": filled["reviewed"],
        "lower_bound": filled["lower_bound"],
    }
    told = {"policy": {**head, "adopted_on": ask.store.clock().date()}, "admit": [entry]}
    return _adopt(ask, policy_of("The form", told))


def before_file(ask: Ask) -> Page:
    """A policy with several parts is a file."""
    lede = (
        "As openverdict queue policy --adopt: a TOML file with [policy] and [[admit]], for a policy with several parts or with "
        "patterns of names. Nothing is accepted by putting it in force."
    )
    return Page({"lede": lede})


def adopt_file(ask: Ask, filled: Filled) -> Go:
    """The policy of a file."""
    given = filled["policy"]
    if given.size > LARGEST:
        raise InputError(f"the file has {given.size:,} bytes; a policy has at most {LARGEST:,}")
    return _adopt(ask, parse_policy("policy.toml", given.read()))


def before_applying(ask: Ask) -> Page:
    """How many it admits."""
    held = _held(ask)
    found = admitting.admitted(ask.store, user=ask.who)
    number = sum(each.waiting for each in found if each.refused is None)
    data = {
        "policy": f"{held.name} {held.version}",
        "admitted": number,
        "rules": [
            {**asdict(each), "label": field_label(each.field)}
            for each in found
            if each.refused is None
        ],
    }
    return Page(data, filled=begin(APPLY, {"expected": number}))


def apply(ask: Ask, filled: Filled) -> Go:
    """What it admits becomes facts, all of it or none."""
    if not filled["expected"].isdecimal():
        raise InputError("say how many it admits, as the page does")
    with ask.writing() as writer:
        taken = admitting.apply_policy(ask.store, writer, expected=int(filled["expected"]))
    left = sum(number for _, number in taken.left)
    words = f"{taken.accepted:,} suggestions accepted under the name {taken.name}; {taken.facts:,} facts of them."
    words += f" {left:,} were left, and wait." if left else ""
    return Go(ask.to("suggestions.together", together=taken.name), words)


def before_withdrawing(ask: Ask) -> Page:
    """What holds, and what stays of it."""
    held = _held(ask)
    lede = (
        f"Policy {held.name} {held.version} is in force. Once it is taken back, only people accept. What it admitted stands "
        "until that is undone, by its name, on the page of the policy."
    )
    return Page({"lede": lede})


def withdraw(ask: Ask, filled: Filled) -> Go:
    """It holds no longer."""
    with ask.writing() as writer:
        admitting.withdraw_suggestion_policy(ask.store, writer, filled["text"])
    return Go(ask.to("suggestions.policy"), "No policy is in force: only people accept.")


def _adopt(ask: Ask, made: SuggestionPolicy) -> Go:
    with ask.writing() as writer:
        admitting.adopt_suggestion_policy(ask.store, writer, made)
    words = (
        f"Policy {made.name} {made.version} is in force from here on. Nothing was accepted by that."
    )
    return Go(ask.to("suggestions.policy"), words)


def _held(ask: Ask) -> SuggestionPolicy:
    held = admitting.policy_in_force(ask.store)
    if held is None:
        raise GoneError("no policy for suggestions is in force; only people accept")
    return held


def _rules(ask: Ask, held: SuggestionPolicy | None) -> list[dict[str, Any]]:
    """Every rule with its measured rate, and by field what the policy says of what waits."""
    rates = {(each.rule, each.version): each for each in proving.rates(ask.store, user=ask.who)}
    said = admitting.admitted(ask.store, user=ask.who) if held is not None else ()
    lines = [(each.rule, each.version, each.field, each.waiting, each.refused) for each in said]
    there = {(rule, version) for rule, version, *_ in lines}
    lines += [
        (rule, version, "", each.waiting, "no policy is in force" if held is None else "none waits")
        for (rule, version), each in rates.items()
        if (rule, version) not in there
    ]
    rows = []
    for rule, version, field, waiting, refused in sorted(lines):
        rate = rates[rule, version]
        rows.append(
            {
                "rule": rule,
                "version": version,
                "field": field or None,
                "label": field_label(field) if field else None,
                "decided": rate.decided,
                "accepted": rate.accepted,
                "low": rate.low,
                "high": rate.high,
                "waiting": waiting,
                "admitted": refused is None,
                "refused": refused,
            }
        )
    return rows


def _measured(ask: Ask) -> list[proving.RuleRate]:
    """The rules of which enough was read one by one that a policy may name them."""
    return [
        each for each in proving.rates(ask.store, user=ask.who) if each.decided >= LEAST_REVIEWED
    ]


def _rule_choices(ask: Ask) -> tuple[tuple[str, str], ...]:
    """They with their rates; and what the policy in force names, be it a pattern."""
    found = {
        each.rule: f"{each.rule}: {each.accepted:,} of {each.decided:,} accepted, at least {100 * each.low:.0f} %"
        for each in _measured(ask)
    }
    held = admitting.policy_in_force(ask.store)
    for name in () if held is None else (name for each in held.admit for name in each.rules):
        found.setdefault(name, f"{name} (named by the policy in force)")
    return tuple(sorted(found.items()))


def _field_choices(ask: Ask) -> tuple[tuple[str, str], ...]:
    """The fields for which these rules suggest."""
    held = admitting.policy_in_force(ask.store)
    named = set() if held is None else {name for each in held.admit for name in each.fields}
    return tuple((name, field_label(name)) for name in sorted(named | _fields(ask.store)))


def _fields(store: Store) -> set[str]:
    rows = store.rows(Suggested).order_by().values_list("field", flat=True).distinct()
    return {name for name in rows if ":" not in name}


def _next(version: str) -> str:
    return str(int(version) + 1) if version.isdecimal() and len(version) < 9 else ""


ADOPT = Form(
    (
        Field("name", "Name", longest=60, hint="One word: letters, digits, - _ and ."),
        Field("version", "Version", longest=60, hint="Another one for other settings."),
        Field("adopted_by", "Who answers for it", longest=200, hint="An office or a staff number."),
        Field("rules", "Rules", Kind.CHOICES, choices=_rule_choices,
              hint=f"Those of which at least {LEAST_REVIEWED} suggestions were read one by one in this store."),
        Field("fields", "For these fields", Kind.CHOICES, choices=_field_choices),
        Field("reviewed", "At least so many read one by one", Kind.NUMBER, least=LEAST_REVIEWED, most=10**6,
              hint="Of the same version of the rule."),
        Field("lower_bound", "Lower end of the 95 % interval of the share accepted, at least", Kind.DECIMAL,
              least=LEAST_BOUND, most=0.9999, hint="As 0.95."),
        Field("reason", "Why", Kind.WORDS, longest=2_000, hint=f"At least {LEAST_REASON} characters."),
    ),
    button="Put it in force",
    danger=True,
)  # fmt: skip
FILE = Form((Field("policy", "Policy (a TOML file)", Kind.FILE),), button="Put it in force", danger=True)  # fmt: skip
APPLY = Form(
    (
        Field("expected", "How many it admits", Kind.HIDDEN, longest=18),
        Field("sure", "I have looked at the rates of these rules", Kind.FLAG),
    ),
    button="Accept what it admits",
)
WITHDRAW = Form((Field("text", "Why", Kind.WORDS, longest=2_000),), button="Take it back", danger=True)  # fmt: skip
ABOVE = ("house.home", "suggestions.policy")


def _route(end: str, name: str, view: Any, title: str, form: Form, act: Any, **more: Any) -> Route:
    return Route(f"suggestions/policy/{end}", f"suggestions.{name}", view, operation=Operation.ADOPT_POLICY,
                 title=title, form=form, act=act, crumbs=ABOVE, **more)  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route("suggestions/policy", "suggestions.policy", policy, operation=Operation.LIST, title="Policy for suggestions",
          csv="rules", crumbs=("house.home",)),
    _route("adopt", "adopt", before_adopting, "Put a policy for suggestions in force", ADOPT, adopt),
    _route("file", "adopt_file", before_file, "A policy for suggestions from a file", FILE, adopt_file,
           template="layout/form.html"),
    _route("apply", "apply", before_applying, "Accept what the policy admits", APPLY, apply),
    _route("withdraw", "withdraw", before_withdrawing, "Take the policy back", WITHDRAW, withdraw,
           template="layout/form.html"),
)  # fmt: skip
