"""What `intake` and `review` do with a store, and what its own commands share with them."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.terminal import count, errors, fail

if TYPE_CHECKING:
    from openverdict.cases import Register
    from openverdict.decisions.changes import Changes
    from openverdict.intake import Intake
    from openverdict.leads import Review, Settings
    from openverdict.ledger.facts import AsOf
    from openverdict.ledger.store import Store

RecordedAsOf = Annotated[
    str | None,
    typer.Option(
        "--recorded-as-of", help="Use only what the store held at the end of this day (UTC)."
    ),
]
Who = Annotated[
    str | None,
    typer.Option("--by", help="Who does this, as the log names them; your user name otherwise."),
]
Purpose = Annotated[str, typer.Option("--purpose", help="Why, as one word, for the log.")]


@contextmanager
def working(out: Path | None = None) -> Iterator[None]:
    """Errors as one line, with Django set up."""
    with errors(out), _ready():
        yield


@contextmanager
def _ready() -> Iterator[None]:
    """Django set up; what a database raises is one line, too."""
    from openverdict.ledger.configuring import configure

    configure()
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as error:
        said = " ".join(str(error).split())[:200]
        fail(f"the store cannot be used ({said}); see whether it is whole with: openverdict verify")


def take_in(
    url: str, read: Intake, mapping: str | None, by: str | None, purpose: str
) -> dict[str, Any]:
    """Take what was read into a store; what changed, for people and for JSON."""
    from dataclasses import asdict

    with _ready():
        from openverdict.decisions.late import take_in as collect
        from openverdict.ledger.store import open_store

        with open_store(url, create=True) as store:
            used = _mapping(mapping)
            receipt = collect(store, read, actor=who_does(by), purpose=purpose, mapping=used)
    return {"store": asdict(receipt)}


def held_cases(url: str) -> Callable[[Collection[str]], Collection[str]]:
    """What says which of some cases a store has; a store that is not made yet has none."""

    def known(cases: Collection[str]) -> Collection[str]:
        with _ready():
            from openverdict.ledger.address import read_address
            from openverdict.ledger.collecting import known_cases
            from openverdict.ledger.store import open_store

            path = read_address(url).path
            if path is not None and not Path(path).exists():
                return ()
            with open_store(url) as store:
                return known_cases(store, sorted(cases))

    return known


def say_taken_in(told: dict[str, Any]) -> None:
    """What an intake changed in the store."""
    if not told:
        return
    r = told["store"]
    typer.echo(
        f"Into the store: {count(r['new_cases'], 'new case')}, {count(r['facts'], 'fact')} added, "
        f"{r['superseded']:,} superseded, {r['unchanged']:,} as before; entries {r['first_entry']:,} to "
        f"{r['last_entry']:,} of its log."
    )


def held(
    url: str | None,
    register: Sequence[Path] | None,
    mapping: str | None,
    sheet: str | None,
    known: date | None,
    recorded: str | None,
    by: str | None,
    purpose: str,
) -> AbstractContextManager[Record | None]:
    """What `review` works on: None for files, the record of a store otherwise."""
    if url is None:
        if not register:
            fail("no file named; name the files of the register, or a store with --store")
        if recorded is not None:
            fail("--recorded-as-of asks what a store held; name one with --store")
        return nullcontext()
    if register or mapping or sheet:
        fail("--store holds its own register; leave out files, --map and --sheet")
    return _recorded(url, known, _day(recorded), who_does(by), purpose)


@contextmanager
def _recorded(
    url: str, known: date | None, recorded: date | None, who: str, purpose: str
) -> Iterator[Record]:
    with _ready(), _opened(url) as store:
        from openverdict.ledger.facts import AsOf

        record = Record(store, AsOf(known, recorded), who, purpose)
        try:
            yield record
        except KeyboardInterrupt:
            record.abandon("stopped")
            raise
        except BaseException:
            record.abandon("failed")
            raise


def _opened(url: str) -> Store:
    from openverdict.ledger.store import open_store

    return open_store(url)


class Record:
    """One run on a store: read, planned before it begins, finished or abandoned."""

    def __init__(self, store: Store, asked: AsOf, who: str, purpose: str) -> None:
        self.store = store
        self.asked = asked
        self.by = {"actor": who, "purpose": purpose}
        self.run: int | None = None
        self.changes: Changes | None = None
        self.told: list[tuple[str, str]] = []

    def read(self) -> Intake:
        """What the store held."""
        from openverdict.ledger.facts import entries_by, read_store

        self.entries = entries_by(self.store, self.asked.recorded)
        return read_store(self.store, self.asked, entries=self.entries)

    def why_empty(self, read: Intake) -> str:
        """Why there is nothing to review, and the mend, as one line."""
        if len(read.register):
            return f"no case was known at the end of {self.asked.known}; name a later day"
        by = "" if self.asked.recorded is None else f" at the end of {self.asked.recorded}"
        return f"the store held no case{by}; take files in with: openverdict intake FILE --store {self.store}"

    def plan(self, register: Register, *, null_registers: int, **how: Any) -> None:
        """Fix the run in the log."""
        from openverdict import __version__
        from openverdict.decisions.guarding import ask
        from openverdict.decisions.roles import Operation
        from openverdict.leads import settings
        from openverdict.ledger.runs import plan_run

        ask(self.store, self.by["actor"], Operation.RUN)
        set_to: Settings = settings(replicates=null_registers, **how)
        self.run = plan_run(
            self.store,
            register,
            set_to,
            as_of=self.asked,
            entries=self.entries,
            program_version=__version__,
            **self.by,
        )

    def finish(self, result: Review, out: Path) -> None:
        """Store what came out, with the hashes of the files that were written."""
        from openverdict.ledger.runs import finish_run

        written = {
            path.relative_to(out).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
        run, self.run = self.run, None
        if run is not None:
            from openverdict.decisions.changes import compare_with_before, told_of
            from openverdict.ledger.itself import PROGRAM

            finish_run(self.store, run, result, outputs=written, **self.by)
            self.changes = compare_with_before(self.store, run, **self.by)
            # Counted, not named; so the program may ask for whoever ran it.
            self.told = told_of(self.store, run, user=PROGRAM)

    def account(self) -> dict[str, Any]:
        """What the run changed as numbers, for JSON; nothing where there was none before it."""
        if (found := self.changes) is None:
            return {}
        told = {
            "run": found.after,
            "run_before": found.before,
            "leads": len(found.leads),
            "pairs": len(found.pairs),
            "levels": len(found.levels),
            "late_results": len(found.touched),
            "told": dict(Counter(owner for owner, _ in self.told)),
        }
        return {"changes": told}

    def say_changes(self) -> None:
        """The same in one line."""
        if self.changes is not None:
            typer.echo(said_of_changes(self.changes, self.told))

    def abandon(self, outcome: str) -> None:
        """Say that a planned run came to nothing."""
        from openverdict.ledger.runs import abandon_run

        if self.run is not None:
            abandon_run(self.store, self.run, outcome, **self.by)


def said_of_changes(found: Changes, told: Sequence[tuple[str, str]]) -> str:
    """What a run changed and whom it was told to, in one line; cases are counted, not named."""
    moved = (("lead", found.leads), ("pair", found.pairs), ("level", found.levels))
    parts = ", ".join(count(len(each), name) for name, each in moved)
    late = f"; late results on {count(len(found.touched), 'case')}" if found.touched else ""
    owners = Counter(owner for owner, _ in told)
    said = ", ".join(f"{owner} ({count(n, 'case')})" for owner, n in sorted(owners.items()))
    return f"Other than in run {found.before}: {parts}{late}. Told: {said or 'nobody'}."


def who_does(by: str | None) -> str:
    """Who does this, as the log will name them."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--recorded-as-of {text!r} is not a date; write it as 2014-08-28")


def _mapping(name: str | None) -> tuple[str, str] | None:
    """Name and hash of a mapping."""
    if name is None:
        return None
    path = Path(name)
    if path.is_file():
        return path.name, sha256(path.read_bytes()).hexdigest()
    shipped = files("openverdict.intake").joinpath(f"mappings/{name}.toml")
    return name, sha256(shipped.read_bytes()).hexdigest()
