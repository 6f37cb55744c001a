"""Which of some files are documents, and of which case: by an option for all, or by an index, one row a document."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openverdict.documents.kinds import KINDS, OTHERS, ending
from openverdict.documents.limits import LIMITS
from openverdict.documents.source import read_file
from openverdict.errors import InputError

COLUMNS = ("file", "case_id", "known_from")
_EITHER = frozenset([".txt", ".text"])  # a register of another program, or a document
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Named:
    """A document and its case, and from which day on it was known; empty where nobody said."""

    path: Path
    case_id: str
    known_from: str = ""


def is_document(path: Path) -> bool:
    """Whether the name of a file says that it is a document, read or not; `.txt` may be a table as well, and is not."""
    said = ending(path.name)
    return said not in _EITHER and (said in KINDS or said in OTHERS)


def gather(
    files: Sequence[Path],
    case: str | None = None,
    index: Path | None = None,
    known_from: str | None = None,
) -> tuple[list[Path], list[Named], list[Path]]:
    """(files of the register, documents with their case, documents whose case nobody named).

    `case` is that of every document among the files, those in text included; `index` names documents of its own. What stands
    in the index is read by its case, whether or not it is named again.

    Raises:
        InputError: the index can't be read, or both it and a case are given for the same document.
    """
    named = [] if index is None else read_index(index)
    indexed = {each.path.resolve() for each in named}
    register, strays = [], []
    for path in files:
        if path.resolve() in indexed:
            if case is not None:
                raise InputError(
                    f"{path.name}: its case stands in the index and is given by --case too; leave one of the two out"
                )
        elif case is not None and (is_document(path) or ending(path.name) in _EITHER):
            named.append(Named(path, case, known_from or ""))
        elif is_document(path):
            strays.append(path)
        else:
            register.append(path)
    return register, named, strays


def read_index(path: Path) -> list[Named]:
    """The documents that a CSV names: `file`, beside the index or as a whole path, `case_id`, and `known_from` if known.

    Raises:
        InputError: no CSV with these columns, or a row that names no file or no case.
    """
    data, _ = read_file(path, LIMITS)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: is not UTF-8; save the index as CSV UTF-8") from None
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{path.name}: is no CSV ({error}); save the index as CSV UTF-8") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if not {"file", "case_id"} <= set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        raise InputError(
            f"{path.name}: an index has the columns file, case_id and, if known, known_from; name them so"
        )
    found: dict[Named, None] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
        if not any(cells.values()):
            continue
        file, case = cells.get("file", ""), cells.get("case_id", "")
        if len(row) != len(names) or not file or not case or "\0" in file:
            raise InputError(
                f"{path.name}: row {number} does not name a file and a case in {len(names)} cells; complete it"
            )
        found[Named(path.parent / file, case, cells.get("known_from", ""))] = None
    return list(found)
