"""The disclosure pack: every pair that was considered, rejected ones too, in a folder or zip that its recipient can verify.

What is in it is what its profile lists, and nothing else. Where the profile gives no case numbers, cases and people stand under
pseudonyms (HMAC-SHA-256, a key drawn for this pack alone), so that two packs can't be joined; then no entry of the log is in
it, since these name cases, but the signed head and the proofs of it are.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import dictionary
from openverdict.decisions.access import allowed
from openverdict.decisions.guarding import look
from openverdict.decisions.models import About, Decision, Shown
from openverdict.decisions.retention import pseudonyms
from openverdict.decisions.roles import Operation
from openverdict.decisions.showing import contents_of
from openverdict.decisions.standing import reason_codes
from openverdict.errors import InputError
from openverdict.ledger.events import PackDisclosed
from openverdict.ledger.export import Exported, write_export
from openverdict.ledger.models import Fact, Run, Source
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.reports.pack_page import PackTables, pack_html
from openverdict.reports.pack_words import readme
from openverdict.reports.printed import check_pdf, pdf
from openverdict.reports.tables import safe_csv

AT_ONCE = 1_000  # cases in one query


@dataclass(frozen=True)
class Profile:
    """What a pack may hold: fields of cases by name, and whether people's own words, case numbers and log entries are in it."""

    name: str
    fields: tuple[str, ...] = ()
    words: bool = False
    case_numbers: bool = False


PROFILES = {
    each.name: each
    for each in (
        Profile("figures"),
        Profile("panel", ("kind", "sex", "found_place_kind", "body_position", "manner_coroner")),
        Profile(
            "oversight",
            tuple(n for n, f in dictionary().items() if not f.equality and n != "case_id"),
            words=True,
            case_numbers=True,
        ),
    )
}


@dataclass(frozen=True)
class Pack:
    """A pack as it was written. `key` makes its pseudonyms; keep it apart, or throw it away.

    `withheld`: decisions on cases that whoever discloses may not disclose.
    """

    exported: Exported
    key: bytes
    cases: int
    pairs: int
    decisions: int
    withheld: int


@look(Operation.DISCLOSE, "cases", by="actor")
def write_pack(
    store: Store,
    target: Path,
    *,
    actor: str,
    purpose: str,
    recipients: Sequence[str],
    profile: str | Profile,
    cases: Sequence[str] | None = None,
    key: bytes | None = None,
    printed: bool = False,
) -> Pack:
    """Write the pack, and log that it was disclosed.

    Args:
        store: what it is made from; it needs a key that signs.
        target: a new folder, or a new file whose name ends in `.zip`.
        actor: who discloses. What they may not disclose is left out, and counted in `profile.json`.
        purpose: why, as a code.
        recipients: to whom.
        profile: what may be in it.
        cases: only what is about these alone; everything otherwise.
        key: for pseudonyms, 32 bytes; drawn anew otherwise.
        printed: with its page as PDF (`pack.pdf`), too.

    Raises:
        AccessError: the actor discloses nothing, or not what is about these cases.
        InputError: nobody is named, the profile is unknown, the target exists or there is no key to sign with.
        MissingPartError: a PDF is asked for and the extra `pdf` is not installed.
    """
    if printed:
        check_pdf()
    if not recipients:
        raise InputError("disclosure: name who gets the pack")
    chosen = PROFILES.get(profile) if isinstance(profile, str) else profile
    if chosen is None:
        raise InputError(f"profile {profile!r}: one of: {', '.join(PROFILES)}")
    used = secrets.token_bytes(32) if key is None else key
    with store.writing(actor, purpose) as writer:
        size = writer.size
        writer.checkpoint(*store.keys)
    with store.snapshot():
        made = _Made(store, chosen, used, None if cases is None else set(cases), actor)
        exported = write_export(
            log := StoredLog(store),
            target,
            log.verifier_keys(),
            size=size,
            only=sorted(made.entries) if chosen.case_numbers else (),
            attached=made.files(recipients, printed=printed),
        )
    with store.writing(actor, purpose) as writer:
        writer.record(
            PackDisclosed,
            export=f"pack-{writer.size}",
            export_kind="disclosure_pack",
            profile=chosen.name,
            recipients=tuple(recipients),
            cases=len(made.cases),
            pairs=made.pairs,
            manifest_sha256=exported.manifest_sha256,
        )
    return Pack(exported, used, len(made.cases), made.pairs, made.decisions, made.withheld)


