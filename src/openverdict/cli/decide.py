"""The commands that decide: show, first view, decision, second person, supersede, many together, and the policy."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.acting import (
    As,
    OfCase,
    OfLead,
    OfPair,
    Purpose,
    ShownAs,
    Text,
    TextFile,
    acting,
    opened,
    option_of,
    say,
    showing_of,
    subject_of,
    words_of,
)
from openverdict.cli.options import Json, Url
from openverdict.cli.record import who_does
from openverdict.cli.terminal import count, fail

if TYPE_CHECKING:
    from openverdict.decisions.deciding import Opinion
    from openverdict.decisions.subjects import Subject
    from openverdict.ledger.store import Store

decide = typer.Typer(
    name="decide",
    help="Look at a pair, a lead or a case, and decide on it: show, view, record, second, supersede, together.",
    no_args_is_help=True,
)
Run = Annotated[
    int | None, typer.Option("--run", help="Number of the run; the last one that ended otherwise.")
]
Conclusion = Annotated[
    str,
    typer.Option("--conclusion", help="similar, possibly, not_similar or not_enough_information."),
]
Reasons = Annotated[
    list[str], typer.Option("--reason", help="Code of a reason; may be given several times.")
]


@decide.command("show")
def show(
    store: Url,
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    ratio: Annotated[
        bool, typer.Option("--ratio", help="With the ratio; after the first view was recorded.")
    ] = False,
    not_deciding: Annotated[
        bool,
        typer.Option(
            "--not-deciding", help="The ratio, though you will not be able to decide on it after."
        ),
    ] = False,
    run: Run = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Show a pair, a lead or a case, and record what was shown to whom. Without the ratio, unless it is asked for."""
    with opened(store) as record:
        from openverdict import decisions
        from openverdict.decisions.deciding import wants_first_view
        from openverdict.decisions.showing import content_of
        from openverdict.reports.shown import facts_page, shown_text

        subject = subject_of(record, pair, lead, case)
        if ratio and not not_deciding and wants_first_view(record, subject, who_does(user)):
            fail(
                f"{subject}: whoever has seen the ratio can't record a first view any more, nor decide; first: "
                f"openverdict decide view {option_of(subject)} --view … (or give --not-deciding)"
            )
        used = _run(record, subject) if run is None else run
        page = facts_page(record, subject, used, user=who_does(user))
        with acting(record, user, purpose) as writer:
            number = decisions.show(record, writer, subject, run=used, ratio=ratio, page=page)
            entry = writer.size - 1
        told = content_of(record, entry, "snapshot")
        words = shown_text(told)
        say(
            json,
            {"showing": number, "entry": entry, "snapshot": told},
            f"{words}\nShowing {number}, entry {entry} of the log.",
        )


