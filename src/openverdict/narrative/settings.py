"""The rules as data: how texts assert things, and the phrases that show indicators, read once from two files."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from openverdict.narrative.suggestion import Assertion


@dataclass(frozen=True, slots=True)
class Modifier:
    """Words that change how what stands near them is asserted; None changes nothing and hides the words it covers."""

    words: tuple[str, ...]
    assertion: Assertion | None
    forward: bool
    backward: bool
    scope: int
    inside: bool
    results: bool
    wording: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """`context.toml`: modifiers, words that end a scope, and when an ambiguous word names a substance."""

    version: str
    modifiers: Mapping[str, tuple[Modifier, ...]]  # by first word, longest first
    terminators: frozenset[str]
    laboratory: frozenset[str]
    measures: frozenset[str]
    diagnoses: frozenset[str]
    near: frozenset[str]
    use: frozenset[str]
    tools: frozenset[str]
    after: frozenset[str]
    everyday: frozenset[str]
    in_text: tuple[str, ...]
    labels: frozenset[str]
    never_near: Mapping[str, frozenset[str]]
    never_before: Mapping[str, frozenset[str]]
    never_after: Mapping[str, frozenset[str]]
    traps: tuple[str, ...]


def read(name: str) -> tuple[dict[str, Any], str]:
    """A data file and its version: the number it states and the beginning of the hash of its bytes."""
    raw = files("openverdict.cases").joinpath(f"data/{name}.toml").read_bytes()
    data = tomllib.loads(raw.decode("utf-8"))
    return data, f"{data.pop('version')}+{hashlib.sha256(raw).hexdigest()[:8]}"


@cache
def vocabulary_version() -> str:
    """The version of the substances: that of the rules of context, with the beginning of the vocabulary's own hash."""
    raw = files("openverdict.cases").joinpath("data/substances.toml").read_bytes()
    return f"{settings().version}.{hashlib.sha256(raw).hexdigest()[:8]}"


@cache
def settings() -> Settings:
    """The shipped `context.toml`."""
    data, version = read("context")
    by_first: dict[str, list[Modifier]] = {}
    for entry in data["modifier"]:
        says = entry["says"]
        ways = entry["direction"]
        for phrase in entry["words"]:
            modifier = Modifier(
                tuple(phrase.split()),
                None if says == "nothing" else Assertion(says),
                ways in ("forward", "both"),
                ways in ("backward", "both"),
                entry.get("scope", 30),
                entry.get("inside", False),
                entry.get("results", False),
                entry.get("wording", False),
            )
            by_first.setdefault(modifier.words[0], []).append(modifier)
    ambiguous = data["ambiguous"]
    return Settings(
        version,
        {w: tuple(sorted(ms, key=lambda m: -len(m.words))) for w, ms in by_first.items()},
        frozenset(data["terminators"]),
        frozenset(data["laboratory"]),
        frozenset(data["measures"]),
        frozenset(data["diagnoses"]),
        frozenset(ambiguous["near"]),
        frozenset(ambiguous["use"]),
        frozenset(ambiguous["tools"]),
        frozenset(ambiguous["after"]),
        frozenset(ambiguous["everyday"]),
        tuple(ambiguous["in_text"]),
        frozenset(ambiguous["labels"]),
        {k: frozenset(v) for k, v in ambiguous["never_near"].items()},
        {k: frozenset(v) for k, v in ambiguous["never_before"].items()},
        {k: frozenset(v) for k, v in ambiguous["never_after"].items()},
        tuple(data["traps"]),
    )


def rules_version(*, substances_only: bool = False) -> str:
    """One word for all the rules that read a text; it changes with any of their data files."""
    if substances_only:
        return f"substances:{vocabulary_version()}"
    versions = (vocabulary_version(), read("phrases")[1])
    return f"all:{hashlib.sha256('|'.join(versions).encode()).hexdigest()[:16]}"
