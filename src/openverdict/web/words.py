"""How the app words times and the like."""

from __future__ import annotations

from datetime import datetime

MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
]  # fmt: skip


def moment_words(value: str | None) -> str:
    """A day or a moment of the record as people write it: 28 August 2014, 09:15. Moments of the log are UTC."""
    if not value:
        return "not recorded"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    day = f"{found.day} {MONTHS[found.month - 1]} {found.year}"
    if len(value) <= 10 or (found.hour, found.minute, found.second) == (0, 0, 0):
        return day
    return f"{day}, {found:%H:%M}{' UTC' if found.tzinfo else ''}"
