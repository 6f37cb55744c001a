"""What a person prefers: light or dark, and their keys. Kept in the app's own database; never part of the record."""

from __future__ import annotations

from typing import Any

from openverdict.web.models import Preference

DEFAULTS = {"theme": "system", "single_keys": "on", "keys": "{}"}
ALLOWED = {"theme": ("system", "light", "dark"), "single_keys": ("on", "off")}


def preferences(name: str | None) -> dict[str, str]:
    """All of them, with what is chosen where nothing was."""
    if name is None:
        return dict(DEFAULTS)
    rows: Any = Preference.objects.filter(username=name).values_list("name", "value")
    return {**DEFAULTS, **{key: value for key, value in rows if key in DEFAULTS}}


def prefer(name: str, key: str, value: str) -> None:
    """Choose. Whoever calls has looked at what stands in no list here (`keys`)."""
    if key in ALLOWED and value not in ALLOWED[key]:
        raise ValueError(f"{key}: {value!r} is none of {', '.join(ALLOWED[key])}")
    if key not in DEFAULTS:
        raise ValueError(f"{key}: there is no such preference")
    Preference.objects.update_or_create(username=name, name=key, defaults={"value": value})
