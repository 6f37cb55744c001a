"""docs/performance.md and its pictures, from the figures in benchmarks/results/scale.json."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

BLUE, BROWN, GREY = "#1d4f91", "#a85200", "#8a9095"
NAMES = {
    "local": "Openverdict, threads of this process",
    "local, bound off": "the same, every pair scored",
    "spark": "Openverdict on Spark, on this machine",
    "numpy": "NumPy in blocks",
    "duckdb": "DuckDB, SQL",
}
SHORT = {
    "local": "Openverdict",
    "local, bound off": "every pair scored",
    "spark": "Spark",
    "numpy": "NumPy",
    "duckdb": "DuckDB",
}


def write_page(outcome: dict[str, Any], docs: Path) -> None:
    """Write the page and its pictures into the folder of the documentation."""
    registers = [told for told in outcome["registers"].values() if "engines" in told]
    images = docs / "img"
    _rates(registers, images / "scale-rates.svg")
    _growth(outcome, images / "scale-growth.svg")
    (docs / "performance.md").write_text(page(outcome), encoding="utf-8")


def page(outcome: dict[str, Any]) -> str:
    """The page as Markdown."""
    found = outcome["machine"]
    registers = list(outcome["registers"].values())
    parts = [
        "# Performance",
        "How fast every pair of a register is compared, and a whole review. The figures come from\n"
        "`benchmarks/scale.py`, the ratios of one register from one run;\n"
        "it also wrote this page. How fast the store is stands on\n[a page of its own](reference/made.md#store-performance).",
        "```sh\npython benchmarks/scale.py\n```",
        f"Machine: {found['processor'] or 'unnamed processor'}, {found['cores']} cores, {found['memory_gb']} GB,\n"
        f"Python {found['python']}; {found['threads']} threads for every engine. Load average {found['load_average_before']:g} "
        f"before and {found.get('load_average_after', found['load_average_before']):g} after: above\n"
        "the number of threads it says that other work took part of the machine, and then ratios tell more than levels.",
        "## The registers",
        "Simulated cities 200 km apart, each with some 11,000 deaths a year over two years (`openverdict simulate`). All\n"
        "pairs of a city fall into a window of five years, so that only the distance shuts pairs out.",
        _table(
            ("cases", "cities", "made and written, s", "all pairs", "pairs in the window"),
            (
                (r["cases"], r["cities"], r["made_s"], r.get("pairs"), r.get("in_window"))
                for r in registers
            ),
        ),
        *_engines(outcome),
        *_reviews(outcome),
        *_arrival(outcome),
    ]
    return "\n\n".join(parts) + "\n"


def _engines(outcome: dict[str, Any]) -> list[str]:
    registers = [told for told in outcome["registers"].values() if "engines" in told]
    if not registers:
        return []
    job = outcome["job"]
    loads = registers[0]["ceiling"]["loads_a_pair"]
    parts = [
        "## Engines on one job",
        f"The job: pairs within five years ({job['window_days']:,} days) and {job['reach_m'] // 1000} km, "
        f"{len(job['variables'])} evidence variables\n({', '.join(job['variables'])}),\n"
        "the same integer tables (thousandths of a bit) and the same floor, a log10 ratio of "
        f"{job['floor_log10']:g}. Every engine found the same pairs with\nthe same ratios; the run stops where they differ.",
        "- *Openverdict* does more than the job: it finds the pairs above the floor among **all** pairs, those without a\n"
        "  place, far apart or long apart too. It is charged with the pairs of the window alone.\n"
        "- *Every pair scored*: the same loop with its bounds switched off, so that no pair is skipped.\n"
        "- *NumPy in blocks*: each later case against the block of earlier cases in the cubes of 50 km around it, a\n"
        "  vectorised look-up a variable and a byte of coded values.\n"
        "- *DuckDB, SQL*: what Splink generates, tuned: blocking on cubes and windows of days, lists of integers looked up on\n"
        "  each pair, the sets of each list variable numbered beforehand. Loading is not timed.",
    ]
    rows = [
        (
            f"{r['cases']:,}",
            NAMES[name],
            f"{engine['pairs_per_s'] / 1e6:.1f}",
            _seconds(engine["seconds"]),
            "" if engine["times_local"] is None else f"{engine['times_local']:.1f}",
            _million(engine["pairs_per_cpu_s"]),
            _share(engine["of_ceiling"]),
            engine["peak_mb"],
        )
        for r in registers
        for name, engine in r["engines"].items()
    ]
    head = (
        "cases", "engine", "million pairs of the window a second", "seconds, median (least–most)",
        "times slower than Openverdict", "million pairs a second of processor time", "of the ceiling", "peak memory, MB",
    )  # fmt: skip
    parts += [
        _table(head, rows),
        "Median of the rounds (their figures stand in `benchmarks/results/scale.json`), which go through\n"
        "all engines in turn, each in a process of its own after\n"
        "warming up on a small register. Peak memory is the largest resident set of that process (VmHWM), Python and the\n"
        "tables of the job in it; Spark's workers are other processes and not in it.",
        "![Million pairs of the window a second, by engine and register; grey: the ceiling](img/scale-rates.svg)",
        "### What the machine allows",
        f"One pair of this job needs {loads} loads: the earlier case's day, width, three coordinates, precision, age and\n"
        "bytes of coded values, then an entry of each table that they point to. A loop that does these loads from\n"
        "tables of the same sizes and sums them up, computing neither gap nor distance nor bound, is the ceiling:",
        _table(
            (
                "cases",
                "million pairs a second, median",
                "in each round",
                "million pairs a second of processor time",
            ),
            (
                (
                    r["cases"],
                    f"{r['ceiling']['pairs_per_s'] / 1e6:.0f}",
                    ", ".join(f"{run / 1e6:.0f}" for run in r["ceiling"]["runs"]),
                    _million(r["ceiling"]["pairs_per_cpu_s"]),
                )
                for r in registers
            ),
        ),
        _by_count(outcome, loads)
        + "The share of the ceiling is one of processor time, so that other work on the machine does not count.\n"
        "A share above 100 % is not faster than the machine: bounds skip pairs without loading them, and a pair that is\n"
        "skipped counts as compared, since it is proven to lie below the floor.",
        *_growth_words(outcome),
    ]
    return parts


def _by_count(outcome: dict[str, Any], loads: int) -> str:
    clock, threads = outcome["machine"]["clock_mhz"], outcome["machine"]["threads"]
    if clock is None:
        return ""
    return (
        f"By count alone, three loads a cycle (as current server processors can) at {clock:,.0f} MHz on {threads} threads make "
        f"{3 * clock * threads / loads:,.0f} million pairs a second.\n"
    )


def _growth_words(outcome: dict[str, Any]) -> list[str]:
    fitted = outcome.get("exponents", {})
    if not fitted:
        return []
    names = {**NAMES, "review": "a whole review without chance"}
    rows = ((names[name], f"{slope:.2f}") for name, slope in fitted.items())
    return [
        "### Cost against the number of cases",
        "Seconds grow as the number of cases to the power of:",
        _table(("", "fitted exponent"), rows),
        "Registers grow by cities, so that pairs in the window grow as the number of cases beyond the first city, and as its\n"
        "square below that.",
        "![Seconds against the number of cases, both logarithmic, by engine and for a whole review](img/scale-growth.svg)",
    ]


def _reviews(outcome: dict[str, Any]) -> list[str]:
    rows, steps = [], []
    named = [(f"{int(n):,} simulated cases", told) for n, told in outcome["registers"].items()]
    if "connecticut" in outcome:
        named.append(("Connecticut, open data", outcome["connecticut"]))
    for name, told in named:
        for key, words in (("review", "no"), ("review_with_chance", "yes")):
            if key in told:
                one = told[key]
                rows.append(
                    (
                        name,
                        words,
                        one["cases"],
                        one["wall_s"],
                        one["peak_mb"],
                        one["links"],
                        one["written_mb"],
                    )
                )
                each = ", ".join(f"{k} {v:g}" for k, v in one["seconds_by_step"].items())
                steps.append(f"- {name}{', with chance' if words == 'yes' else ''}: {each}")
    if not rows:
        return []
    head = (
        "register", "chance measured", "cases", "seconds", "peak memory, MB", "pairs in the ledger",
        "written, MB",
    )  # fmt: skip
    return [
        "## A whole review",
        "`openverdict review` from the shell, with Python's start, reading, learning, comparing, series, triage and reports.\n"
        "With chance: 99 registers without series for the simulated ones, 20 for Connecticut.",
        _table(head, rows),
        "Seconds by step:",
        "\n".join(steps),
    ]


def _arrival(outcome: dict[str, Any]) -> list[str]:
    told = outcome.get("arrival")
    if not told:
        return []
    rows = (
        (
            f"{one['prepared_cases']:,}",
            one["load_seconds"],
            f"{one['p50_ms']:.0f}",
            f"{one['p95_ms']:.0f}",
            f"{one['file_mb']:.0f}",
            one["peak_mb"],
        )
        for one in told.values()
    )
    head = (
        "cases prepared",
        "loaded, s",
        "a new case, p50, ms",
        "p95, ms",
        "file, MB",
        "memory, MB",
    )
    how = "200 held-out cases, one at a time, in one process: `python benchmarks/arrival.py`."
    return ["## A case arrives", how, _table(head, rows)]


def _million(rate: float | None) -> str | None:
    return None if rate is None else f"{rate / 1e6:.1f}"


def _share(part: float | None) -> str | None:
    return None if part is None else f"{100 * part:.0f} %"


def _seconds(runs: list[float]) -> str:
    ordered = sorted(runs)
    middle = ordered[len(ordered) // 2]
    return f"{middle:.2f} ({ordered[0]:.2f}–{ordered[-1]:.2f})"


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([_cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "not measured"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _rates(registers: list[dict[str, Any]], path: Path) -> None:
    """Rates by engine, a group of bars a register, the ceiling beside them."""
    shown = [name for name in NAMES if any(name in r["engines"] for r in registers)]
    figure = Figure(figsize=(6.4, 0.9 + 0.28 * len(shown) * max(1, len(registers))))
    axes = figure.subplots()
    labels: list[str] = []
    for r in registers:
        for name in (n for n in shown if n in r["engines"]):
            rate = r["engines"][name]["pairs_per_s"] / 1e6
            ours = name not in ("numpy", "duckdb")
            axes.barh(-len(labels), rate, color=BLUE if ours else BROWN, height=0.7)
            axes.annotate(f"{rate:.3g}", (rate, -len(labels)), (3, 0), textcoords="offset points",
                          va="center", fontsize=7)  # fmt: skip
            labels.append(f"{r['cases']:,}: {SHORT[name]}")
        limit = r["ceiling"]["pairs_per_s"] / 1e6
        ends = [0.5 - len(labels) + len([n for n in shown if n in r["engines"]]), 0.5 - len(labels)]
        axes.plot([limit, limit], ends, color=GREY, linewidth=1.2)
    axes.set_yticks([-n for n in range(len(labels))], labels, fontsize=7)
    axes.set_xlabel("million pairs of the window a second; grey: the ceiling of the machine")
    _save(figure, axes, path)


def _growth(outcome: dict[str, Any], path: Path) -> None:
    """Seconds against cases."""
    figure = Figure(figsize=(6.4, 4.2))
    axes = figure.subplots()
    curves: dict[str, list[tuple[int, float]]] = {}
    for r in outcome["registers"].values():
        for name, engine in r.get("engines", {}).items():
            ordered = sorted(engine["seconds"])
            curves.setdefault(SHORT[name], []).append((r["cases"], ordered[len(ordered) // 2]))
        if "review" in r:
            curves.setdefault("whole review", []).append((r["cases"], r["review"]["wall_s"]))
    marks = iter(("o", "s", "^", "D", "v", "P"))
    for name, points in curves.items():
        x, y = zip(*sorted(points), strict=True)
        colour = BROWN if name in ("NumPy", "DuckDB") else BLUE
        axes.plot(x, y, "-", marker=next(marks), markersize=4, color=colour, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    sizes = sorted({x for points in curves.values() for x, _ in points})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("cases")
    axes.set_ylabel("seconds")
    axes.legend(fontsize=8, frameon=False)
    _save(figure, axes, path)


def _save(figure: Figure, axes: Any, path: Path) -> None:
    """The same bytes each time; on white, so that it can be read on a dark page."""
    axes.spines[["top", "right"]].set_visible(False)
    figure.set_layout_engine("constrained")
    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
