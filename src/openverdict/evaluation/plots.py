"""Tippett and calibration plots as SVG; matplotlib draws them, and comes with the extra `validation`."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from openverdict.errors import MissingPartError
from openverdict.evaluation.measures import calibrated

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Curve = tuple[str, FloatArray, BoolArray]

STYLES = ("-", "--", ":")


def tippett(curves: list[Curve]) -> str:
    """For each ratio: the share of linked pairs, and of the others, whose ratio is at least as high."""
    figure, axes = _figure()
    for (name, score, linked), style in zip(curves, STYLES, strict=False):
        for kind, colour, words in ((linked, "#1d4f91", "linked"), (~linked, "#a85200", "others")):
            x = np.sort(score[kind])
            y = 1 - np.arange(len(x)) / max(len(x), 1)
            axes.step(x, y, style, where="pre", color=colour, label=f"{name}: {words}")
    axes.axvline(0.0, color="#8a9095", linewidth=0.8)
    axes.set_xlabel("log10 likelihood ratio")
    axes.set_ylabel("share of pairs at or above")
    axes.legend(fontsize=8, frameon=False)
    return _svg(figure, "tippett")


def pav(curves: list[Curve]) -> str:
    """The ratio that the labels give after pooling adjacent violators, against the ratio claimed; on the line is right."""
    figure, axes = _figure()
    lowest, highest = 0.0, 0.0
    for (name, score, linked), style in zip(curves, STYLES, strict=False):
        order = np.argsort(score, kind="stable")
        x, y = score[order], calibrated(score, linked)[order]
        shown = np.isfinite(y)
        axes.plot(x[shown], y[shown], style, color="#1d4f91", label=name)
        lowest = min(lowest, float(x.min(initial=0.0)))
        highest = max(highest, float(x.max(initial=0.0)))
    axes.plot([lowest, highest], [lowest, highest], color="#8a9095", linewidth=0.8)
    axes.set_xlabel("log10 ratio claimed")
    axes.set_ylabel("log10 ratio that the labels give")
    axes.legend(fontsize=8, frameon=False)
    return _svg(figure, "pav")


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (an optional part)
    except ImportError:
        raise MissingPartError("matplotlib, which draws the plots,", "validation") from None
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    """The figure as an SVG element that is the same each time; `name` sets its identifiers apart."""
    import matplotlib as mpl  # noqa: PLC0415 (an optional part)

    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
