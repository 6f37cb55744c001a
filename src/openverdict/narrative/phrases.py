"""Phrases to suggestions: each sentence tried by the patterns whose words stand in it, and two sentences together.

A pattern is only tried where a word of each of its steps stands, which is what keeps thousands of texts a second possible.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from openverdict.narrative.context import Reach, asserted, reaches
from openverdict.narrative.near import Near, Spots, spots_of
from openverdict.narrative.ordered import places_of
from openverdict.narrative.patterns import Phrases, Rule, phrases
from openverdict.narrative.suggestion import Assertion, Suggestion
from openverdict.narrative.tokens import Tokens, sentences

DOUBTED = 0.8
SUPPOSED_WITHIN = (
    10  # words from the beginning of a text in which one says that it is training or a form
)


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
