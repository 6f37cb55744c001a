"""What the commands of people share: who acts, on what, in whose words. Each act is one transaction, and then said."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.record import Purpose, who_does, working
from openverdict.cli.terminal import fail

if TYPE_CHECKING:
    from openverdict.decisions.subjects import Subject
    from openverdict.ledger.store import Store
    from openverdict.ledger.writing import Writer

__all__ = ["Purpose"]

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        envvar="OPENVERDICT_USER",
        help="Who acts, as the log names them; your user name otherwise.",
    ),
]
Text = Annotated[str | None, typer.Option("--text", help="The reason in words.")]
TextFile = Annotated[
    Path | None,
    typer.Option("--text-file", help="The words from a file; - reads them from standard input."),
]
OfPair = Annotated[
    tuple[str, str] | None, typer.Option("--pair", metavar="A B", help="A pair, by its two cases.")
]
OfLead = Annotated[
    str | None,
    typer.Option("--lead", help="A lead, by its number in the store or its name in the report."),
]
OfCase = Annotated[str | None, typer.Option("--case", help="A case.")]
ShownAs = Annotated[
    int | None,
    typer.Option("--shown", help="Number of the showing it rests on; the last one otherwise."),
]


@contextmanager
def opened(url: str, out: Path | None = None, key: Path | None = None) -> Iterator[Store]:
    """The store, with errors as one line."""
    with working(out):
        from openverdict.ledger.store import open_store

        with open_store(url, key=key) as store:
            yield store


def acting(store: Store, user: str | None, purpose: str) -> AbstractContextManager[Writer]:
    """A transaction for one act of a person. What they do in it asks by itself whether they may, and logs a refusal."""
    return store.writing(who_does(user), purpose)


def subject_of(
    store: Store, pair: tuple[str, str] | None, lead: str | None, case: str | None
) -> Subject:
    """The one pair, lead or case that was named.

    Raises:
        InputError: the store does not have it.
    """
    from openverdict import decisions

    if sum(each is not None for each in (pair, lead, case)) != 1:
        fail("name one of: --pair A B, --lead NUMBER, --case CASE")
    if pair is not None:
        found: Subject = decisions.pair(store, *pair)
    elif lead is not None:
        found = decisions.lead(store, _lead_number(store, lead))
    else:
        found = decisions.case(store, str(case))
    return found


def _lead_number(store: Store, name: str) -> int:
    """A lead by its number, or by its name in the last run that has it."""
    from openverdict.ledger.models import Lead

    if name.isdecimal():
        return int(name)
    row = store.rows(Lead).filter(lead_id=name).order_by("-run_id").first()
    if row is None:
        fail(f"lead {name}: no run raised one of this name; list them with: report unlooked")
    return int(row.id)


def words_of(text: str | None, file: Path | None, *, required: bool = True) -> str:
    """What somebody said: from the option, a file, or standard input."""
    if text is not None and file is not None:
        fail("--text and --text-file: both say the words; give one")
    if file is not None:
        try:
            raw = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            fail(f"{file}: is not text in UTF-8; save it so")
        return raw.strip()
    if text is None and required:
        fail("no words were given: say why with --text, or --text-file FILE (- for standard input)")
    return (text or "").strip()


def showing_of(store: Store, user: str, subject: Subject, *, ratio: bool | None) -> int:
    """The last time that this was shown to a person, with the ratio, without it, or either way (None)."""
    from openverdict.decisions.models import Shown

    own = {"user": user, "subject_kind": subject.kind.value, "subject": subject.key}
    rows = store.rows(Shown).filter(**own)
    if ratio is not None:
        rows = rows.filter(ratio_shown=int(ratio))
    last = rows.order_by("-id").first()
    if last is None:
        how = {True: " with the ratio", False: " without the ratio", None: ""}[ratio]
        named, who = option_of(subject), f"--as {user}"
        steps = [f"openverdict decide show {named} {who}"]
        if ratio:
            steps.append(f"openverdict decide view {named} --view … {who}")
            steps.append(f"openverdict decide show {named} --ratio {who}")
        fail(f"{subject}: nobody has shown it to {user}{how}; first: {', then '.join(steps)}")
    return int(last.id)


def option_of(subject: Subject) -> str:
    """A subject as the option that names it."""
    named = " ".join(subject.cases) if subject.kind.value == "pair" else subject.key
    return f"--{subject.kind.value} {named}"


def now() -> datetime:
    """The time of the machine, in UTC."""
    return datetime.now(UTC)


def say(json: bool, told: dict[str, Any], words: str) -> None:
    """The outcome, for a machine or for people."""
    typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False) if json else words)
