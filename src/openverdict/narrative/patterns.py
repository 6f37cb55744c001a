"""The patterns of `phrases.toml` read and compiled: what each suggests, its matcher, and the words that call for it.

A pattern is a line of steps: `word`, `a|b` one of several, `@name` one of a list of the file, `~stem` any word that begins so,
`#` a number, `*3` up to three words of any kind; `?` after a step makes it optional. With ` & ` in it, it names words near each
other instead (`near.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from openverdict.errors import InputError
from openverdict.narrative.near import Near, compile_near
from openverdict.narrative.ordered import Ordered, steps_of
from openverdict.narrative.settings import read

DENYING = frozenset(
    ["no", "not", "never", "nobody", "none", "nor", "neither", "nothing", "without", "cannot"]
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern: what it suggests, its matcher, and the words of which one must be there."""

    name: str
    field: str
    value: str
    confidence: float
    matcher: Ordered | Near
    anchors: frozenset[str]
    needs: tuple[frozenset[str], ...]
    inside: frozenset[str]
    sentence: bool
    denies: bool
    denying: bool
    begins: bool
    ends: bool
    across: bool


@dataclass(frozen=True, slots=True)
class Phrases:
    """All patterns by the words that call for them."""

    version: str
    rules: tuple[Rule, ...]
    by_anchor: Mapping[str, tuple[int, ...]]
    across: Mapping[str, tuple[int, ...]]  # the same of patterns over two sentences
    same: Mapping[str, str]  # abbreviations and slips of the pen to the word they stand for
    supposed: frozenset[str]


@cache
def phrases() -> Phrases:
    """The shipped `phrases.toml`, compiled.

    Raises:
        InputError: a pattern that can't be read.
    """
    data, version = read("phrases")
    lists = {name: tuple(words.split()) for name, words in data["lists"].items()}
    common = frozenset(data["common"].split())
    rules: list[Rule] = []
    by_anchor: dict[str, list[int]] = {}
    over_two: dict[str, list[int]] = {}
    for field, entries in data["field"].items():
        for value, entry in entries.items():
            for name, pattern, denies in _patterns(entry):
                if " & " in pattern:
                    matcher: Ordered | Near
                    matcher, needs = compile_near(pattern, lists, common)
                else:
                    steps, needs = compile_pattern(
                        pattern.removeprefix("^ ").removesuffix(" $"), lists, common
                    )
                    matcher = Ordered(steps_of(steps))
                rules.append(
                    Rule(
                        f"{field}.{value}.{name}",
                        field,
                        value,
                        float(entry.get("confidence", data["confidence"])),
                        matcher,
                        needs[0],
                        needs[1:],
                        # What `unless` names was written for the ordered patterns; the others name their own.
                        frozenset(() if " & " in pattern else entry.get("unless", "").split()),
                        bool(entry.get("sentence", False)) or " & " in pattern,
                        denies,
                        _is_denying(pattern, lists),
                        pattern.startswith("^ "),
                        pattern.endswith(" $"),
                        name.startswith("across"),
                    )
                )
                calls = over_two if name.startswith("across") else by_anchor
                for word in needs[0]:
                    calls.setdefault(word, []).append(len(rules) - 1)
    return Phrases(
        version,
        tuple(rules),
        {w: tuple(found) for w, found in by_anchor.items()},
        {w: tuple(found) for w, found in over_two.items()},
        data["same"],
        frozenset(data["supposed"].split()),
    )


def _patterns(entry: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """The patterns of one value with the end of their name, and whether they state its opposite."""
    return [
        *((str(n), p, False) for n, p in enumerate(entry.get("patterns", ()), start=1)),
        *((f"near{n}", p, False) for n, p in enumerate(entry.get("near", ()), start=1)),
        *((f"wide{n}", p, False) for n, p in enumerate(entry.get("wide", ()), start=1)),
        *((f"across{n}", p, False) for n, p in enumerate(entry.get("across", ()), start=1)),
        *((f"no{n}", p, True) for n, p in enumerate(entry.get("denied", ()), start=1)),
    ]


def compile_pattern(
    pattern: str, lists: Mapping[str, tuple[str, ...]], common: frozenset[str] = frozenset()
) -> tuple[list[dict[str, Any]], tuple[frozenset[str], ...]]:
    """A pattern in the form of spaCy's matcher, and its steps' words, the rarest first: one of each must stand in a sentence.

    Raises:
        InputError: an unknown list, or no step whose words could call for the pattern.
    """
    steps: list[dict[str, Any]] = []
    called: list[frozenset[str]] = []
    for written in pattern.split():
        step = written.removesuffix("?")
        optional = {"OP": "?"} if written.endswith("?") else {}
        if step.startswith("*"):
            steps.append({"OP": f"{{0,{int(step[1:])}}}"})
            continue
        if step == "#":
            steps.append({"TEXT": {"REGEX": r"^\d+$"}, **optional})
            continue
        words: list[str] = []
        stems: list[str] = []
        for part in step.split("|"):
            if part.startswith("@"):
                if part[1:] not in lists:
                    raise InputError(
                        f"phrases.toml: pattern {pattern!r} names no list {part!r}; add it under [lists]"
                    )
                words.extend(lists[part[1:]])
            elif part.startswith("~"):
                stems.append(part[1:])
            else:
                words.append(part)
        if stems:
            either = "|".join([*(re.escape(s) + r"\w*" for s in stems), *map(re.escape, words)])
            steps.append({"LOWER": {"REGEX": f"^(?:{either})$"}, **optional})
            continue
        steps.append({"LOWER": {"IN": words} if len(words) > 1 else words[0], **optional})
        if not optional:
            called.append(frozenset(words))
    if not called:
        raise InputError(
            f"phrases.toml: pattern {pattern!r} has no step of plain words; add one, without `~` or `?`"
        )
    called.sort(key=lambda w: (len(w & common) * 100 + len(w), sorted(w)))
    return steps, tuple(called)


def _is_denying(pattern: str, lists: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a pattern asks for a word that denies, so that such a word inside a hit is part of what it says."""
    wanted = [s for s in pattern.split() if not s.startswith("!")]
    words = {w for step in wanted for w in step.rstrip("?").split("|")}
    words |= {w for name in words if name.startswith("@") for w in lists[name[1:]]}
    return any(part in DENYING for w in words for part in w.split("_"))
