"""Panels: what a screen holds and what it does not, and the results that follow from naming one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openverdict.cases.vocabulary import substance_code
from openverdict.errors import InputError
from openverdict.toxicology.model import Outcome, Result
from openverdict.toxicology.rules import read_toml
from openverdict.toxicology.words import read_data

# What can be said of a panel as a whole; nothing is detected by a panel's name alone.
_WHOLE = (Outcome.NOT_DETECTED, Outcome.NOT_TESTED, Outcome.PENDING)
_KEYS = {"label", "includes", "excludes", "source"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A screen: what it tests for, what it does not, and where that stands."""

    name: str
    label: str
    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    source: str


def load_panels(path: Path | None = None) -> Mapping[str, Panel]:
    """The shipped panels, and those of a file before them.

    Raises:
        InputError: not TOML, a panel without a source, or a substance that the vocabulary does not hold.
    """
    panels = _panels("panels.toml", read_data("panels"))
    return {**panels, **_panels(path.name, read_toml(path))} if path else panels


def _panels(file: str, data: dict[str, Any]) -> dict[str, Panel]:
    panels = {}
    for name, entry in data.items():
        if not isinstance(entry, dict) or set(entry) - _KEYS:
            raise InputError(
                f"{file}: [{name}] has keys other than {', '.join(sorted(_KEYS))}; leave them out"
            )
        for key in ("label", "source"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise InputError(f"{file}: [{name}] has no {key}; say it in words")
        lists = {
            key: _substances(file, name, entry.get(key, [])) for key in ("includes", "excludes")
        }
        both = sorted(set(lists["includes"]) & set(lists["excludes"]))
        if both:
            raise InputError(f"{file}: [{name}] both includes and excludes {both[0]}; keep one")
        panels[name] = Panel(
            name, entry["label"], lists["includes"], lists["excludes"], entry["source"]
        )
    return panels


def _substances(file: str, panel: str, words: object) -> tuple[str, ...]:
    if not isinstance(words, list):
        raise InputError(f"{file}: [{panel}]: includes and excludes are lists of substances")
    codes = []
    for word in words:
        code = substance_code(word) if isinstance(word, str) else None
        if code is None:
            raise InputError(
                f"{file}: [{panel}]: {word!r} names no substance of the vocabulary; write its full name"
            )
        codes.append(code)
    return tuple(codes)


def expand(results: Iterable[Result], panels: Mapping[str, Panel]) -> list[Result]:
    """Results with what their panels say of single substances beside them.

    A line that names a panel and no substance speaks for what the panel includes and has no line of its own in the case; what a
    panel excludes was not tested, unless a line names it. Lines that were there stay as they are.
    """
    given = list(results)
    named = {(r.case_id, r.substance) for r in given if r.substance}
    made: dict[tuple[str, str], Result] = {}
    for result in given:
        panel = panels.get(result.panel or "")
        if panel is None:
            continue
        said = dict.fromkeys(panel.excludes, Outcome.NOT_TESTED)
        if result.substance is None and result.outcome in _WHOLE:
            said |= dict.fromkeys(panel.includes, result.outcome)
        for code, outcome in said.items():
            key = (result.case_id, code)
            before = made.get(key)
            if key in named or (before and before.outcome is not Outcome.NOT_TESTED):
                continue
            comment = f"{panel.label}: {panel.source}"
            made[key] = replace(
                result, substance=code, named=code, outcome=outcome, operator="=", value=None,
                unit=None, level=None, opinion=None, comment=comment, text=None,
            )  # fmt: skip
    return [*given, *made.values()]
