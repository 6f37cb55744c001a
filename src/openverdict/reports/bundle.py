"""Everything that `review --out DIR` leaves behind, written whole or not at all."""

from __future__ import annotations

import ctypes
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any

import polars as pl

from openverdict.errors import InputError
from openverdict.leads.results import Review
from openverdict.linkage import give_back
from openverdict.reports.closure import closure_html
from openverdict.reports.figures import Ring, read_outline
from openverdict.reports.lead_page import LeadPages
from openverdict.reports.printed import check_pdf, pdf
from openverdict.reports.render import DEFAULT_TITLE, render_report
from openverdict.reports.tables import cases_table, leads_table, rejects_table, safe_csv_parts

# What stands in a file: its bytes part by part, or what writes them.
Content = Iterable[bytes] | Callable[[IO[bytes]], None]
FILE_NAMES = (
    "leads.csv",
    "links.csv",
    "links.parquet",
    "cases.csv",
    "rejects.csv",
    "summary.json",
    "report.html",
)
# What some reviews leave beside them: where no group is put forward, and where PDFs were asked for.
MORE_NAMES = ("closure.html", "report.pdf", "closure.pdf", "leads")
_LEAD_FILE = re.compile(r"(?:lead|case)-\d+\.pdf")


def write_review(
    review: Review,
    out: Path,
    *,
    title: str = DEFAULT_TITLE,
    outline: Path | None = None,
    timings: bool = True,
    printed: bool = False,
    power: Mapping[str, Any] | None = None,
) -> tuple[Path, ...]:
    """Write the files of a review into the folder `out` and return their paths.

    The files are made in a hidden folder beside `out` and put in place by one rename: whoever looks finds the files of
    the run before, or all of this one. Two runs of one review give the same bytes, but for the key `timings` of
    `summary.json`; `timings=False` leaves it out. `outline` is a GeoJSON file of areas to draw on the maps. Where no group is
    put forward, a closure report is among them (`closure.html`); `power` is what it says of series planted for the purpose,
    as `read_power` gives it. `printed`: every page as PDF too, and each lead as one of its own in the folder `leads`.

    Raises:
        InputError: `out` holds files that no review wrote, or cannot be written; or the outline cannot be read.
        MissingPartError: PDFs are asked for and the extra `pdf` is not installed.
    """
    if printed:
        check_pdf()
    give_back()  # what made the review is gone by now
    rings = read_outline(outline) if outline else ()
    contents: dict[str, Content] = {
        "leads.csv": safe_csv_parts(leads_table(review)),
        "links.csv": safe_csv_parts(review.links),
        "links.parquet": review.links.write_parquet,
        "cases.csv": safe_csv_parts(cases_table(review)),
        "rejects.csv": safe_csv_parts(rejects_table(review)),
        "summary.json": [summary_json(review, timings=timings).encode()],
        "report.html": [render_report(review, title=title, outline=rings).encode()],
    }
    if not review.series_leads:
        contents["closure.html"] = [closure_html(review, title=title, power=power).encode()]
    if printed:
        contents |= _printed(review, contents, title, rings)
    try:
        target = out.resolve()
        _refuse_foreign(target, out)
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            made.mkdir()
            for name, content in contents.items():
                (made / name).parent.mkdir(exist_ok=True)
                _write(made / name, content)
            _put_in_place(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except (OSError, pl.exceptions.ComputeError) as error:
        raise InputError(f"{out}: cannot be written ({error}); name another folder") from error
    return tuple(out / name for name in contents)


def _printed(
    review: Review, pages: Mapping[str, Content], title: str, outline: Sequence[Ring]
) -> dict[str, Content]:
    """The pages as PDF, and each lead; one after the other, as they are written."""
    made: dict[str, Content] = {}
    for name, content in pages.items():
        if name.endswith(".html") and not callable(content):
            html = b"".join(content).decode()
            made[f"{name.removesuffix('.html')}.pdf"] = partial(_write_pdf, partial(str, html))
    leads = LeadPages(review, title=title, outline=outline)
    for name, lead in leads.names():
        made[f"leads/{name}.pdf"] = partial(_write_pdf, partial(leads.html, lead))
    return made


def _write_pdf(page: Callable[[], str], file: IO[bytes]) -> None:
    file.write(pdf(page()))


def summary_json(review: Review, *, timings: bool = True) -> str:
    """The summary as JSON with sorted keys; counts that the summary lacks are taken from the review."""
    n = len(review.register)
    counts: dict[str, Any] = {
        "cases": n,
        "rejected_rows": review.rejects.height,
        "pairs_total": n * (n - 1) // 2,
        "leads": len(review.leads),
        "simulated": review.register.simulated,
        "as_of": review.register.known_on,
    }
    counts.update(review.summary)
    if timings:
        counts["timings"] = dict(review.timings)
    return json.dumps(_plain(counts), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """A value as JSON holds it; a number that is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value - value != 0:
        return None
    return value


def check_folder(out: Path) -> None:
    """Refuse, before any work is done, a folder that `write_review` would refuse or could not write.

    Raises:
        InputError: `out` is a file or holds files that no review wrote, or the folder above it cannot be written.
    """
    target = out.resolve()
    _refuse_foreign(target, out)
    above = target.parent
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise InputError(f"{out}: {above.name} is a file, not a folder; name another folder")
    if not os.access(above, os.W_OK):
        raise InputError(f"{out}: cannot be written; name another folder")


def _refuse_foreign(target: Path, out: Path) -> None:
    """Refuse a folder with anything in it that is not ours: it is replaced as a whole."""
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{out}: is a file; name a folder")
    held = sorted(entry.name for entry in target.iterdir())
    foreign = [name for name in held if name not in (*FILE_NAMES, *MORE_NAMES)]
    leads = target / "leads"
    if leads.is_dir():
        foreign += [f"leads/{e.name}" for e in leads.iterdir() if not _LEAD_FILE.fullmatch(e.name)]
    if held and not foreign and not _is_review(target / "summary.json"):
        foreign = held
    if foreign:
        raise InputError(
            f"{out}: holds files that no review wrote ({', '.join(foreign[:3])});"
            " name a new folder, so that nothing of yours is replaced"
        )


def _is_review(summary: Path) -> bool:
    """Whether this is the summary that a review writes: files of the same names may be anybody's."""
    try:
        told = json.loads(summary.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and {"model_hash", "register_hash"} <= set(told)


def _write(path: Path, content: Content) -> None:
    with path.open("wb") as file:
        if callable(content):
            content(file)
        else:
            file.writelines(content)
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(made: Path, target: Path) -> None:
    """One rename; over a folder of an earlier run, one exchange of the two names."""
    if not target.exists():
        made.rename(target)
    elif not _exchange(made, target):
        # Systems without an exchange: for an instant the old files stand only beside the folder's name.
        before = made.with_name(f"{made.name}.before")
        target.rename(before)
        made.rename(target)
        shutil.rmtree(before)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step where the system can (Linux); False where it cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2 is not None and (
        renameat2(here, os.fsencode(a), here, os.fsencode(b), exchange) == 0
    )
