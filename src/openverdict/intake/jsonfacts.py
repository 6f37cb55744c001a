"""JSON bytes to a table of facts: a list of facts, or an object whose `facts` is that list."""

from __future__ import annotations

import json
from typing import NoReturn

from openverdict.cases import FACTS_SCHEMA, NONE_WORD
from openverdict.errors import InputError
from openverdict.intake.sheet import RowFault, Table

_SHAPE = 'write a list of facts, or {"facts": [...]}'


def read_json_facts(name: str, data: bytes) -> Table:
    """The facts in a JSON file, each value as text; a list value is joined with `;`, an empty one is `none`.

    The row number of a fact is its place in the list, counted from 1.

    Raises:
        InputError: not JSON, not UTF-8, or not a list of facts.
    """
    try:
        content = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise InputError(f"{name}: the file is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise InputError(f"{name}: nested too deeply; {_SHAPE}") from None
    except ValueError as error:
        raise InputError(f"{name}: not JSON: {error}") from None
    facts = content.get("facts") if isinstance(content, dict) else content
    if not isinstance(facts, list):
        raise InputError(f"{name}: no list of facts in it; {_SHAPE}")
    header = list(FACTS_SCHEMA)
    extra = {key: None for fact in facts if isinstance(fact, dict) for key in fact}
    header += [key for key in extra if key not in FACTS_SCHEMA]
    if any(not key.isprintable() for key in header):
        raise InputError(f"{name}: a key of a fact is not plain text")
    records, rows, faults = [], [], []
    for row, fact in enumerate(facts, start=1):
        if not isinstance(fact, dict):
            faults.append(RowFault(row, "", _shown(fact), "not an object with case_id and field"))
            continue
        try:
            records.append([_text(fact.get(key)) for key in header])
            rows.append(row)
        except (TypeError, UnicodeEncodeError):
            faults.append(
                RowFault(
                    row,
                    "value",
                    _shown(fact.get("value")),
                    "not text, a number or a list of them",
                )
            )
    return Table(header, records, rows, tuple(faults))


def _shown(value: object) -> str:
    return str(value)[:80].encode("utf-8", "backslashreplace").decode()


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        parts = [_text(part) or "" for part in value if not isinstance(part, list)]
        if len(parts) < len(value):
            raise TypeError
        return ";".join(parts) if parts else NONE_WORD
    raise TypeError
