"""Which characters the fonts inside the typesetter hold: asked of the typesetter itself, one by one, and written as ranges.

    python scripts/glyphs.py > src/openverdict/reports/printed/glyphs.txt

Run it again when the typesetter changes its fonts; a test compares the file with what the typesetter can set.
"""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata

import typst

AT_ONCE = 4_000  # characters set in one go
PAGE = """#set text(lang: "en", {face})
#set document(title: "x", date: none)
#for t in json(bytes(sys.inputs.told)) [#t#linebreak()]"""
ANY = 'font: "Libertinus Serif"'
# Every face that `report.typ` may set a text in.
FACES = [
    f'font: "{font}", weight: {weight}, style: "{style}", fallback: false'
    for font in ("Libertinus Serif", "DejaVu Sans Mono")
    for weight in (400, 600, 700)
    for style in ("normal", "italic")
]
UNSET = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")


def refused(characters: list[str], face: str) -> set[str]:
    """Those that can't be set, as the typesetter says when it is held to PDF/UA-1."""
    try:
        typst.compile(
            PAGE.replace("{face}", face).encode(),
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            sys_inputs={"told": json.dumps(characters)},
        )
    except typst.TypstError as error:
        return set("".join(map(_plain, UNSET.findall(error.diagnostic))))
    return set()


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda e: chr(int(e[1], 16)) if e[1] else e[2], text)


def held(told: list[str], face: str) -> list[str]:
    """Those of some characters that can be set."""
    kept: list[str] = []
    for start in range(0, len(told), AT_ONCE):
        part = told[start : start + AT_ONCE]
        while gone := refused(part, face):
            part = [each for each in part if each not in gone]
        kept += part
    return kept


def ranges(characters: list[str]) -> str:
    """Characters in their order as ranges of their numbers."""
    found: list[list[int]] = []
    for code in map(ord, characters):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    words = [f"{a:04X}" if a == b else f"{a:04X}-{b:04X}" for a, b in found]
    return "\n".join(textwrap.wrap(" ".join(words), 118))


def main() -> None:
    told = [
        chr(code)
        for code in range(0x20, 0x110000)
        if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cc", "Cs", "Zl", "Zp")
    ]
    some = held(told, ANY)
    every = some
    for face in FACES:
        every = held(every, face)
    print(
        "# Characters that the fonts inside the typesetter hold, as ranges; made by scripts/glyphs.py:"
    )
    print(f"# any\n{ranges(some)}\n# every\n{ranges(every)}")


if __name__ == "__main__":
    main()
