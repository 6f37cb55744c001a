"""What the type can show, and what stands for a character that it can't: its number, and its name where that helps."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

# Characters that reorder or hide what stands beside them. In evidence they are shown, not obeyed.
_HIDING = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_KEPT = "\u200c\u200d"  # joiners: without them some scripts are misspelt


def shown(text: str, *, plainly: bool = False) -> str:
    """A text in which every character can be seen: what no font of ours has is told by its number, in square brackets.

    `plainly`: so is what only some of the faces have. Such text is set without looking for another font, which can fail
    where scripts stand side by side in one word.
    """
    if text.isascii() and text.isprintable():
        return text
    return _pattern("every" if plainly else "any").sub(_told, text)


def _told(found: re.Match[str]) -> str:
    return f"[{'; '.join(map(_name, found[0]))}]"


def _name(character: str) -> str:
    number = f"U+{ord(character):04X}"
    if unicodedata.category(character) not in ("So", "Sk", "Cf"):
        return number
    name = unicodedata.name(character, "").lower()
    return f"{number} {name}".rstrip()


@cache
def _pattern(held_by: str) -> re.Pattern[str]:
    """One or more characters in a row that can't be shown. A line's end is none: it has been made a break."""
    ranges = "".join(
        f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges_of(held_by)
    )
    hiding = _HIDING.pattern.strip("[]")
    return re.compile(f"(?:[^\\n{ranges}]|(?![{_KEPT}])[{hiding}])+")


@cache
def ranges_of(held_by: str) -> tuple[tuple[int, int], ...]:
    """First and last of each run of characters that `any` font in the typesetter holds, or `every` face that reports use.

    `scripts/glyphs.py` found them.
    """
    text = files("openverdict.reports.printed").joinpath("glyphs.txt").read_text(encoding="ascii")
    part = text.partition(f"# {held_by}\n")[2].partition("#")[0]
    ends = [word.partition("-") for word in part.split()]
    return tuple((int(first, 16), int(last or first, 16)) for first, _, last in ends)
