"""The demo: the nameless worked example inside a simulated city, reviewed as of four dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from openverdict.errors import InputError
from openverdict.leads import Review, Settings, review
from openverdict.reports import IndexEntry, check_folder, write_index, write_review
from openverdict.reports.words import rate
from openverdict.simulate import DEMO_DATES, demo_register

Watch = tuple[tuple[str, str], ...]

# The pairs that the example asks about on each date, shown as they come out, however weak.
WATCHED: dict[date, Watch] = dict(
    zip(
        DEMO_DATES,
        (
            (("I1", "A"), ("I2", "A")),
            (("A", "B"),),
            (("B", "C"), ("A", "B"), ("A", "C")),
            (("B", "D"), ("C", "D"), ("A", "D")),
        ),
        strict=True,
    )
)
# The day on which one ordinary enquiry (where had B been staying?) would have told more.
ENQUIRY_DAY = DEMO_DATES[1]
TITLE = "Worked example in a simulated city"


def run_demo(
    out: Path,
    seed: int,
    deaths_a_year: int | None,
    null_registers: int,
    tell: Callable[[str, float], None],
) -> Path:
    """Write one review a date, one more with the enquiry made, and an index; return the index.

    Raises:
        InputError: `out` holds files that no demo wrote, or cannot be written.
    """
    check_demo_folder(out)
    entries = []
    for number, (name, (day, enquiry)) in enumerate(_looks().items(), start=1):

        def step(what: str, share: float, number: int = number) -> None:
            tell(f"look {number} of {len(_looks())}: {what}", share)

        register = demo_register(seed, enquiry=enquiry, cases_a_year=deaths_a_year).as_of(day)
        settings = Settings(replicates=null_registers, seed=seed, watch=WATCHED[day])
        result = review(register, settings, progress=step)
        write_review(result, out / name, title=f"{TITLE}, as of {day}", timings=False)
        entries.append(IndexEntry(f"{name}/report.html", _headline(day, enquiry), _lines(result)))
    return write_index(out, TITLE, entries)


def _looks() -> dict[str, tuple[date, bool]]:
    """Name of the folder to (day, with the enquiry made), in their order."""
    looks = sorted([(day, False) for day in DEMO_DATES] + [(ENQUIRY_DAY, True)])
    return {f"{day}{'-with-the-enquiry' if made else ''}": (day, made) for day, made in looks}


def check_demo_folder(out: Path) -> None:
    """Refuse a folder that holds anything but what a demo writes.

    Raises:
        InputError: it does, or it is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; name a folder")
    looks, page = _looks(), out / "index.html"
    held = sorted(entry.name for entry in out.iterdir()) if out.exists() else []
    foreign = [name for name in held if name not in (*looks, page.name)]
    if page.exists() and f"<title>{TITLE}</title>".encode() not in page.read_bytes():
        foreign.append(page.name)
    if foreign:
        raise InputError(
            f"{out}: holds files that no demo wrote ({', '.join(foreign[:3])});"
            " name a new folder, so that nothing of yours is replaced"
        )
    for name in looks:
        check_folder(out / name)


def _headline(day: date, enquiry: bool) -> str:
    made = ", with one ordinary enquiry made: where had B been staying?" if enquiry else ""
    return f"What was known on {day}{made}"


def _lines(result: Review) -> tuple[str, ...]:
    """What came out, in a few lines, as it came out."""
    s = result.summary
    lines = [
        f"{s['cases']:,} cases; {s['pairs_total']:,} pairs compared; {s['leads_series']:,} groups of similar cases "
        f"within the budget of {s['budget_per_year']:g} a year by chance."
    ]
    example = {"A", "B", "C", "D", "I1", "I2"}
    lines += [
        f"Lead {lead.rank}: {', '.join(lead.cases)}; log10 likelihood ratio {lead.log10_lr:.1f}; "
        f"by chance alone {rate(lead.chance_per_year)}."
        for lead in result.series_leads
        if example & set(lead.cases)
    ]
    for link in result.watched:
        if example & {link.case_a, link.case_b}:
            rank = f"rank {link.rank:,} of all pairs" if link.rank else "below the ledger's floor"
            must = "; one names the other, so a person must consider it" if link.mandatory else ""
            lines.append(
                f"{link.case_a} and {link.case_b}: log10 likelihood ratio {link.log10_lr:.1f}, {rank}, "
                f"by chance alone {rate(link.chance_per_year)}{must}."
            )
    alone = [t for t in result.triage if t.case_id in example - {"I1", "I2"}]
    return (*lines, *(f"{t.case_id} alone: level {t.level} of 4." for t in alone))
