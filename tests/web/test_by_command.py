"""What a team can do by command it can do in the app, or it is said why only a command does it."""

from __future__ import annotations

import typer

from openverdict.cli import app as program
from openverdict.decisions.roles import Operation
from openverdict.web.by_command import BY_COMMAND, ELSEWHERE, OFFERED
from openverdict.web.routes import ROUTES

PAGES = {route.name: route for route in ROUTES}
# Operations that only show something; every other one is an act, and needs a form.
SHOWS = {Operation.LIST, Operation.VIEW, Operation.REPORT, Operation.INSPECT_LOG}


def commands(command=None, before=()):
    command = typer.main.get_command(program) if command is None else command
    for name, each in getattr(command, "commands", {}).items():
        if hasattr(each, "commands"):
            yield from commands(each, (*before, name))
        else:
            yield " ".join((*before, name))


def test_every_operation_of_the_table_of_roles_has_a_page_or_it_is_said_where_it_is():
    without = []
    for operation in Operation:
        if operation in ELSEWHERE:
            assert ELSEWHERE[operation] in PAGES
            continue
        own = [route for route in ROUTES if route.operation is operation]
        if not any(route.act is not None or operation in SHOWS for route in own):
            without.append(operation.value)
    assert without == []


def test_every_command_has_its_page_or_a_reason_for_none():
    said = set(commands())
    without = []
    for command in said:
        group = command.partition(" ")[0]
        offered, only = command in OFFERED, command in BY_COMMAND or group in BY_COMMAND
        if offered == only:
            without.append(command)
    assert without == [], "give each a page in OFFERED, or a reason in BY_COMMAND, and not both"
    groups = {command.partition(" ")[0] for command in said}
    assert set(OFFERED) | set(BY_COMMAND) <= said | groups, "commands that are no more"


def test_the_pages_that_offer_what_commands_do_are_in_the_table_of_routes():
    assert set(OFFERED.values()) <= set(PAGES)
    assert all(len(reason.split()) > 2 for reason in BY_COMMAND.values())
