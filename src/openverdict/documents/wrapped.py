"""Wrapped lines: which line ends are only there because a line was full, so that sentences stay whole."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# Prose is wrapped at some width; shorter lines are a list or a form, longer ones are whole paragraphs.
NARROWEST, WIDEST = 45, 160
FULL = 0.72  # of the width: a line this long may have been ended by the next word's length alone
BRIM = 0.9  # of the width, with the next word: so full must it be before a line that may begin a sentence
_ENDS = re.compile(r"[.!?:;][\"')\]]*$")
_BEGINS_ITEM = re.compile(r"(?:[-•*·–—○●▪☐☒☑]|\(?\w{1,3}[.)]|\d+\s*[.):])\s|.*:\s*$|>")


def joins(lines: Sequence[str], *, flowed: bool = False) -> list[str]:
    """What stands before each line: a line end, a blank where the line before was only full, nothing after a hyphen.

    A line goes on in the next one if it nearly fills the width that the long lines have, ends with no mark of punctuation that
    closes, and the next is neither blank nor the beginning of an item; it has to be fuller where the next line begins with a
    capital or a figure, as a line of a list does. `flowed`: text of that format (RFC 3676), in which a
    blank at its end says that a line goes on.
    """
    lengths = sorted(len(line.strip()) for line in lines if line.strip())
    width = lengths[math.ceil(0.9 * (len(lengths) - 1))] if lengths else 0
    is_prose = NARROWEST <= width <= WIDEST
    found = ["\n"] * len(lines)
    for number in range(1, len(lines)):
        before, line = lines[number - 1].rstrip(), lines[number].strip()
        if not before or not line:
            continue
        soft = flowed and lines[number - 1].endswith(" ") and lines[number - 1] != "-- "
        if soft or (is_prose and _goes_on(before.strip(), line, width)):
            hyphen = before[-1:] == "-" and before[-2:-1].isalpha() and line[0].islower()
            found[number] = "" if hyphen else " "
    return found


def _goes_on(before: str, line: str, width: int) -> bool:
    if _ENDS.search(before) or _BEGINS_ITEM.match(line):
        return False
    if line[0].islower():
        return len(before) >= FULL * width
    return len(before) + 1 + len(line.split(maxsplit=1)[0]) > BRIM * width
