"""The outcome of labelled pairs as one page and one JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openverdict.evaluation.known import Evaluation
from openverdict.evaluation.plots import pav, tippett

MEASURES = {
    "auc": "Chance that a linked pair outranks another (AUC)",
    "average_precision": "Average precision",
    "tpr_at_0.05": "Linked pairs found at 5 % false positives",
    "tpr_at_0.01": "Linked pairs found at 1 % false positives",
    "cllr": "Cost of the log likelihood ratio (Cllr; 1 says nothing)",
    "cllr_min": "The same, after the best recalibration (Cllr min)",
    "calibration_slope": "Calibration slope (1: as strong as claimed; below 1: weaker)",
    "over_confident_nats": "Most over-confident unit of log10 ratio, in natural logarithms",
    "over_confident_nats_surely": "The same, as far as the labels make sure",
}


def render_evaluation(evaluation: Evaluation) -> str:
    """The page as one HTML document, without script or request.

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
    curves = [(v.name, v.log10_lr, v.linked) for v in evaluation.variants]
    drawn = bool(curves) and all(linked.any() and not linked.all() for _, _, linked in curves)
    page = environment.get_template("evaluation.html").render(
        outcome=evaluation.outcome,
        rows=_rows(evaluation.outcome),
        columns=_columns(evaluation.outcome),
        bins=_bins(evaluation.outcome),
        # The plots are this program's own and hold no text from the register.
        tippett=Markup(tippett(curves)) if drawn else None,  # noqa: S704
        pav=Markup(pav(curves)) if drawn else None,  # noqa: S704
    )
    return page + "\n"


def write_evaluation(evaluation: Evaluation, out: Path) -> Path:
    """Write `evaluation.json` and `evaluation.html` into the folder `out`; returns the page's path.

    Raises:
        MissingPartError: matplotlib is not installed; the JSON file is written all the same.
    """
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation.outcome, indent=2, ensure_ascii=False)
    (out / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    page = out / "evaluation.html"
    page.write_text(render_evaluation(evaluation), encoding="utf-8")
    return page


def _variants(outcome: dict[str, Any]) -> dict[str, dict[str, Any]]:
    crossed = outcome.get("cross_validated")
    if crossed is None:
        return {"as shipped": outcome}
    return {name: value for name, value in crossed.items() if isinstance(value, dict)}


def _columns(outcome: dict[str, Any]) -> list[str]:
    return list(_variants(outcome))


def _rows(outcome: dict[str, Any]) -> list[tuple[str, list[str]]]:
    rows = []
    for name, words in MEASURES.items():
        cells = []
        for variant in _variants(outcome).values():
            value = variant[name]
            ends = variant.get("intervals_95", {}).get(name)
            said = "–" if value is None else f"{value:.3f}"
            cells.append(said if ends is None else f"{said} ({ends[0]:.3f} to {ends[1]:.3f})")
        rows.append((words, cells))
    return rows


def _bins(outcome: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(name, variant["calibration"]) for name, variant in _variants(outcome).items()]
