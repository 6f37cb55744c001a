"""The table of all events for the documentation, made from the classes themselves."""

from __future__ import annotations

import inspect

from openverdict.ledger.events.base import Act, Event, registry

_COMMON = {"actor", "at", "purpose", "rows"}


def events_table() -> str:
    """One Markdown table an act: every event, what it says, and its fields with their forms. Newest versions only."""
    newest: dict[str, int] = {}
    for kind, version in registry():
        newest[kind] = max(version, newest.get(kind, 0))
    parts = []
    for act in Act:
        rows = [
            f"| `{kind}` | {newest[kind]} | {_says(cls)} | {_carries(cls)} |"
            for (kind, version), cls in sorted(registry().items())
            if cls.act is act and version == newest[kind]
        ]
        head = "| Event | Version | Means | Carries |\n|---|---|---|---|"
        parts.append("\n".join([f"## {act.value.capitalize()}", "", head, *rows]))
    return "\n\n".join(parts) + "\n"


def _says(cls: type[Event]) -> str:
    text = inspect.cleandoc(cls.__doc__ or "")
    return " ".join(text.split()).replace("|", "\\|")


def _carries(cls: type[Event]) -> str:
    codecs = {name: c for name, c in cls.codecs.items() if name not in _COMMON}
    return ", ".join(f"`{name}` ({codec.name})" for name, codec in codecs.items())
