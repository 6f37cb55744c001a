"""Text to tokens: plain words with the places in the source where they stand, and the ends of sentences."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_STOP = re.compile(r"[.!?](?=[\s\"')\]]|$)|[\r\n]")
_STOPS = re.compile(r"[.!?\r\n]")
# A full stop after one of these, or after a single letter, ends no sentence.
_SHORT = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "st",
        "nos",
        "approx",
        "ca",
        "eg",
        "ie",
        "etc",
        "vs",
        "sgt",
        "insp",
        "det",
        "ref",
        "tel",
        "mg",
        "ml",
    ]
)
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ω": "omega"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text in order: `words` in plain form, `starts` and `ends` as character offsets into the source."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def gap(self, index: int) -> str:
        """What stands between a word and the next one."""
        return self.text[self.ends[index] : self.starts[index + 1]]


def tokenise(text: str) -> Tokens:
    """The words of a text, lower case, without accents, apostrophes and possessive endings, Greek letters spelled out.

    Offsets are those of the source, whatever the plain form: `text[starts[i]:ends[i]]` is the word as written.
    """
    spans = [m.span() for m in _WORD.finditer(text)]
    if text.isascii():
        # Small letters are as long as capital ones here, so that the places stay the same.
        words = _WORD.findall(text.lower())
        if "'" in text:
            words = [_unquoted(w) if "'" in w else w for w in words]
    else:
        words = [_plain(text[a:b]) for a, b in spans]
    return Tokens(text, words, [a for a, _ in spans], [b for _, b in spans])


def _unquoted(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")


def _plain(word: str) -> str:
    word = "".join(_GREEK.get(c, c) for c in word.lower().replace("’", "'"))
    word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return _unquoted(word)


def sentences(tokens: Tokens) -> list[tuple[int, int]]:
    """The sentences of a text as ranges of tokens (first, end excluded)."""
    words, last = tokens.words, len(tokens.words) - 1
    cuts: list[int] = []
    seen = -1
    for stop in _STOPS.finditer(tokens.text):
        i = bisect.bisect_right(tokens.starts, stop.start()) - 1
        # Not before the first word, not after the last one, and each gap once.
        if not seen < i < last:
            continue
        seen = i
        gap = tokens.gap(i)
        if not _STOP.search(gap):
            continue
        short = gap.startswith(".") and (words[i] in _SHORT or len(words[i]) == 1)
        if "\n" in gap or not short:
            cuts.append(i + 1)
    edges = [0, *cuts, len(words)]
    return [(a, b) for a, b in itertools.pairwise(edges) if a < b]
