"""Text to suggestions: substances by the vocabulary, everything else by phrases, each with its sense and its span."""

from __future__ import annotations

from openverdict.narrative.context import Reach, asserted, reaches
from openverdict.narrative.lexicon import Mention, mentions
from openverdict.narrative.phrases import suggest_phrases
from openverdict.narrative.pointers import suggest_mentions
from openverdict.narrative.settings import settings, vocabulary_version
from openverdict.narrative.suggestion import Assertion, Suggestion
from openverdict.narrative.tokens import Tokens, sentences, tokenise

NEAR, DIRECT, PASSIVE = 8, 3, 5  # words on either side, before, after
# What each kind of name is trusted before anybody has reviewed a suggestion; reviewed files give the measured rate.
CONFIDENCE = {"name": 0.95, "text": 0.9, "misspelling": 0.9, "ambiguous": 0.6}
DOUBTED = 0.8  # times this for a mention that is neither present nor negated


def suggest_substances(text: str) -> list[Suggestion]:
    """The substances that a text mentions, in the order of the text.

    A mention beside words of a laboratory, or of a cause of death, is for `substances_detected` (or, negated,
    `substances_not_detected`); one that is pending for `substances_pending`; any other for `substances_suspected`.
    """
    tokens = tokenise(text)
    return _substances(tokens, sentences(tokens))


def _substances(tokens: Tokens, spans: list[tuple[int, int]]) -> list[Suggestion]:
    found = [m for m in mentions(tokens) if m.name.kind != "trap"]
    if not found:
        return []
    out: list[Suggestion] = []
    sure = {m.first for m in found if m.name.kind != "ambiguous"}
    for first, end in spans:
        inside = [m for m in found if first <= m.first < end]
        if not inside:
            continue
        reach = [r for r in reaches(tokens, first, end) if not r.modifier.wording]
        is_result = any(w in settings().laboratory for w in tokens.words[first:end])
        for mention in inside:
            if mention.name.kind == "ambiguous" and not _is_meant(
                tokens, mention, first, end, sure
            ):
                continue
            out.append(_suggestion(tokens, mention, reach, is_result=is_result))
    return out


def _is_meant(tokens: Tokens, mention: Mention, first: int, end: int, sure: set[int]) -> bool:
    """Whether an ambiguous word has what makes it a substance: words of use near by, and nothing that speaks against."""
    known = settings()
    words, form = tokens.words, mention.form
    written = tokens.text[tokens.starts[mention.first] : tokens.ends[mention.end - 1]]
    low, high = max(first, mention.first - NEAR), min(end, mention.end + NEAR)
    around = {*words[low : mention.first], *words[mention.end : high]}
    before = words[mention.first - 1] if mention.first > first else ""
    after = words[mention.end] if mention.end < end else ""
    if len(form) == 1 and (
        before in known.labels or not (written.isupper() and _alone(tokens, mention))
    ):
        return False
    none: frozenset[str] = frozenset()
    if (
        around & known.never_near.get(form, none)
        or before in known.never_before.get(form, none)
        or after in known.never_after.get(form, none)
    ):
        return False
    direct = words[max(first, mention.first - DIRECT) : mention.first]
    if known.use.intersection(direct) or _is_used(tokens, mention, end):
        return True
    close = {
        *words[max(first, mention.first - PASSIVE) : mention.first],
        *words[mention.end : min(end, mention.end + PASSIVE)],
    }
    if len(form) > 1 and close & known.tools:
        return True
    beside = any(k in sure for k in range(low, high) if k not in range(mention.first, mention.end))
    if form in known.everyday:
        return _is_listed(tokens, mention, sure)
    return beside or bool(around & known.near)


def _is_used(tokens: Tokens, mention: Mention, end: int) -> bool:
    """Whether a word of use follows without a comma between: `G and Tina had been taken`."""
    for k in range(mention.end, min(end, mention.end + PASSIVE)):
        if "," in tokens.gap(k - 1):
            return False
        if tokens.words[k] in settings().after:
            return True
    return False


def _is_listed(tokens: Tokens, mention: Mention, sure: set[int]) -> bool:
    """Whether a word stands in a list with a sure substance, `ketamine, Tina and GHB`, which is use enough."""
    words, size = tokens.words, len(tokens.words)
    i, k = mention.first, mention.end
    joins = {"and", "or", "with"}
    if i >= 2 and words[i - 1] in joins and i - 2 in sure:
        return True
    if i >= 1 and i - 1 in sure and "," in tokens.gap(i - 1):
        return True
    if k + 1 < size and words[k] in joins and k + 1 in sure:
        return True
    return k < size and k in sure and "," in tokens.gap(k - 1)


def _alone(tokens: Tokens, mention: Mention) -> bool:
    """Whether a single letter stands by itself: no initial (`G. Smith`), no part of a code (`G/14`, `A-G`)."""
    start, end, text = tokens.starts[mention.first], tokens.ends[mention.end - 1], tokens.text
    left, right = text[start - 1 : start], text[end : end + 2]
    return left not in {"/", "-", ".", "&"} and not (
        right[:1] in {"/", "-", "&"} or (right[:1] == "." and right[1:] not in {"", " ", "\n"})
    )


def _is_asked(tokens: Tokens, mention: Mention) -> bool:
    """Whether a question mark touches a mention, as in `?GHB` and `GHB?`."""
    start, end = tokens.starts[mention.first], tokens.ends[mention.end - 1]
    return "?" in (tokens.text[start - 1 : start], tokens.text[end : end + 1])


def _suggestion(
    tokens: Tokens, mention: Mention, reach: list[Reach], *, is_result: bool
) -> Suggestion:
    sense = asserted(reach, mention.first, mention.end)
    if sense is Assertion.PRESENT and mention.form in settings().diagnoses:
        sense = Assertion.HISTORICAL
    if sense is Assertion.PRESENT and _is_asked(tokens, mention):
        sense = Assertion.UNCERTAIN
    if sense is Assertion.PENDING:
        field = "substances_pending"
    elif not is_result:
        field = "substances_suspected"
    else:
        field = "substances_not_detected" if sense is Assertion.NEGATED else "substances_detected"
    sure = CONFIDENCE[mention.name.kind]
    return Suggestion(
        field=field,
        value=mention.name.code,
        assertion=sense,
        start=tokens.starts[mention.first],
        end=tokens.ends[mention.end - 1],
        rule=f"substance.{mention.name.code}.{mention.name.kind}",
        version=vocabulary_version(),
        confidence=sure
        if sense in (Assertion.PRESENT, Assertion.NEGATED)
        else round(sure * DOUBTED, 2),
    )


def suggest(text: str) -> list[Suggestion]:
    """Everything that the rules read in a text, in the order of the text."""
    tokens = tokenise(text)
    spans = sentences(tokens)
    found = [
        *_substances(tokens, spans),
        *suggest_phrases(tokens, spans),
        *suggest_mentions(tokens),
    ]
    if len(found) < 2:
        return found
    return sorted(found, key=lambda s: (s.start, s.end, s.field, s.value, s.rule))
