"""Long lists a page at a time, by the key of the last row seen and never by a count: a page costs the same at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openverdict.web.forms import Field, Kind

SIZE = 50
QUERY = (
    Field("after", "After", Kind.LINE, required=False),
    Field("before", "Before", Kind.LINE, required=False),
)


@dataclass(frozen=True)
class KeyPage:
    """Rows in the order of their key, and where the next and the previous page begin (None: there is none)."""

    rows: list[Any]
    after: str | None
    before: str | None


def by_key(
    rows: Any, key: str, *, after: Any = None, before: Any = None, size: int = SIZE
) -> KeyPage:
    """A page of a query set by a unique column: what follows `after`, or what precedes `before`, or the first page."""
    backwards = before is not None and after is None
    if backwards:
        found = list(rows.filter(**{f"{key}__lt": before}).order_by(f"-{key}")[: size + 1])
    else:
        following = rows if after is None else rows.filter(**{f"{key}__gt": after})
        found = list(following.order_by(key)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, after is not None)
    if not found:
        return KeyPage([], None, None)
    return KeyPage(
        found,
        _key_of(found[-1], key) if has_next else None,
        _key_of(found[0], key) if has_previous else None,
    )


def _key_of(row: Any, key: str) -> str:
    return str(row[key] if isinstance(row, dict) else getattr(row, key))
