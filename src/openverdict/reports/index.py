"""A page that names several reports and says of each what came out: the demo's front page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openverdict.errors import InputError
from openverdict.reports.render import environment


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One report: its path beside the index, what it is, and lines that say what came out."""

    href: str
    title: str
    lines: tuple[str, ...]


def render_index(title: str, entries: Sequence[IndexEntry], *, simulated: bool = True) -> str:
    """The page as one HTML document."""
    template = environment().get_template("index.html")
    return template.render(title=title, entries=entries, simulated=simulated) + "\n"


def write_index(
    out: Path, title: str, entries: Sequence[IndexEntry], *, simulated: bool = True
) -> Path:
    """Write `index.html` into `out` in one step and return its path.

    Raises:
        InputError: it cannot be written.
    """
    path = out / "index.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        made = path.with_name(".index.html.part")
        made.write_text(render_index(title, entries, simulated=simulated), encoding="utf-8")
        made.replace(path)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error}); name another folder") from error
    return path
