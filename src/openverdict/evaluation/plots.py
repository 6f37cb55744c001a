"""Plots of an evaluation and of the validation report as SVG; matplotlib draws them (the extra `validation`)."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
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


def power_plot(tables: Mapping[str, Any]) -> str:
    """Share raised by each death with its interval, a panel row a setting: the model beside the oracle."""
    figure, axes = _figure(height=1.2 + 0.75 * len(tables))
    labels: list[str] = []
    for name, table in tables.items():
        for k in [k for k in ("2", "3", "4") if k in table["model"]]:
            y = -len(labels)
            labels.append(f"{name}, death {k}")
            for scorer, colour, mark in (("model", "#1d4f91", "o"), ("oracle", "#a85200", "D")):
                one = table[scorer][k]
                axes.plot(one["interval"], [y, y], color=colour, linewidth=1.2)
                label = scorer if y == 0 else None
                axes.plot(one["share"], y, mark, color=colour, markersize=4, label=label)
    axes.set_yticks([-n for n in range(len(labels))], labels, fontsize=7)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of planted series raised")
    axes.legend(fontsize=8, frameon=False)
    return _svg(figure, "power")


def alarm_rates(found: Mapping[str, Any]) -> str:
    """Measured against nominal alarms a year, any strength, with 95 % intervals."""
    figure, axes = _figure()
    rates = [row["rate"] for row in found["table"]]
    axes.plot(rates, rates, color="#8a9095", linewidth=0.8)
    for row in found["table"]:
        one = row["any_strength"]
        axes.plot([row["rate"]] * 2, one["interval"], color="#1d4f91", linewidth=1.2)
        axes.plot(row["rate"], one["measured"], "o", color="#1d4f91", markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("nominal alarms a year")
    axes.set_ylabel("measured alarms a year")
    return _svg(figure, "alarms")


def calibration_plot(found: Mapping[str, Any]) -> str:
    """By unit of log10 ratio: what the labels give, with its interval, against the mean claimed; all kinds."""
    figure, axes = _figure()
    bins = found["parts"]["all kinds"]["bins"]
    ends = [bins[0]["low"], bins[-1]["high"]] if bins else [0.0, 1.0]
    axes.plot(ends, ends, color="#8a9095", linewidth=0.8)
    for b in bins:
        axes.plot(
            [b["claimed"]] * 2,
            [b["low_observed"], b["high_observed"]],
            color="#1d4f91",
            linewidth=1.2,
        )
        axes.plot(b["claimed"], b["observed"], "o", color="#1d4f91", markersize=4)
    axes.set_xlabel("log10 ratio claimed")
    axes.set_ylabel("log10 ratio that the labels give")
    return _svg(figure, "calibration")


def _figure(height: float = 4.2) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (an optional part)
    except ImportError:
        raise MissingPartError("matplotlib, which draws the plots,", "validation") from None
    figure = Figure(figsize=(6.4, height), layout="constrained")
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
