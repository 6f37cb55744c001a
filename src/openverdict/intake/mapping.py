r"""Mapping: how the columns of a foreign table become the fields of the dictionary. A TOML file, read here.

    [mapping]
    name = "what the table is"
    ignore = ["column", ...]           # columns left unread on purpose; any other unmentioned one is noted
    empty = ["N/A", "-"]               # texts that mean an empty cell, in every column
    headers = "loose"                  # capitals, spaces and signs in the names of columns don't count
    optional = true                    # columns that a table does not have are passed over, and noted

    [unplaced]
    columns = ["column", ...]          # columns nobody has placed yet; each is noted when the file is read

    [fields.<field>]                   # or [[fields.<field>]] several times: several origins
    column = "a"                       # or columns = ["a", "b"]
    join = " "                         # several columns as one text; without it the first that holds anything counts
    labels = true                      # with join: each text after the name of its column, `a: …`
    extract = '\((.+), '                # a regular expression; its first group is the text, no match means empty
    separator = ","                    # a list field: the cell holds several values, split here
    map = { "M" = "male", "U" = "unknown" }  # texts to texts, capitals and spaces don't count; "" means empty
    otherwise = "keep"                 # a text that `map` does not name: keep | refuse | empty
    formats = ["%m/%d/%Y"]             # a time: the formats of the column (strftime); one that fits two is refused
    unit = "mi"                        # a number: the column's unit, turned into the field's
    prefix = "finder:"                 # put before the text (or each value of a list)
    value = "8000"                     # what stands for any text found; without a column, a constant
    flags = { "Heroin" = "heroin" }    # a list field: columns that tick a value
    yes = ["Y"]                        # texts that tick
    no = ["N"]                         # texts that do not; any other is a fault
    number = "CT-{n:05d}"              # case_id: made from the row's place in the file, the first row of data being 1
    lenient = true                     # a value that can't be read is left out and reported, and the row is kept
    empty = ["9999"]                   # texts that mean an empty cell in these columns
    complete = true                    # with join: nothing unless every column holds something
    when = { "Tested" = ["1"] }        # only in rows in which these columns hold one of these texts
    add = true                         # a text: put after what the origins before it gave, not in place of it
    repeat = 20                        # so many origins, {k} in the names of columns being 1, 2, …

The origins of a list field are added up. Those of any other field are tried in order, row by row, and the first that
gives a text counts. Every text so made is then read as if it stood in the template: `;` parts a list, `none` means
looked for and absent, and the words of the statuses say why there is no value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from openverdict.cases import dictionary
from openverdict.errors import MappingError
from openverdict.intake.origin import Origin, only, read_origins, read_table, read_texts
from openverdict.intake.sheet import nearest

HEADERS = ("exact", "loose")


@dataclass(frozen=True)
class Mapping:
    """A mapping file, read and checked against the dictionary."""

    source: str
    name: str
    origins: Dict[str, tuple[Origin, ...]]
    ignore: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    loose: bool = False
    optional: bool = False

    @property
    def lenient(self) -> frozenset[str]:
        """Fields whose unreadable values are left out without refusing the row."""
        return frozenset(
            name for name, many in self.origins.items() if any(o.lenient for o in many)
        )

    @property
    def columns(self) -> dict[str, str]:
        """Every column that the mapping reads, with the key that names it."""
        used: dict[str, str] = {}
        for name, many in self.origins.items():
            for origin in many:
                for column in (*origin.columns, *origin.flags, *origin.when):
                    used.setdefault(column, f"fields.{name}")
        return used


def shipped_mappings() -> tuple[str, ...]:
    """The names of the mappings that come with the package."""
    folder = files("openverdict.intake").joinpath("mappings")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def fold(text: str) -> str:
    """Text as `map`, `yes`, `no` and `empty` compare it: capitals and runs of space don't count."""
    return " ".join(text.split()).casefold()


def load_mapping(path_or_name: Path | str) -> Mapping:
    """A mapping from a file, or a shipped one by its name.

    Raises:
        MappingError: no such file or name, not TOML, or a key, column or field that a mapping can't have.
    """
    path = Path(path_or_name)
    if str(path_or_name) in shipped_mappings():
        resource = files("openverdict.intake").joinpath(f"mappings/{path_or_name}.toml")
        return parse_mapping(path.name, resource.read_text(encoding="utf-8"))
    if not path.is_file():
        known = ", ".join(shipped_mappings())
        raise MappingError(f"{path.name}: no such mapping file, and none is shipped but: {known}")
    try:
        return parse_mapping(path.name, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingError(f"{path.name}: not UTF-8; save the mapping as UTF-8") from None


def parse_mapping(source: str, text: str) -> Mapping:
    """A mapping from the text of its file.

    Raises:
        MappingError: see `load_mapping`.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{source}: not TOML: {error}") from None
    only(source, "", raw, ("mapping", "unplaced", "fields"))
    head = read_table(source, "mapping", raw.get("mapping", {}))
    only(source, "mapping", head, ("name", "ignore", "empty", "headers", "optional"))
    if head.get("headers", HEADERS[0]) not in HEADERS:
        raise MappingError(f"{source}: mapping.headers: one of: {', '.join(HEADERS)}")
    if not isinstance(head.get("optional", False), bool):
        raise MappingError(f"{source}: mapping.optional: write true or false")
    unplaced = read_table(source, "unplaced", raw.get("unplaced", {}))
    only(source, "unplaced", unplaced, ("columns",))
    entries = read_table(source, "fields", raw.get("fields", {}))
    origins = {}
    for name, entry in entries.items():
        known = dictionary().get(name)
        if known is None:
            mend = nearest(name, dictionary())
            raise MappingError(f"{source}: fields.{name}: not in the field dictionary; {mend}")
        many = entry if isinstance(entry, list) else [entry]
        origins[name] = tuple(o for one in many for o in read_origins(source, known, one))
    for known in dictionary().values():
        if known.required and known.name not in origins:
            raise MappingError(f"{source}: fields.{known.name} is missing; a case needs it")
    return Mapping(
        source,
        str(head.get("name", source)),
        origins,
        read_texts(source, "mapping.ignore", head.get("ignore", [])),
        read_texts(source, "unplaced.columns", unplaced.get("columns", [])),
        read_texts(source, "mapping.empty", head.get("empty", [])),
        loose=head.get("headers") == "loose",
        optional=bool(head.get("optional", False)),
    )
