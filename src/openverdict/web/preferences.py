"""What a person prefers: light or dark, and later the keys. Kept in the app's own database; never part of the record."""

from __future__ import annotations

from typing import Any

from openverdict.web.models import Preference

DEFAULTS = {"theme": "system"}
ALLOWED = {"theme": ("system", "light", "dark")}


def preferences(name: str | None) -> dict[str, str]:
    """All of them, with what is chosen where nothing was."""
    if name is None:
        return dict(DEFAULTS)
    rows: Any = Preference.objects.filter(username=name).values_list("name", "value")
    return {**DEFAULTS, **{key: value for key, value in rows if key in DEFAULTS}}


def prefer(name: str, key: str, value: str) -> None:
    """Choose."""
    if value not in ALLOWED[key]:
        raise ValueError(f"{key}: {value!r} is none of {', '.join(ALLOWED[key])}")
    Preference.objects.update_or_create(username=name, name=key, defaults={"value": value})
