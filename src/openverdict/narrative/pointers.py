"""Mentions: times, places, addresses, persons and other cases that a text points at. No name is kept but in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, time

from openverdict.narrative.settings import settings
from openverdict.narrative.suggestion import MENTION, Assertion, Suggestion
from openverdict.narrative.tokens import Tokens, tokenise

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(f"{m}|{m[:3]}" for m in _MONTHS)
_STREET = (
    "Road|Street|Lane|Avenue|Close|Court|House|Gardens|Grove|Drive|Terrace|Square|Way|Hill|Crescent|Mews|Row|"
    "Estate|Bridge|Park|Rd|St|Ave"
)
# Words that stand for a person without naming one, and the role that the field dictionary has for them.
_ROLES = {
    "finder": "dog walker|passer-?by|litter picker|cleaner|housekeeper|housekeeping|finder|jogger|postman|warden",
    "caller": "caller|informant",
    "host": "host|tenant|householder",
    "partner": "partner|husband|wife|boyfriend|girlfriend|fiancée?|ex-wife|ex-husband|ex-partner|spouse",
    "relative": "mother|father|mum|dad|parents?|brothers?|sisters?|sons?|daughters?|uncle|aunt|cousins?|nephew|niece|"
    "grandmother|grandfather|grandson|granddaughter|son-in-law|family",
    "witness": "witness(?:es)?|neighbours?|flatmates?|housemates?|lodger|landlord|landlady|colleagues?|friends?|guests?",
    "clinician": "paramedics?|nurse|GP|doctor|consultant|registrar|pathologist",
    "attending_officer": "officers?|sergeant|inspector|constable|PC|DC|DS|DI",
    "supplier": "dealer|supplier",
}
_ROLE = re.compile(
    r"\b(?:" + "|".join(f"(?P<{role}>{words})" for role, words in _ROLES.items()) + r")\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<h>[01]?\d|2[0-3])[:.](?P<m>[0-5]\d)(?:\s?(?P<half>[ap])\.?m\b\.?)?(?![\d:]|\.\d|\s?(?:mg|ml|g|%))"
    r"|\b(?P<h12>1[0-2]|0?[1-9])\s?(?P<half12>[ap])\.?m\b\.?"
    r"|\b(?P<word>midnight|noon|midday)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})\b|\b(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\s+(?P<mon>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}}))?",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b")
_ADDRESS = re.compile(
    rf"\b\d{{1,4}}[A-Za-z]?,?\s(?:[A-Z][a-z'’]+\s){{1,3}}(?:{_STREET})\b|\b[Ff]lat\s\d{{1,4}}[A-Za-z]?\b"
)
_PLACE = re.compile(
    rf"\b(?:[A-Z][a-z'’]+\s){{1,3}}(?:{_STREET}|Station|Church|Cemetery|Hospital|Arms|Common)\b"
)
_CASE = re.compile(
    r"\b(?:case|ref(?:erence)?|CAD|crime|incident|file|report)s?\s?(?:no\.?|number|:)?\s?"
    r"(?P<id>(?=[A-Z0-9/-]*\d)[A-Z0-9]+(?:[/-][A-Z0-9]+)+|\d{4,})\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|PC|DC|DS|DI|DCI|Sgt|Insp)\.?\s(?:[A-Z][a-z'’-]+|[A-Z]\b)(?:\s[A-Z][a-z'’-]+)?"
)


def suggest_mentions(tokens: Tokens) -> list[Suggestion]:
    """What a text points at, for a person to follow up; only another case's number can become a fact (`mentions_cases`)."""
    out: list[Suggestion] = []
    text, words = tokens.text, tokens.words
    has_digit = _DIGIT.search(text) is not None
    # Letters beyond ASCII may stand for a letter where case is ignored, which the quick looks below do not know.
    plain = text.isascii()
    for kind, confidence, may_hold, needs, find in _FINDERS:
        # A search is only made in a text that holds what it could begin with.
        holds = has_digit and may_hold is not None and (not plain or may_hold(text))
        if not holds and needs.isdisjoint(words):
            continue
        for field, value, start, end in find(text):
            out.append(
                Suggestion(
                    field=field,
                    value=value,
                    assertion=Assertion.PRESENT,
                    start=start,
                    end=end,
                    rule=f"mention.{kind}",
                    version=settings().version,
                    confidence=confidence,
                )
            )
    return out


Found = Iterator[tuple[str, str, int, int]]


