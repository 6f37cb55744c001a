"""The held-out narratives as two readers coded them, what was decided where they differ, and the half that rules may see."""

from __future__ import annotations

import csv
import hashlib
from functools import cache

from openverdict.cases.vocabulary import indicators
from openverdict.narrative import Assertion, Suggestion, suggest

from .coded import DATA, Code, Narrative, read_marked, sense_of

READINGS = ("first", "second", "adjudicated")
SEEN_FIRST = (
    114  # H101 to H114 had been read by whoever mends the rules before the halves were drawn
)
VOICES = 200  # J1 to J200 are drawn into halves; from there on they are near misses, on which rules were mended
SENSES = ("present", "negated", "uncertain", "other")
# What a code speaks of, by the letter before its dot, and the field that rules fill with it.
FIELDS = {"c": "contact_channels", "p": "found_place_kind", "b": "body_position"}
SUBSTANCES = (
    "substances_detected",
    "substances_not_detected",
    "substances_pending",
    "substances_suspected",
)


def measured() -> list[str]:
    """The indicators that one text can show; those that compare cases or count them are too few to measure."""
    known = indicators()
    return [n for n, i in known.items() if i.number <= 58 or n == "text_cross_reference"]


def development(name: str) -> bool:
    """Whether rules may be mended on a narrative; figures of what to expect are of the others alone."""
    return int(name[1:]) <= SEEN_FIRST or hashlib.sha256(name.encode()).digest()[0] % 2 == 0


@cache
def reading(which: str) -> dict[str, Narrative]:
    """One reading of all narratives, or, `adjudicated`, of those in which every difference has been decided."""
    if which == "adjudicated":
        return _adjudicated()
    file = {"first": "held_out_150.txt", "second": "held_out_150_second.txt"}[which]
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    read = (read_marked(*ln.split("\t", 1)) for ln in lines if ln and not ln.startswith("#"))
    return {n.name: n for n in read}


@cache
def verdicts() -> dict[tuple[str, str, str], bool]:
    """(narrative, code, sense) that one reader alone stated, and whether it holds."""
    with (DATA / "adjudication.csv").open(encoding="utf-8", newline="") as file:
        return {
            (r["narrative"], r["code"], r["sense"]): r["holds"] == "yes"
            for r in csv.DictReader(file)
        }


def stated(narrative: Narrative) -> set[tuple[str, str]]:
    """The (code, sense) of a narrative."""
    return {(c.code, c.sense) for c in narrative.codes}


def _adjudicated() -> dict[str, Narrative]:
    found = {}
    for name, one in reading("first").items():
        two = reading("second")[name]
        both, differ = stated(one) & stated(two), stated(one) ^ stated(two)
        if any((name, *unit) not in verdicts() for unit in differ):
            continue
        holds = both | {unit for unit in differ if verdicts()[(name, *unit)]}
        # Where both state it, the first reader's words; a code that only the second states keeps the second's.
        codes = [c for c in one.codes if (c.code, c.sense) in holds]
        had = stated(one)
        codes += [
            c for c in two.codes if (c.code, c.sense) in holds and (c.code, c.sense) not in had
        ]
        found[name] = Narrative(
            name, one.text, tuple(sorted(codes, key=lambda c: (c.start, c.end)))
        )
    return found


@cache
def voices() -> dict[str, Narrative]:
    """The narratives in the voices of those who write about a sudden death; their indicators alone are coded."""
    lines = (DATA / "voices.txt").read_text(encoding="utf-8").splitlines()
    read = (read_marked(*ln.split("\t", 1)) for ln in lines if ln and not ln.startswith("#"))
    return {n.name: n for n in read}


@cache
def voices_second() -> dict[str, set[tuple[str, str]]]:
    """The (code, sense) of each of these narratives in the second coding, which holds no spans."""
    signs = {"-": "negated", "~": "other", "?": "uncertain"}
    found = {}
    with (DATA / "voices_second.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            codes = (row["codes"] or "").split()
            found[row["narrative"]] = {
                (c.rstrip("-~?"), signs.get(c[-1], "present")) for c in codes
            }
    return found


def voices_development(name: str) -> bool:
    """Whether rules were mended on one of these: half of the first 200 by a hash of the name, and all near misses."""
    return int(name[1:]) > VOICES or hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def by_rules(text: str) -> list[Code]:
    """What the rules suggest in a text, written as a reader would code it."""
    letters = {field: letter for letter, field in FIELDS.items()}
    found = []
    for s in suggest(text):
        if s.field == "indicators":
            code = s.value
        elif s.field in letters:
            code = f"{letters[s.field]}.{s.value}"
        elif s.field in SUBSTANCES:
            code = f"s.{s.value}"
        else:
            continue
        found.append(Code(code, _sense(s), s.start, s.end))
    return found


def _sense(suggestion: Suggestion) -> str:
    """A rule's assertion in the readers' senses: to them what is pending is uncertain."""
    return "uncertain" if suggestion.assertion is Assertion.PENDING else sense_of(suggestion)
