"""How the app words times, long work and the like."""

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


STEPS = {
    "reading": "Reading the files",
    "comparing": "Comparing with what the store has",
    "collecting": "Taking it into the store",
    "loading": "Reading the register",
    "learn": "Learning what is usual",
    "pairs": "Comparing every pair",
    "series": "Growing series",
    "chance": "Measuring chance",
    "triage": "Looking at single cases",
    "leads": "Writing down leads",
    "storing": "Storing what came out",
    "narratives": "Reading narratives",
    "document": "Reading the document",
    "comparison": "Taking the comparison into the store",
    "verify-file": "Asking the database whether it is sound",
    "verify-entries": "Making every hash again",
    "verify-tree": "Building the tree again",
    "verify-checkpoints": "Comparing signed heads",
    "verify-lists": "Working out the lists again",
}
JOBS = {
    "look": "Looking at the columns",
    "read": "Dry run: reading the files and comparing them with the store",
    "commit": "Taking the files into the store",
    "run": "Review run",
    "narratives": "Reading narratives",
    "document": "Reading the document",
    "comparison": "Taking the comparison into the store",
    "verify": "Reading the whole log again",
}
ENDED = {"done": "has ended", "failed": "failed", "stopped": "was ended"}


def job_words(kind: str, state: str, *, stopping: bool) -> str:
    """What long work is at, as one sentence."""
    what = JOBS.get(kind, kind)
    if state in ENDED:
        return f"{what} {ENDED[state]}."
    if stopping:
        return f"{what}: ends at its next step."
    return f"{what}: waits for the worker." if state == "queued" else f"{what}: under way."


def step_words(step: str) -> str:
    """A step of long work."""
    return STEPS.get(step, step.capitalize()) if step else "Not begun"


def rate_words(pairs_a_second: float) -> str:
    """A rate; nothing where there is none."""
    if not pairs_a_second > 0:
        return ""
    millions = pairs_a_second / 1e6
    return f"{millions:,.{0 if millions >= 10 else 1}f} million pairs a second"


def left_words(seconds: float | None) -> str:
    """How much time is left, about; nothing where that is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {minutes / 60:.1f} h"


def size_words(count: int) -> str:
    """A size of a file."""
    if count < 1_000:
        return f"{count} bytes"
    size, unit = (count / 1e3, "kB") if count < 1_000_000 else (count / 1e6, "MB")
    return f"{size:,.0f} {unit}" if size >= 10 else f"{size:,.1f} {unit}"


def form_words(form: str) -> str:
    """A format of times as an example: %d/%m/%Y is 28/08/2014."""
    return f"{datetime(2014, 8, 28, 9, 15):{form}} (28 August 2014)"
