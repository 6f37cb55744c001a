"""A lead as a run kept it, back from the words that stand in the record."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from openverdict.leads.results import Lead, Link


def kept_lead(words: Mapping[str, Any]) -> Lead:
    """The lead whose fields `words` holds (`asdict`, through JSON); what an older program left out is as by default.

    Raises:
        TypeError: a field that has no default is missing.
    """
    found: Lead = _made(Lead, words)
    return found


def kept_link(words: Mapping[str, Any]) -> Link:
    """A pair of a lead the same way."""
    found: Link = _made(Link, words)
    return found


def _made(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(kind) in (Union, types.UnionType):
        return _made(next(each for each in get_args(kind) if each is not type(None)), value)
    if get_origin(kind) is tuple:
        return tuple(_made(get_args(kind)[0], item) for item in value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        kept = {
            each.name: _made(hints[each.name], value[each.name])
            for each in fields(kind)
            if each.name in value
        }
        return kind(**kept)
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
