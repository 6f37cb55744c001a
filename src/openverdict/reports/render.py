"""Templates to HTML: one self-contained file with its style sheet inside, no script and no request to anywhere."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from openverdict.evidence.draws import DRAWS
from openverdict.leads.results import Review
from openverdict.reports.figures import Ring
from openverdict.reports.labels import level_words
from openverdict.reports.page import build_page
from openverdict.reports.words import counted, minus, sentence_case, thousands, verbal_scale

DEFAULT_TITLE = "Review of a register of unexpected deaths"


@cache
def environment() -> Environment:
    """The template environment: everything is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("openverdict.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
    made.filters.update(
        thousands=thousands,
        sentence=sentence_case,
        counted=counted,
        level=level_words,
        minus=minus,
    )
    return made


@cache
def glossary() -> tuple[tuple[str, str], ...]:
    """The terms of the glossary with their meanings, in the order of the file."""
    text = files("openverdict.reports").joinpath("data/glossary.toml").read_text(encoding="utf-8")
    return tuple((entry["term"], entry["meaning"]) for entry in tomllib.loads(text)["terms"])


def render_report(
    review: Review, *, title: str = DEFAULT_TITLE, outline: Sequence[Ring] = ()
) -> str:
    """The report of a review as one HTML document.

    `outline`: rings of longitude and latitude to draw on the maps, as `figures.read_outline` gives them.
    """
    page = build_page(review, title, outline)
    source, steps = verbal_scale()
    template = environment().get_template("report.html")
    return (
        template.render(
            page=page, scale=steps, scale_source=source, glossary=glossary(), draws=DRAWS
        )
        + "\n"
    )
