"""Words to substances: every name of the vocabulary found among the tokens of a text, the longest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from openverdict.cases.vocabulary import plain, substances
from openverdict.narrative.settings import settings
from openverdict.narrative.tokens import Tokens, tokenise

LONGEST = 7  # words of one name at most; `3,4-methylenedioxy-N-methylcathinone` has six
SURE_LENGTH = 6  # letters from which a name may be written apart in any way


@dataclass(frozen=True, slots=True)
class Name:
    """What one plain form stands for: the code, and how it is told: name, text, misspelling, ambiguous or trap."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found at the tokens `first` to `end` (excluded)."""

    name: Name
    first: int
    end: int
    form: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Plain forms to names, every beginning of a form, and the forms that are written in several words."""

    names: dict[str, Name]
    beginnings: frozenset[str]
    spaced: frozenset[tuple[str, ...]]


@cache
def lexicon() -> Lexicon:
    """The lexicon of the shipped vocabulary: names of their own first, then ambiguous words, then what only looks like one."""
    names: dict[str, Name] = {}
    spaced: set[tuple[str, ...]] = set()
    entries = substances()
    groups = [
        ("name", [(c, w) for c, e in entries.items() for w in (c, e.label, *e.synonyms)]),
        ("misspelling", [(c, w) for c, e in entries.items() for w in e.misspellings]),
        ("text", [(c, w) for c, e in entries.items() for w in e.in_text]),
    ]
    for kind, words in groups:
        for code, word in words:
            _add(names, spaced, word, Name(code, kind))
    doubtful = {
        form: names[form].code for w in settings().in_text for form in _forms(w) if form in names
    }
    ambiguous = [(c, w) for c, e in entries.items() for w in e.ambiguous]
    # An ambiguous word is never sure, even where it is another entry's name; its first entry is the one suggested.
    for _, word in ambiguous:
        for form in _forms(word):
            names.pop(form, None)
    for code, word in ambiguous:
        _add(names, spaced, word, Name(code, "ambiguous"))
    names.update({form: Name(code, "ambiguous") for form, code in doubtful.items()})
    for code, entry in entries.items():
        for word in entry.traps:
            _add(names, spaced, word, Name(code, "trap"))
    for word in settings().traps:
        _add(names, spaced, word, Name("", "trap"))
    beginnings = {form[:size] for form in names for size in range(1, len(form) + 1)}
    return Lexicon(names, frozenset(beginnings), frozenset(spaced))


def _forms(word: str) -> tuple[str, str]:
    return plain(word), "".join(tokenise(word).words)


def _add(names: dict[str, Name], spaced: set[tuple[str, ...]], word: str, name: Name) -> None:
    for form in _forms(word):
        if form:
            names.setdefault(form, name)
    spaced.add(tuple(tokenise(word).words))


def mentions(tokens: Tokens) -> Iterator[Mention]:
    """Every name in a text, the longest where several begin; traps are kept, so that they hide what they contain."""
    known = lexicon()
    names, beginnings, spaced = known.names, known.beginnings, known.spaced
    words, size = tokens.words, len(tokens.words)
    i = 0
    while i < size:
        word = words[i]
        if word not in beginnings:
            i += 1
            continue
        best = (names[word], i + 1, word) if word in names else None
        form, last = word, i + 1
        while last < size and last - i < LONGEST and _joins(tokens, last - 1):
            form += words[last]
            if form not in beginnings:
                break
            last += 1
            if form in names and (
                len(form) >= SURE_LENGTH
                or tuple(words[i:last]) in spaced
                or " " not in tokens.text[tokens.starts[i] : tokens.ends[last - 1]]
            ):
                best = (names[form], last, form)
        if best is None:
            i += 1
            continue
        yield Mention(best[0], i, best[1], best[2])
        i = best[1]


def _joins(tokens: Tokens, index: int) -> bool:
    """Whether a word and the next can belong to one name: nothing but a space or light punctuation between them."""
    gap = tokens.gap(index)
    if len(gap) > 2:
        return False
    if gap in (" ", "-", ""):
        return True
    if any(c not in " -‐‑–.,/'’()[]" for c in gap):
        return False
    ends_clause = gap[0] in ".," and len(gap) == 2 and gap[1] == " "
    return not ends_clause or (gap[0] == "." and len(tokens.words[index]) == 1)