@decide.command("view")
def view(
    store: Url,
    opinion: Annotated[
        str,
        typer.Option("--view", help="similar, possibly, not_similar or not_enough_information."),
    ],
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    text: Text = None,
    text_file: TextFile = None,
    shown: ShownAs = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Record what you think of it before you see the ratio; the policy asks for it. Words are optional here."""
    said = words_of(text, text_file, required=False)
    with opened(store) as record:
        from openverdict import decisions

        subject = subject_of(record, pair, lead, case)
        seen = shown or showing_of(record, who_does(user), subject, ratio=False)
        with acting(record, user, purpose) as writer:
            number = decisions.first_view(record, writer, seen, opinion, said or None)
        told = {"first_view": number, "subject": str(subject), "view": opinion}
        say(
            json,
            told,
            f"First view recorded on {subject}. Next: openverdict decide show {option_of(subject)} --ratio",
        )


@decide.command("record")
def record_decision(
    store: Url,
    conclusion: Conclusion,
    reason: Reasons,
    pair: OfPair = None,
    lead: OfLead = None,
    case: OfCase = None,
    text: Text = None,
    text_file: TextFile = None,
    shown: ShownAs = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Decide on a pair, a lead or a case, on what was shown to you last with its ratio."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict import decisions

        subject = subject_of(record, pair, lead, case)
        seen = shown or showing_of(record, who_does(user), subject, ratio=True)
        with acting(record, user, purpose) as writer:
            number = decisions.decide(record, writer, seen, _opinion(conclusion, reason, said))
        _say_decided(record, user, subject, number, json)


@decide.command("second")
def second(
    decision: Annotated[int, typer.Argument(help="Number of the first decision.")],
    store: Url,
    conclusion: Conclusion,
    reason: Reasons,
    text: Text = None,
    text_file: TextFile = None,
    shown: ShownAs = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Decide on the same as a second person, or as a third where two disagree; never the same person twice."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict import decisions

        subject = _decided(record, decision)
        seen = shown or showing_of(record, who_does(user), subject, ratio=True)
        opinion = _opinion(conclusion, reason, said)
        with acting(record, user, purpose) as writer:
            number = decisions.decide_too(record, writer, decision, seen, opinion)
        _say_decided(record, user, subject, number, json)


@decide.command("supersede")
def supersede(
    decision: Annotated[int, typer.Argument(help="Number of the decision that stands.")],
    store: Url,
    because: Annotated[
        str,
        typer.Option(
            "--because", help="Code of why it is superseded: entered_wrongly, new_facts …"
        ),
    ],
    conclusion: Conclusion,
    reason: Reasons,
    text: Text = None,
    text_file: TextFile = None,
    shown: ShownAs = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Put a new first decision in the place of one that stands; the old one is kept."""
    said = words_of(text, text_file)
    with opened(store) as record:
        from openverdict import decisions

        subject = _decided(record, decision)
        seen = shown or showing_of(record, who_does(user), subject, ratio=True)
        opinion = _opinion(conclusion, reason, said)
        with acting(record, user, purpose) as writer:
            number = decisions.supersede(record, writer, decision, seen, opinion, because)
        _say_decided(record, user, subject, number, json)


@decide.command("together")
def together(
    pairs: Annotated[
        Path,
        typer.Argument(
            help="CSV with columns case_a and case_b, for example rows of links.csv; - reads standard input."
        ),
    ],
    store: Url,
    reason: Reasons,
    text: Text = None,
    text_file: TextFile = None,
    run: Run = None,
    user: As = None,
    purpose: Purpose = "death_review",
    json: Json = False,
) -> None:
    """Decide "not similar" on many weak pairs with one reason: all of them or none, an entry of the log for each."""
    if str(pairs) == "-" and str(text_file) == "-":
        fail("pairs and words can't both come from standard input; name a file for one of them")
    said = words_of(text, text_file)
    named = _read_pairs(pairs)
    with opened(store) as record:
        from openverdict import decisions

        subjects = [decisions.pair(record, *each) for each in named]
        used = _last_run(record) if run is None else run
        with acting(record, user, purpose) as writer:
            numbers = decisions.decide_together(
                record, writer, subjects, tuple(reason), said, run=used
            )
        told = {"decisions": numbers, "conclusion": "not_similar"}
        say(json, told, f"Decided on {count(len(numbers), 'pair')} together: not similar.")


@decide.command("policy")
def policy(
    store: Url,
    file: Annotated[
        Path | None, typer.Argument(help="TOML with every setting; without it, what is in force.")
    ] = None,
    user: As = None,
    purpose: Purpose = "administration",
    json: Json = False,
) -> None:
    """Say which rules are in force, or adopt those of a file from here on."""
    with opened(store) as record:
        import json as jsonlib

        from openverdict import decisions

        if file is not None:
            adopted = decisions.read_policy(file)
            with acting(record, user, purpose) as writer:
                decisions.adopt(record, writer, adopted)
        settings = jsonlib.loads(decisions.in_force(record).to_bytes())
        lines = [f"{name} = {value}" for name, value in settings.items()]
        say(json, settings, "\n".join(lines))


def _opinion(conclusion: str, reasons: list[str], text: str) -> Opinion:
    from openverdict.decisions.deciding import Opinion

    return Opinion(conclusion, tuple(reasons), text)


def _run(store: Store, subject: Subject) -> int:
    """The run that a subject is shown from: a lead's own, else the last that ended."""
    from openverdict.ledger.models import Lead

    if subject.kind.value == "lead":
        return int(store.rows(Lead).get(id=int(subject.key)).run_id)
    return _last_run(store)


def _last_run(store: Store) -> int:
    from openverdict.ledger.models import RunEnd

    end = store.rows(RunEnd).order_by("-run_id").first()
    if end is None:
        fail(f"no run has ended in this store; first: openverdict review --store {store}")
    return int(end.run_id)


def _decided(store: Store, decision: int) -> Subject:
    """What a decision is on."""
    from openverdict.decisions.models import About, Decision
    from openverdict.decisions.subjects import Kind, Subject

    row = store.rows(Decision).filter(id=decision).first()
    if row is None:
        fail(f"decision {decision}: there is none of this number; see: openverdict report unlooked")
    cases = store.rows(About).filter(event_id=row.event_id).order_by("id")
    return Subject(
        Kind(row.subject_kind), row.subject, tuple(cases.values_list("case_id", flat=True))
    )


def _say_decided(store: Store, user: str | None, subject: Subject, number: int, json: bool) -> None:
    from openverdict import decisions

    stood = decisions.stands(store, subject, user=who_does(user))
    told: dict[str, Any] = {
        "decision": number,
        "subject_kind": subject.kind.value,
        "subject": subject.key,
        "state": stood.state.value,
        "conclusion": stood.conclusion,
        "disagreement": stood.disagreement,
    }
    more = {
        "awaits_second_person": " A second person has to decide, too.",
        "awaits_third_person": " The two disagree: a third person has to decide.",
    }.get(stood.state.value, "")
    say(json, told, f"Decision {number} recorded on {subject}.{more}")


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs of a table, whatever else is in it."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        fail(f"{path}: is not text in UTF-8; save it so")
    rows = csv.DictReader(io.StringIO(text))
    if not {"case_a", "case_b"} <= set(rows.fieldnames or ()):
        fail(f"{path}: needs a first line with case_a,case_b; then a pair a line")
    found = []
    for line, row in enumerate(rows, start=2):
        if not row["case_a"] or not row["case_b"]:
            fail(f"{path}: line {line} names no pair; give two case numbers")
        found.append((row["case_a"], row["case_b"]))
    return found
