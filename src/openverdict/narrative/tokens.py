"""Text to tokens: plain words with the places in the source where they stand, and the ends of sentences."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_STOP = re.compile(r"[.!?](?=[\s\"')\]]|$)|[\r\n]")
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
    found = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    if text.isascii():
        words = [w.lower() if w.isalnum() else _unquoted(w.lower()) for w, _, _ in found]
    else:
        words = [_plain(w) for w, _, _ in found]
    return Tokens(text, words, [s for _, s, _ in found], [e for _, _, e in found])


def _unquoted(word: str) -> str:
    return word.removesuffix("'s").replace("'", "")


def _plain(word: str) -> str:
    word = "".join(_GREEK.get(c, c) for c in word.lower().replace("’", "'"))
    word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return _unquoted(word)


def sentences(tokens: Tokens) -> list[tuple[int, int]]:
    """The sentences of a text as ranges of tokens (first, end excluded)."""
    words, text = tokens.words, tokens.text
    if not _STOP.search(text):
        return [(0, len(words))] if words else []
    cuts = []
    for i in range(len(words) - 1):
        gap = tokens.gap(i)
        if not _STOP.search(gap):
            continue
        short = gap.startswith(".") and (words[i] in _SHORT or len(words[i]) == 1)
        if "\n" in gap or not short:
            cuts.append(i + 1)
    edges = [0, *cuts, len(words)]
    return [(a, b) for a, b in itertools.pairwise(edges) if a < b]
