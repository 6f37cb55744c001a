"""Phrases to suggestions: patterns over tokens, written as data: words in a row, and words near each other.

A pattern is a line of steps: `word`, `a|b` one of several, `@name` one of a list of the file, `~stem` any word that begins so,
`#` a number, `*3` up to three words of any kind; `?` after a step makes it optional. A pattern is only tried in
a sentence that holds a word of each of its steps, which is what keeps thousands of texts a second possible.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from openverdict.errors import InputError
from openverdict.narrative.context import Reach, asserted, reaches
from openverdict.narrative.near import Near, Spots, compile_near, spots_of
from openverdict.narrative.ordered import Ordered, places_of, steps_of
from openverdict.narrative.settings import read
from openverdict.narrative.suggestion import Assertion, Suggestion
from openverdict.narrative.tokens import Tokens, sentences

DOUBTED = 0.8
SUPPOSED_WITHIN = (
    10  # words from the beginning of a text in which one says that it is training or a form
)
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


def suggest_phrases(tokens: Tokens, spans: list[tuple[int, int]] | None = None) -> list[Suggestion]:
    """What the phrases show in a text, one suggestion for overlapping spans of one value; `spans`: its sentences."""
    known = phrases()
    if known.by_anchor.keys().isdisjoint(tokens.words):
        return []
    if not known.same.keys().isdisjoint(tokens.words):
        same = known.same
        tokens = replace(tokens, words=[same.get(w, w) for w in tokens.words])
    spans = sentences(tokens) if spans is None else spans
    out: list[Suggestion] = []
    told: list[set[tuple[str, str]]] = []
    for first, end in spans:
        words = tokens.words[first:end]
        called = _called(known, known.by_anchor, set(words))
        hits = _hits(tokens, first, end, called, _Sentence(words)) if called else []
        told.append({(rule.field, rule.value) for rule, _, _ in hits})
        if hits:
            out += _suggestions(known.version, tokens, _longest(hits), [(first, end)])
    for n, (one, two) in enumerate(itertools.pairwise(spans)):
        out += _over_two(known, tokens, one, two, told[n] | told[n + 1])
    if out and not known.supposed.isdisjoint(tokens.words[:SUPPOSED_WITHIN]):
        return [_as_supposed(s) for s in out]
    return out


def _called(known: Phrases, calls: Mapping[str, tuple[int, ...]], there: set[str]) -> list[Rule]:
    """The rules of which a word of each step is there, in the order of the file."""
    calling = calls.keys() & there
    if not calling:
        return []
    called = []
    for n in sorted({n for w in calling for n in calls[w]}):
        rule = known.rules[n]
        if rule.inside.isdisjoint(there):
            for step in rule.needs:
                if step.isdisjoint(there):
                    break
            else:
                called.append(rule)
    return called


def _over_two(
    known: Phrases,
    tokens: Tokens,
    one: tuple[int, int],
    two: tuple[int, int],
    told: set[tuple[str, str]],
) -> list[Suggestion]:
    """What two sentences show together and neither shows alone."""
    first, middle, end = one[0], one[1], two[1]
    words = tokens.words[first:end]
    hits = []
    called = _called(known, known.across, set(words))
    if called:
        sentence = _Sentence(words)
        hits = [
            (rule, first + a, first + b)
            for rule in called
            if (rule.field, rule.value) not in told
            for a, b in sentence.where(rule, 0, end - first)
            if first + a < middle < first + b
        ]
    return _suggestions(known.version, tokens, _longest(hits), [one, two]) if hits else []


def _suggestions(
    version: str,
    tokens: Tokens,
    hits: list[tuple[Rule, int, int]],
    spans: list[tuple[int, int]],
) -> list[Suggestion]:
    """Hits as suggestions, each in the sense that the sentences give it."""
    reach = [
        r for first, end in spans for r in reaches(tokens, first, end) if not r.modifier.results
    ]
    return [
        _suggestion(version, tokens, rule, a, b, _sense(rule, reach, a, b)) for rule, a, b in hits
    ]


def _as_supposed(suggestion: Suggestion) -> Suggestion:
    """A suggestion from a text that is training, a template or a supposition from its beginning on."""
    sure = suggestion.confidence
    if suggestion.assertion is Assertion.PRESENT:
        sure = round(sure * DOUBTED, 2)
    return replace(suggestion, assertion=Assertion.HYPOTHETICAL, confidence=sure)


class _Sentence:
    """The words of a sentence with what the two kinds of matcher need of them, each made once and only if it is asked for."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self._spots: Spots | None = None
        self._places: dict[tuple[int, int], dict[str, int]] = {}

    def where(self, rule: Rule, low: int, high: int) -> list[tuple[int, int]]:
        """Where a rule's pattern stands among the words `low` to `high`, counted from the first of those."""
        if isinstance(rule.matcher, Near):
            # A near pattern always has the whole sentence.
            if self._spots is None:
                self._spots = spots_of(self.words)
            return rule.matcher.matches(self.words, self._spots)
        places = self._places.get((low, high))
        if places is None:
            places = self._places[low, high] = places_of(self.words[low:high])
        return rule.matcher.matches(places, high - low)


