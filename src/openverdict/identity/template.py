"""The columns of a table of persons, and an empty one to fill in."""

from __future__ import annotations

from pathlib import Path

from openverdict.errors import InputError

# Column: what it holds. In this order in the template, in any order in a file.
COLUMNS = {
    "record_id": "number of the record in its system; no name in it",
    "source": "the system it comes from",
    "case_id": "number of the case or incident in that system, as in the register",
    "role": "decedent for the dead person, else a role of the field persons: finder, caller, host …",
    "forenames": "forename, or forenames in their order",
    "surname": "surname",
    "date_of_birth": "2014-06-19, 2014-06 or 2014",
    "sex": "male, female, other, M, F",
    "postcode": "postcode of the usual address",
    "place": "town of the usual address",
    "person_number": "a number that one person has for life, such as an NHS number",
    "identifiers": "telephone numbers, accounts and the like, as kind:value or kind:hash, parted by ;",
    "date_of_death": "2014-06-19; of a decedent",
}
REQUIRED = ("record_id", "source")
DECEDENT = "decedent"


def write_persons_template(path: Path) -> None:
    """An empty table of persons, CSV.

    Raises:
        InputError: not .csv, there already, or it cannot be written.
    """
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: write .csv at its end")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")
    except FileExistsError:
        raise InputError(
            f"{path}: is there already; name a new file, so that nothing is replaced"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); name another file"
        ) from None
