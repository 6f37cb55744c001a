"""How a text asserts what it mentions, in the manner of ConText: modifiers, their direction and the reach of each.

Harkema, Dowling, Thornblade and Chapman (2009), Journal of Biomedical Informatics 42:839–851.
"""

from __future__ import annotations

from dataclasses import dataclass

from openverdict.narrative.settings import Modifier, settings
from openverdict.narrative.suggestion import Assertion
from openverdict.narrative.tokens import Tokens

# When several modifiers reach a mention, the first of these decides.
_ORDER = (
    Assertion.NOT_TESTED,
    Assertion.OTHER_PERSON,
    Assertion.NEGATED,
    Assertion.PENDING,
    Assertion.HYPOTHETICAL,
    Assertion.PRESCRIBED,
    Assertion.HISTORICAL,
    Assertion.UNCERTAIN,
)


@dataclass(frozen=True, slots=True)
class Reach:
    """A modifier found at tokens `first` to `end` (excluded), and the tokens it reaches on either side."""

    modifier: Modifier
    first: int
    end: int
    back_to: int
    on_to: int


def reaches(tokens: Tokens, first: int, end: int) -> list[Reach]:
    """The modifiers of one sentence (tokens `first` to `end`) with how far each reaches.

    A reach ends at the sentence, at a word such as *but*, at a semicolon, or after the modifier's own number of words.
    """
    known = settings()
    words = tokens.words
    hits: list[tuple[Modifier, int, int]] = []
    i = first
    while i < end:
        longest = 1
        # The longest phrase that stands here, once for every sense it has.
        for modifier in known.modifiers.get(words[i], ()):
            size = len(modifier.words)
            if size < longest:
                break
            if i + size <= end and tuple(words[i : i + size]) == modifier.words:
                hits.append((modifier, i, i + size))
                longest = size
        i += longest
    if not hits:
        return []
    walls = [k for k in range(first, end) if words[k] in known.terminators]
    walls += [k for k in range(first + 1, end) if ";" in tokens.gap(k - 1)]
    found = []
    for modifier, start, stop in hits:
        if modifier.assertion is None:
            continue
        # A wall at token k parts what stands before k from what stands from k on.
        low = max([first, start - modifier.scope, *(k for k in walls if k <= start)])
        high = min([end, stop + modifier.scope, *(k for k in walls if k >= stop)])
        found.append(
            Reach(
                modifier,
                start,
                stop,
                _back(tokens, low, start) if modifier.backward else start,
                high if modifier.forward else stop,
            )
        )
    return found


def _back(tokens: Tokens, low: int, start: int) -> int:
    """How far back a modifier reaches: never over a number, a measure, or a word that states a result of its own."""
    known = settings()
    for k in range(start - 1, low - 1, -1):
        if tokens.words[k] in known.measures or (
            tokens.words[k].isdigit() and " " in tokens.gap(k)
        ):
            return k + 1
    return low


def asserted(reach: list[Reach], first: int, end: int, *, denying: bool = True) -> Assertion:
    """How the mention at tokens `first` to `end` is asserted; of modifiers inside it only those that say so count.

    `denying`: the mention is made of denying words itself, as *no telephone found* is, and one inside it denies nothing.
    """
    said = {
        r.modifier.assertion
        for r in reach
        if (r.end <= first and end <= r.on_to)
        or (r.back_to <= first and end <= r.first)
        or (
            r.modifier.inside
            and first <= r.first
            and r.end < end
            and not (denying and r.modifier.assertion is Assertion.NEGATED)
        )
    }
    return next((a for a in _ORDER if a in said), Assertion.PRESENT)
