"""Who may do what, enforced: every operation is called by every role on every kind of case, and does what the table says."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
from tests.decisions.trials import ACTS, CASES, LOOKS, furnish, outside

import openverdict.decisions
from openverdict.decisions import accounts, guarding
from openverdict.decisions.access import AccessError
from openverdict.decisions.models import Shown
from openverdict.decisions.roles import HOUSE, OPEN, TABLE, Access, Operation, Role, Standing
from openverdict.decisions.showing import STRUCK_OUT, content_of, show
from openverdict.decisions.subjects import Kind, Subject, lead, pair
from openverdict.errors import InputError
from openverdict.ledger.models import Event, LeadCase
from openverdict.reports.consideration import consideration
from openverdict.reports.unlooked import KINDS, never_looked_at

# Refused by another rule than the table's, whoever asks: these trials are allowed by the table and can't succeed here.
OTHER_RULES = {
    "accounts.found": "made before",
    "accounts.lift": "is not restricted",
    "accounts.restrict": "is restricted already",
    "admitting.admitted": "no policy for suggestions",
}
REPORTS = (
    "consideration",
    "closing",
    "unlooked",
    "pack",
    "shown",
    "case_facts",
    "case_triage",
    "subject_page",
)


class _UndoError(Exception):
    """Takes a trial back."""


def modules():
    for found in pkgutil.iter_modules(openverdict.decisions.__path__):
        if found.name not in ("migrations", "models", *guarding.UNMARKED_MODULES):
            yield importlib.import_module(f"openverdict.decisions.{found.name}")
    for name in REPORTS:
        yield importlib.import_module(f"openverdict.reports.{name}")


def public():
    """Every public function of these rooms that works on a store, by module and name."""
    for module in modules():
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_"):
                names = inspect.signature(function).parameters
                if {"store", "writer"} & set(names):
                    yield f"{module.__name__.rpartition('.')[2]}.{name}", function, names


def rule(name: str) -> Operation:
    short = {
        key.removeprefix("openverdict.").partition(".")[2]: v for key, v in guarding.RULES.items()
    }
    return short[name]


def test_every_public_function_has_a_rule_or_a_reason_for_none():
    for name, function, names in public():
        if guarding.operations(function) is None:
            assert name in guarding.UNMARKED, f"{name}: mark it with guarding.act or guarding.look"
            assert "writer" not in names, f"{name}: what writes has no excuse"
    left = set(guarding.UNMARKED) - {name for name, *_ in public()}
    assert not left, "reasons for functions that are no more"


def test_every_rule_is_tried_and_every_operation_has_a_function():
    marked = {name: guarding.operations(f) for name, f, _ in public() if guarding.operations(f)}
    assert set(marked) == {*ACTS, *LOOKS, *outside(Path())}
    assert set(Operation) == set(marked.values())


def test_steps_that_ask_nobody_are_called_in_their_own_room_only():
    own = {f"openverdict.decisions.{name}" for name in ("steps", "lateness", "taking")}
    source = Path(inspect.getfile(openverdict)).parent
    for path in source.rglob("*.py"):
        if path.parent.name == "decisions":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in own, path


def wanted(name: str, role: Role, standing: Standing) -> bool:
    operation = rule(name)
    cell = TABLE[role][operation]
    if operation in HOUSE or operation is Operation.LIST:
        return cell.own in OPEN  # lists: what is in them is asked row by row
    return cell.of(standing) in OPEN


@pytest.fixture
def house(filled):
    return furnish(filled)


@pytest.mark.parametrize("role", Role)
def test_every_role_does_what_the_table_says_and_nothing_else(house, role, tmp_path):
    looks = {**LOOKS, **outside(tmp_path)}
    for name in (*ACTS, *looks):
        for standing, case in CASES.items():
            if rule(name) in HOUSE and standing is not Standing.OWN:
                continue  # these are about no case
            before = house.size()
            said: InputError | None = None
            try:
                if name in looks:
                    looks[name](house, role.value, case)
                else:
                    with house.writing(role.value, "death_review") as writer:
                        ACTS[name](house, writer, case)
                        raise _UndoError
            except _UndoError:
                pass
            except InputError as error:
                said = error
            refused = isinstance(said, AccessError)
            if said is not None and not refused:
                assert OTHER_RULES.get(name, "-") in str(said), (name, role, standing)
            assert refused != wanted(name, role, standing), (name, role, standing)
            if isinstance(said, AccessError):
                assert said.answer.operation is rule(name)
                assert house.size() == before + 1
                assert house.rows(Event).order_by("-seq").first().kind == "access_denied"


def test_breaking_the_glass_opens_the_case_to_be_seen_and_to_nothing_else(house):
    hidden = CASES[Standing.RESTRICTED]
    with house.writing("reviewer", "death_review") as writer:
        accounts.break_glass(house, writer, hidden, "The mother is at the desk and asks.")
    for name in ("showing.show", "deciding.decide", "duties.refer"):
        try:
            with house.writing("reviewer", "death_review") as writer:
                ACTS[name](house, writer, hidden)
            assert TABLE[Role.REVIEWER][rule(name)].restricted is Access.GLASS
        except AccessError:
            assert TABLE[Role.REVIEWER][rule(name)].restricted is Access.NO


def test_a_subject_is_of_the_cases_that_its_key_names_whatever_the_caller_says(house):
    false = Subject(Kind.PAIR, "A|B", ("A", "A"))
    with pytest.raises(AccessError):
        consideration(house, false, house.clock(), user="reviewer")


def test_where_accounts_are_in_use_nobody_is_no_answer_to_who_asks(house):
    with pytest.raises(AccessError, match="say who asks"):
        never_looked_at(house, house.clock())


def test_who_sees_with_names_struck_out_sees_no_words_and_no_values_that_name(house):

    with house.writing("root", "administration") as writer:
        for held in ("C", "T", "D"):
            accounts.grant(house, writer, "auditor", "auditor", case=held)
            accounts.grant(house, writer, "reviewer", "reviewer", case=held)
            accounts.grant(house, writer, "reader", "reader", case=held)
    subject = pair(house, "A", "C")
    with pytest.raises(InputError, match="have not decided yet"):
        consideration(house, subject, house.clock(), user="reviewer")
    full = consideration(house, subject, house.clock(), user="reader")
    struck = consideration(house, subject, house.clock(), user="auditor")
    assert {each.field for each in full.shared} - {each.field for each in struck.shared} >= {
        "persons"
    }
    assert "sex" in {each.field for each in struck.shared}
    number = house.rows(LeadCase).filter(case_id="A").values_list("lead_id", flat=True)
    for user, word in (("reviewer", None), ("auditor", STRUCK_OUT)):
        for each in number:
            try:
                with house.writing(user, "oversight") as writer:
                    shown = show(house, writer, lead(house, each), run=1, ratio=True)
            except AccessError:
                continue
            entry = house.rows(Shown).get(id=shown).event_id
            assert (content_of(house, entry, "snapshot")["lead"] == STRUCK_OUT) == (
                word is not None
            )


def test_what_a_list_leaves_out_is_counted(house):
    told = never_looked_at(house, house.clock(), user="reviewer")
    everything = never_looked_at(house, house.clock(), user="openverdict")
    assert {case for pair in told.pairs for case in pair[:2]} <= {"A"}
    left = sum(everything.count(kind) for kind in KINDS)
    assert told.hidden == left - sum(told.count(kind) for kind in KINDS) > 0