def _hits(
    tokens: Tokens, first: int, end: int, called: list[Rule], sentence: _Sentence
) -> list[tuple[Rule, int, int]]:
    """Where rules stand in a sentence, in tokens of the text."""
    whole = [(0, end - first)]
    clauses = _clauses(tokens, first, end)
    hits: list[tuple[Rule, int, int]] = []
    for rule in called:
        for low, high in whole if rule.sentence else clauses:
            for a, b in sentence.where(rule, low, high):
                start, stop = first + low + a, first + low + b
                if (not rule.begins or _begins(tokens, first, start)) and (
                    not rule.ends or _ends(tokens, stop, end)
                ):
                    hits.append((rule, start, stop))
    return hits


def _begins(tokens: Tokens, first: int, at: int) -> bool:
    """Whether a token begins a sentence or what follows a colon or semicolon."""
    return at == first or any(c in ";:" for c in tokens.gap(at - 1))


def _ends(tokens: Tokens, at: int, end: int) -> bool:
    """Whether a sentence or a part of it between punctuation ends before a token."""
    return at == end or any(c in ",;:.()-–—" for c in tokens.gap(at - 1))


def _is_denying(pattern: str, lists: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a pattern asks for a word that denies, so that such a word inside a hit is part of what it says."""
    wanted = [s for s in pattern.split() if not s.startswith("!")]
    words = {w for step in wanted for w in step.rstrip("?").split("|")}
    words |= {w for name in words if name.startswith("@") for w in lists[name[1:]]}
    return any(part in DENYING for w in words for part in w.split("_"))


def _sense(rule: Rule, reach: list[Reach], first: int, end: int) -> Assertion:
    """The sense of a hit: a pattern that states the opposite denies, unless that is itself in doubt."""
    sense = asserted(reach, first, end, denying=rule.denying)
    if not rule.denies:
        return sense
    return Assertion.NEGATED if sense in (Assertion.PRESENT, Assertion.NEGATED) else sense


def _clauses(tokens: Tokens, first: int, end: int) -> list[tuple[int, int]]:
    """The parts of a sentence between semicolons, counted from its first word."""
    if ";" not in tokens.text:
        return [(0, end - first)]
    cuts = [k + 1 - first for k in range(first, end - 1) if ";" in tokens.gap(k)]
    return list(itertools.pairwise([0, *cuts, end - first]))


def _longest(hits: list[tuple[Rule, int, int]]) -> list[tuple[Rule, int, int]]:
    """Of overlapping hits of one value the longest; of equals the first rule's."""
    kept: list[tuple[Rule, int, int]] = []
    for hit in sorted(hits, key=lambda h: (h[1] - h[2], h[1])):
        rule, a, b = hit
        if all(
            (r.field, r.value) != (rule.field, rule.value) or b <= x or y <= a for r, x, y in kept
        ):
            kept.append(hit)
    return kept


def _suggestion(
    version: str, tokens: Tokens, rule: Rule, first: int, end: int, sense: Assertion
) -> Suggestion:
    return Suggestion(
        field=rule.field,
        value=rule.value,
        assertion=sense,
        start=tokens.starts[first],
        end=tokens.ends[end - 1],
        rule=rule.name,
        version=version,
        confidence=rule.confidence
        if sense is Assertion.PRESENT
        else round(rule.confidence * DOUBTED, 2),
    )