def read_profile(path: Path) -> Profile:
    """A profile of one's own from TOML: `name`, `fields` (a list), `words` and `case_numbers` (true or false).

    Raises:
        InputError: the file can't be read, or names what is no field; or a field of the equality record.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"profile {str(path)!r}: one of: {', '.join(PROFILES)}; or a TOML file"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read as TOML ({error}); mend the file") from None
    kinds = {"name": str, "fields": list, "words": bool, "case_numbers": bool}
    odd = sorted(set(told) - set(kinds)) or sorted({"name", "fields"} - set(told))
    if odd or any(type(value) is not kinds[name] for name, value in told.items()):
        raise InputError(
            f"{path}: a profile has name, fields (a list), words and case_numbers (true or false)"
        )
    allowed = set(PROFILES["oversight"].fields)
    if strange := [str(name) for name in told["fields"] if name not in allowed]:
        raise InputError(f"{path}: not fields that a pack may hold: {', '.join(strange)}")
    return Profile(**{**told, "fields": tuple(told["fields"])})


def pseudonym_key(path: Path) -> bytes:
    """The key that makes one recipient's pseudonyms, from its file; made, for the owner's eyes alone, if it is not there.

    Raises:
        InputError: the file holds something else.
    """
    try:
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        key = secrets.token_bytes(32)
        with os.fdopen(place, "w", encoding="ascii") as file:
            file.write(f"{key.hex()}\n")
        return key
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InputError(
            f"{path}: is no key of pseudonyms; name the one made before, or a new file"
        )
    return key


class _Made:
    """The tables of a pack."""

    def __init__(
        self,
        store: Store,
        profile: Profile,
        key: bytes,
        only: set[str] | None,
        actor: str,
    ) -> None:
        self._store, self._profile, self._key = store, profile, key
        self.cases: set[str] = set()
        self.entries: set[int] = set()
        self.withheld = 0
        self._erased = pseudonyms(store)
        self._decisions: list[tuple[Any, ...]] = []
        self._terms: list[tuple[Any, ...]] = []
        decisions = store.rows(Decision).order_by("id")
        cases_of = _cases_of(store, decisions)
        told = {case for cases in cases_of.values() for case in cases}
        may = allowed(store, actor, Operation.DISCLOSE, told, at=store.clock())
        taken: list[Decision] = []
        for row in decisions:
            cases = cases_of.get(row.event_id, [])
            if only is not None and not only.issuperset(cases):
                continue
            if not may.issuperset(cases):
                self.withheld += 1
                continue
            taken.append(row)
            self.cases |= set(cases)
        self.pairs = len({row.subject for row in taken if row.subject_kind == "pair"})
        self.decisions = len(taken)
        self._take(taken, cases_of)

    def files(self, recipients: Sequence[str], *, printed: bool) -> dict[str, bytes]:
        """Every table by its name, and the page that says the same."""
        runs = [_plain(run) for run in self._store.rows(Run).order_by("id")]
        sources = [
            (row.sha256, row.kind, row.size_bytes, row.rows_read, row.rows_rejected, row.mapping)
            for row in self._store.rows(Source).order_by("id")
        ]
        profile = {
            "profile": self._profile.name,
            "fields": list(self._profile.fields),
            "words": self._profile.words,
            "case_numbers": self._profile.case_numbers,
            "decisions": self.decisions,
            "decisions_withheld": self.withheld,
        }
        decisions, terms = self._sorted(self._decisions), self._sorted(self._terms)
        facts, at = self._facts(), self._store.clock()
        numbers = (len(self.cases), self.pairs)
        tables = PackTables(
            profile, recipients, at, *numbers, decisions, terms, facts, runs, sources
        )
        page = pack_html(tables)
        return {
            "README.txt": readme().encode(),
            "pack.html": page.encode(),
            **({"pack.pdf": pdf(page, printed_at=at)} if printed else {}),
            "decisions.csv": _csv(
                "decision subject_kind cases place of supersedes person conclusion reasons words log10_lr policy bulk",
                decisions,
            ),
            "contributions.csv": _csv("decision variable log10_lr points", terms),
            "facts.csv": _csv("case field value status known_from", facts),
            "sources.csv": _csv("sha256 kind size_bytes rows_read rows_rejected mapping", sources),
            "runs.json": _json(runs),
            "profile.json": _json(profile),
        }

    def _take(self, taken: Sequence[Decision], cases_of: dict[int, list[str]]) -> None:
        own = [row.event_id for row in taken]
        said = contents_of(self._store, own, "text") if self._profile.words else {}
        shown = {row.shown for row in taken if row.shown is not None}
        pages = self._store.rows(Shown).values_list("id", "event_id")
        entry_of = {number: entry for number, entry in pages if number in shown}
        seen = contents_of(self._store, sorted({*own, *entry_of.values()}), "snapshot")
        for row in taken:
            page = row.event_id if row.shown is None else entry_of[row.shown]
            if not self._erased.keys() & set(cases_of[row.event_id]):
                self.entries |= {row.event_id, page}  # an entry of the log names its cases
            self._decisions.append(
                (
                    self._number(row.id),
                    row.subject_kind,
                    ";".join(self._case(case) for case in cases_of[row.event_id]),
                    row.place,
                    self._number(row.of),
                    self._number(row.supersedes),
                    self._name("person", row.user),
                    row.conclusion,
                    ";".join(reason_codes(row)),
                    said.get(row.event_id),
                    None if row.log10_lr is None else self._ratio(row.log10_lr),
                    row.policy,
                    row.bulk and self._name("bulk", row.bulk),
                )
            )
            for term in seen.get(page, {}).get("contributions", ()):
                value = float(term["log10_lr"])
                points = "away" if value < 0 else "neither way" if value == 0 else "towards"
                told = (self._number(row.id), term["variable"], self._ratio(value), points)
                self._terms.append(told)

    def _facts(self) -> list[tuple[Any, ...]]:
        listed: dict[str, list[tuple[Any, ...]]] = {case: [] for case in self.cases}
        cases = sorted(self.cases)
        for start in range(0, len(cases) if self._profile.fields else 0, AT_ONCE):
            part = cases[start : start + AT_ONCE]
            rows = self._store.rows(Fact).filter(case_id__in=part, field__in=self._profile.fields)
            for fact in rows.order_by("id"):
                told = (fact.field, fact.value, fact.status, fact.known_from)
                listed[fact.case_id].append((self._case(fact.case_id), *told))
        return [row for case in sorted(cases, key=self._case) for row in listed[case]]

    def _case(self, case: str) -> str:
        return self._name("case", case)

    def _sorted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Under pseudonyms, rows stand in the order of these: the order of the store would join two packs."""
        return rows if self._profile.case_numbers else sorted(rows, key=lambda row: str(row[0]))

    def _number(self, number: int | None) -> str | None:
        return None if number is None else self._name("decision", str(number))

    def _ratio(self, log10_lr: float) -> str:
        """In full where cases are named; else to one figure behind the point, so that it is no fingerprint of a pair."""
        return repr(log10_lr) if self._profile.case_numbers else f"{log10_lr:.1f}"

    def _name(self, kind: str, name: str) -> str:
        if kind == "case":
            name = self._erased.get(name, name)
        if self._profile.case_numbers:
            return name
        return f"{kind}-{hmac.digest(self._key, f'{kind}:{name}'.encode(), 'sha256').hex()[:16]}"


def _cases_of(store: Store, decisions: Any) -> dict[int, list[str]]:
    """The cases that the event of each decision speaks of."""
    told: dict[int, list[str]] = {}
    about = store.rows(About).filter(event_id__in=decisions.values("event_id")).order_by("id")
    for entry, case in about.values_list("event_id", "case_id"):
        told.setdefault(entry, []).append(case)
    return told


def _csv(names: str, rows: Sequence[tuple[Any, ...]]) -> bytes:
    texts = [tuple(None if v is None else str(v) for v in row) for row in rows]
    return safe_csv(
        pl.DataFrame(texts, schema=dict.fromkeys(names.split(), pl.String()), orient="row")
    )


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _plain(run: Run) -> dict[str, Any]:
    """A run without its rule's watched pairs, which name cases."""
    rule = json.loads(run.rule)
    rule.pop("watched_pairs", None)
    return {
        "run": run.id,
        "as_of": run.as_of,
        "recorded_as_of": run.recorded_as_of,
        "cases": run.cases,
        "register_hash": run.register_hash,
        "program_version": run.program_version,
        "model_version": run.model_version,
        "model_hash": run.model_hash,
        "vocabularies": json.loads(run.vocabularies),
        "seed": run.seed,
        "rule": rule,
    }
