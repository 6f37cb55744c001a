"""The disclosure pack: every pair that was considered, rejected ones too, in a folder or zip that its recipient can verify.

What is in it is what its profile lists, and nothing else. Where the profile gives no case numbers, cases and people stand under
pseudonyms (HMAC-SHA-256, a key drawn for this pack alone), so that two packs can't be joined; then no entry of the log is in
it, since these name cases, but the signed head and the proofs of it are.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import dictionary
from openverdict.decisions.access import allowed
from openverdict.decisions.guarding import look
from openverdict.decisions.models import About, Decision, Shown
from openverdict.decisions.roles import Operation
from openverdict.decisions.showing import content_of
from openverdict.decisions.standing import reason_codes
from openverdict.errors import InputError
from openverdict.ledger.events import PackDisclosed
from openverdict.ledger.export import Exported, write_export
from openverdict.ledger.models import Fact, Run
from openverdict.ledger.reading import StoredLog
from openverdict.ledger.store import Store
from openverdict.reports.tables import safe_csv


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
    """A pack as it was written. `key` makes its pseudonyms; keep it apart, or throw it away. `withheld`: decisions left out."""

    exported: Exported
    key: bytes
    cases: int
    pairs: int
    withheld: int = 0


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

    Raises:
        AccessError: the actor discloses nothing, or not what is about these cases.
        InputError: nobody is named, the profile is unknown, the target exists or there is no key to sign with.
    """
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
            attached=made.files(),
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
    return Pack(exported, used, len(made.cases), made.pairs, made.withheld)


class _Made:
    """The tables of a pack."""

    def __init__(
        self, store: Store, profile: Profile, key: bytes, only: set[str] | None, actor: str
    ) -> None:
        self._store, self._profile, self._key = store, profile, key
        self.cases: set[str] = set()
        self.entries: set[int] = set()
        self._decisions: list[tuple[Any, ...]] = []
        self._terms: list[tuple[Any, ...]] = []
        self.withheld = 0
        pairs = set()
        for row in store.rows(Decision).order_by("id"):
            about = store.rows(About).filter(event_id=row.event_id).order_by("id")
            cases = list(about.values_list("case_id", flat=True))
            if only is not None and not set(cases) <= only:
                continue
            if allowed(store, actor, Operation.DISCLOSE, cases, at=store.clock()) != set(cases):
                self.withheld += 1
                continue
            self.cases |= set(cases)
            pairs |= {row.subject} if row.subject_kind == "pair" else set()
            self._take(row, cases)
        self.pairs = len(pairs)

    def files(self) -> dict[str, bytes]:
        """Every table by its name."""
        runs = [_plain(run) for run in self._store.rows(Run).order_by("id")]
        profile = {
            "profile": self._profile.name,
            "fields": list(self._profile.fields),
            "words": self._profile.words,
            "case_numbers": self._profile.case_numbers,
            "decisions_withheld": self.withheld,
        }
        return {
            "decisions.csv": _csv(
                "decision subject_kind cases place of supersedes person conclusion reasons words log10_lr policy bulk",
                self._sorted(self._decisions),
            ),
            "contributions.csv": _csv(
                "decision variable log10_lr points", self._sorted(self._terms)
            ),
            "facts.csv": _csv("case field value status known_from", self._facts()),
            "runs.json": _json(runs),
            "profile.json": _json(profile),
        }

    def _take(self, row: Decision, cases: list[str]) -> None:
        entry = row.event_id
        self.entries.add(entry)
        words = content_of(self._store, entry, "text") if self._profile.words else None
        self._decisions.append(
            (
                self._number(row.id),
                row.subject_kind,
                ";".join(self._case(case) for case in cases),
                row.place,
                self._number(row.of),
                self._number(row.supersedes),
                self._name("person", row.user),
                row.conclusion,
                ";".join(reason_codes(row)),
                words,
                None if row.log10_lr is None else self._ratio(row.log10_lr),
                row.policy,
                row.bulk and self._name("bulk", row.bulk),
            )
        )
        if row.shown is not None:
            entry = self._store.rows(Shown).get(id=row.shown).event_id
            self.entries.add(entry)
        seen = content_of(self._store, entry, "snapshot") or {}
        for term in seen.get("contributions", ()):
            value = float(term["log10_lr"])
            points = "away" if value < 0 else "neither way" if value == 0 else "towards"
            shown = (self._number(row.id), term["variable"], self._ratio(value), points)
            self._terms.append(shown)

    def _facts(self) -> list[tuple[Any, ...]]:
        listed = []
        for case in sorted(self.cases, key=self._case):
            rows = self._store.rows(Fact).filter(case_id=case, field__in=self._profile.fields)
            listed += [
                (self._case(case), fact.field, fact.value, fact.status, fact.known_from)
                for fact in rows.order_by("id")
            ]
        return listed

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
        if self._profile.case_numbers:
            return name
        return f"{kind}-{hmac.digest(self._key, f'{kind}:{name}'.encode(), 'sha256').hex()[:16]}"


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