def _clocks(text: str) -> Found:
    for match in _CLOCK.finditer(text):
        if match["word"]:
            value = "00:00" if match["word"].lower() == "midnight" else "12:00"
        else:
            hour, minute = int(match["h"] or match["h12"]), int(match["m"] or 0)
            half = (match["half"] or match["half12"] or "").lower()
            if half and not 1 <= hour <= 12:
                continue
            if half:
                hour = hour % 12 + (12 if half == "p" else 0)
            value = time(hour, minute).isoformat("minutes")
        yield MENTION + "time", value, match.start(), match.end()


def _dates(text: str) -> Found:
    for match in _DATE.finditer(text):
        if match["iso"]:
            year, month, day = map(int, match["iso"].split("-"))
        else:
            month = 1 + [m[:3] for m in _MONTHS].index(match["mon"][:3].casefold())
            year, day = int(match["y"] or 0), int(match["d"])
        try:
            # A leap year stands in for a year that is not told, so that 29 February is a day.
            value = date(year or 2000, month, day).isoformat()
        except ValueError:
            continue
        yield (
            MENTION + "time",
            value if year else f"--{month:02d}-{day:02d}",
            match.start(),
            match.end(),
        )


def _addresses(text: str) -> Found:
    for match in _POSTCODE.finditer(text):
        yield MENTION + "address", "postcode", match.start(), match.end()
    for match in _ADDRESS.finditer(text):
        yield MENTION + "address", "address", match.start(), match.end()


def _places(text: str) -> Found:
    for match in _PLACE.finditer(text):
        yield MENTION + "place", "named_place", match.start(), match.end()


def _cases(text: str) -> Found:
    for match in _CASE.finditer(text):
        yield "mentions_cases", match["id"], match.start("id"), match.end("id")


def _names(text: str) -> Found:
    for match in _NAMED.finditer(text):
        yield MENTION + "person", "named", match.start(), match.end()


def _persons(text: str) -> Found:
    for match in _ROLE.finditer(text):
        yield MENTION + "person", str(match.lastgroup), match.start(), match.end()


_DIGIT = re.compile(r"\d")
_NONE: frozenset[str] = frozenset()


def _words(alternatives: str) -> frozenset[str]:
    """The last plain word of each alternative, of which one must stand in a text for it to match."""
    plain = re.sub(r"\(\?:[^)]*\)|\\.", "", alternatives)
    found = set()
    for part in plain.lower().split("|"):
        last = tokenise(part.replace("?", "")).words[-1]
        found |= {last, last.removesuffix("s"), f"{last}es"}
    return frozenset(found)


_ROLE_WORDS = frozenset().union(*map(_words, _ROLES.values()))
_PLACE_WORDS = _words(f"{_STREET}|Station|Church|Cemetery|Hospital|Arms|Common")
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "dr", "pc", "dc", "ds", "di", "dci", "sgt", "insp"))

# Quick looks at a text that holds a digit: whether a search may find anything at all.
_CLOCK_HINT = re.compile(r"\d(?:[:.]\d|\s?[AaPp])")
_DATE_HINT = re.compile(r"\d\w{0,2}\s+[A-Za-z]|\d{4}-\d")
_ADDRESS_HINT = re.compile(r"\d[A-Za-z]?,?\s[A-Z\d]|lat\s\d")
_CASE_HINTS = ("case", "ref", "cad", "crime", "incident", "file", "report")


def _hints_at_clock(text: str) -> bool:
    """As `12:40` or `9 pm`; words such as noon are looked for only beside a digit, or as words of the text."""
    if _CLOCK_HINT.search(text):
        return True
    small = text.lower()
    return "midnight" in small or "noon" in small or "midday" in small


def _hints_at_case(text: str) -> bool:
    small = text.lower()
    return any(word in small for word in _CASE_HINTS)


Looks = Callable[[str], object]
_FINDERS: tuple[tuple[str, float, Looks | None, frozenset[str], Callable[[str], Found]], ...] = (
    ("clock", 0.9, _hints_at_clock, frozenset(("midnight", "noon", "midday")), _clocks),
    ("date", 0.9, _DATE_HINT.search, _NONE, _dates),
    ("address", 0.8, _ADDRESS_HINT.search, _NONE, _addresses),
    ("place", 0.7, None, _PLACE_WORDS, _places),
    ("case", 0.8, _hints_at_case, _NONE, _cases),
    ("named", 0.8, None, _TITLES, _names),
    ("person", 0.8, None, _ROLE_WORDS, _persons),
)
