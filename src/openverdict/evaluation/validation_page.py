"""The validation report as Markdown, as one HTML page with plots, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openverdict.evaluation.plots import alarm_rates, calibration_plot, power_plot
from openverdict.evaluation.validation import COMMANDS, NOTES, Results, Row, Section

HEAD = ("Figure", "Target", "Measured", "95 %", "Met", "Beside it")
INTRODUCTION = (
    "Figures as they come out, good or bad. Each is read from a stored result; under each heading stand the code that made it, "
    "the day it was stored, and whether the code has changed since."
)
PLOTS: dict[str, tuple[Callable[[Results], str], str]] = {
    "power": (
        power_plot,
        "Share of planted series raised by each death: the model, and the oracle as the ceiling.",
    ),
    "nulls": (
        alarm_rates,
        "Measured against nominal alarm rate, with its interval; on the line is right, above it too many.",
    ),
    "planted_calibration": (
        calibration_plot,
        "Ratio that the labels give against the ratio claimed, by unit; on the line is right.",
    ),
}


def cells(row: Row) -> tuple[str, ...]:
    """One row as text."""
    around = "" if row.interval is None else f"{_number(row.interval[0])} to {_number(row.interval[1])}"  # fmt: skip
    met = {True: "yes", False: "no", None: ""}[row.met]
    return (row.what, row.target, _number(row.measured), around, met, row.beside)


def _number(value: float) -> str:
    if value != value:  # not a number: could not be measured
        return "–"
    return f"{value:,.0f}" if value == round(value) and abs(value) >= 10 else f"{value:.3g}"


def tally(sections: Sequence[Section]) -> str:
    """How many targets are met."""
    held = [row.met for section in sections for row in section.rows if row.met is not None]
    open_ = [section.title for section in sections if not section.rows]
    missing = f" Not measured yet: {'; '.join(open_)}." if open_ else ""
    return (
        f"Of {len(held)} targets {sum(held)} are met and {len(held) - sum(held)} are not.{missing}"
    )


def as_markdown(sections: Sequence[Section]) -> str:
    """The report as a Markdown page."""
    parts = [
        "# Validation report\n",
        f"{INTRODUCTION} `make validate` writes the same figures with plots.\n",
        f"{tally(sections)}\n",
    ]
    for section in sections:
        parts += [f"## {section.title}\n", f"{NOTES[section.name]}\n", f"{section.origin}\n"]
        parts.append(f"    {COMMANDS[section.name]}\n")
        if section.rows:
            lines = [HEAD, ("---",) * len(HEAD), *map(cells, section.rows)]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts)


def as_html(sections: Sequence[Section], results: Mapping[str, Results | None]) -> str:
    """The report as one HTML document, without script or request.

    Raises:
        MissingPartError: matplotlib is not installed.
    """
    environment = Environment(
        loader=PackageLoader("openverdict.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown: list[dict[str, Any]] = []
    for section in sections:
        found = results.get(section.name)
        draw, caption = PLOTS.get(section.name, (None, ""))
        # The plots are this program's own and hold no text from a register.
        plot = Markup(draw(found)) if draw and found else None  # noqa: S704
        shown.append(
            {
                "title": section.title,
                "note": NOTES[section.name],
                "origin": section.origin.replace("**", ""),
                "command": COMMANDS[section.name],
                "rows": [cells(row) for row in section.rows],
                "plot": plot,
                "caption": caption,
            }
        )
    page = environment.get_template("validation.html").render(
        introduction=INTRODUCTION, tally=tally(sections), head=HEAD, sections=shown
    )
    return page + "\n"


def as_json(sections: Sequence[Section]) -> str:
    """The report's rows as JSON."""
    return (
        json.dumps([asdict(section) for section in sections], indent=2, ensure_ascii=False) + "\n"
    )


def write_validation(
    sections: Sequence[Section], results: Mapping[str, Results | None], out: Path
) -> Path:
    """Write `validation.json` and `validation.html` into the folder `out`; returns the page's path.

    Raises:
        MissingPartError: matplotlib is not installed; the JSON file is written all the same.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "validation.json").write_text(as_json(sections), encoding="utf-8")
    page = out / "validation.html"
    page.write_text(as_html(sections, results), encoding="utf-8")
    return page
