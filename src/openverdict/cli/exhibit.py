"""The commands of exhibits, devices and enquiries: what was found, what was asked for, what came of it, what nobody did."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from openverdict.cli.acting import As, Purpose, Text, TextFile, acting, now, opened, say, words_of
from openverdict.cli.options import CaseId, Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count

exhibit = typer.Typer(
    name="exhibit",
    help="Exhibits, devices and enquiries: add, device, device-is, ask, answer, list.",
    no_args_is_help=True,
)
OfExhibit = Annotated[int | None, typer.Option("--exhibit", help="Number of the exhibit.")]


@exhibit.command("add")
def add(
    case: CaseId,
    kind: Annotated[str, typer.Argument(help="note, covering, clothing, container, specimen …")],
    store: Url,
    found: Annotated[str, typer.Option("--found", help="on_body, beside_body, at_scene …")],
    packaging: Annotated[
        str, typer.Option("--packaging", help="packaged_apart, packaged_with_others …")
    ] = "not_recorded",
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Register an object or a document, with what it is in words."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions.exhibits import register_exhibit

        with acting(record, user, purpose) as writer:
            number = register_exhibit(
                record, writer, case, kind, found_where=found, packaging=packaging, text=said
            )
        say(json, {"exhibit": number, "case": case}, f"Exhibit {number} of case {case}: {kind}.")


@exhibit.command("device")
def device(
    case: CaseId,
    kind: Annotated[str, typer.Argument(help="phone, tablet, computer, storage, camera …")],
    status: Annotated[str, typer.Argument(help="present, found_later, missing or returned.")],
    store: Url,
    of: OfExhibit = None,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Register a device that is present, or that the person had and is missing."""
    said = words_of(text, text_file, required=False)
    with opened(store) as record:
        from openverdict.decisions.exhibits import register_device

        with acting(record, user, purpose) as writer:
            number = register_device(
                record, writer, case, kind, status, exhibit=of, text=said or None
            )
        told = {"device": number, "case": case, "status": status}
        say(json, told, f"Device {number} of case {case}: {kind}, {status}.")


@exhibit.command("device-is")
def device_is(
    number: Annotated[int, typer.Argument(help="Number of the device.")],
    status: Annotated[str, typer.Argument(help="present, found_later, missing or returned.")],
    store: Url,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Say what became of a device."""
    said = words_of(text, text_file, required=False)
    with opened(store) as record:
        from openverdict.decisions import exhibits

        with acting(record, user, purpose) as writer:
            exhibits.device_is(record, writer, number, status, said or None)
        say(json, {"device": number, "status": status}, f"Device {number} is {status}.")


@exhibit.command("ask")
def ask(
    case: CaseId,
    asked: Annotated[str, typer.Argument(metavar="CHECK", help="Code of the check.")],
    store: Url,
    advised_by: Annotated[
        str,
        typer.Option("--advised-by", help="pathologist, coroner, family, reviewer, nobody …"),
    ],
    of: OfExhibit = None,
    on: Annotated[int | None, typer.Option("--device", help="Number of the device.")] = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Ask for an examination or for data; its clock starts."""
    with opened(store) as record:
        from openverdict.decisions.enquiries import request_enquiry

        with acting(record, user, purpose) as writer:
            number = request_enquiry(
                record, writer, case, asked, advised_by=advised_by, exhibit=of, device=on
            )
        told = {"enquiry": number, "case": case, "check": asked}
        say(json, told, f"Enquiry {number} on case {case}: {asked}.")


@exhibit.command("answer")
def answer(
    number: Annotated[int, typer.Argument(help="Number of the enquiry.")],
    outcome: Annotated[str, typer.Argument(help="done, refused, not_possible or withdrawn.")],
    store: Url,
    verification: Annotated[
        str | None,
        typer.Option(
            "--verification", help="Of an exhibit: verified, not_verified or inconclusive."
        ),
    ] = None,
    text: Text = None,
    text_file: TextFile = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Record what became of an enquiry, with its result in words; its clock stops and the owner is told."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict.decisions.enquiries import answer_enquiry

        with acting(record, user, purpose) as writer:
            answer_enquiry(record, writer, number, outcome, said, verification=verification)
        say(json, {"enquiry": number, "outcome": outcome}, f"Enquiry {number}: {outcome}.")


@exhibit.command("list")
def listed(
    store: Url,
    case: Annotated[str | None, typer.Option("--case", help="Only of this case.")] = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Exhibits, devices, enquiries, and what nobody did, of the cases that you may list."""
    with opened(store) as record:
        from openverdict.decisions import enquiries, exhibits

        who, at = who_does(user), now()
        asked = enquiries.enquiries(record, at, user=who, case=case)
        held = exhibits.exhibits(record, user=who, case=case)
        devices = exhibits.devices(record, user=who, case=case)
        flags = enquiries.flags(record, at, user=who, case=case)
        lines = [f"Exhibit {e.exhibit}, case {e.case}: {e.kind}, {e.found_where}" for e in held]
        lines += [f"Device {d.device}, case {d.case}: {d.kind}, {d.status}" for d in devices]
        lines += [
            f"Enquiry {e.enquiry}, case {e.case}: {e.asked}, "
            + (e.outcome or f"unanswered for {count(e.age_days, 'day')}, due {e.due}")
            for e in asked
        ]
        lines += [f"Not done, case {flag.case}: {flag.text}" for flag in flags]
        told = {
            "exhibits": [asdict(each) for each in held],
            "devices": [asdict(each) for each in devices],
            "enquiries": [asdict(each) for each in asked],
            "flags": [asdict(each) for each in flags],
        }
        say(json, told, "\n".join(lines) or "Nothing is registered, and nothing is flagged.")
