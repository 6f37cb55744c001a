"""How long reports take as PDF: one lead, the report of a review with 300 groups put forward, and each of these leads.

    python benchmarks/printed.py        # writes results/printed.json

The review is hand-made (`tests/reports/made_review.py`): 11,000 cases, groups of four with six pairs each. Times are
processor seconds, so that other work on the machine doesn't count, but for the wall clock of all of it. A page's HTML is made
anew for each PDF and counted in.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.reports.made_review import large_review, links_of, series_of  # noqa: E402

from openverdict.leads.results import Review  # noqa: E402
from openverdict.reports import LeadPages, pdf, render_report  # noqa: E402

RESULT = Path(__file__).parent / "results" / "printed.json"
LEADS, MEMBERS = 300, 4


def many_leads() -> Review:
    base = large_review()
    ids = base.register.table.drop_nulls("found_lat").get_column("case_id")
    groups = [tuple(ids[i * 30 : i * 30 + 7 * MEMBERS : 7]) for i in range(LEADS)]
    leads = tuple(
        series_of(rank, group, 9 - rank / 60, links_of(group, 3.0, "1.2 km apart"))
        for rank, group in enumerate(groups, 1)
    )
    return replace(base, leads=leads)


def main() -> None:
    review = many_leads()
    pages = LeadPages(review)
    seconds, sizes = [], []
    wall, began = time.perf_counter(), time.process_time()
    for _, lead in pages.names():
        start = time.process_time()
        sizes.append(len(pdf(pages.html(lead))))
        seconds.append(time.process_time() - start)
    each = time.process_time() - began
    start = time.process_time()
    html = render_report(review)
    written = time.process_time() - start
    made = pdf(html)
    whole = time.process_time() - start - written
    told = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_average": round(os.getloadavg()[0], 1),
        "leads": LEADS,
        "cases": len(review.register),
        "lead_first_s": round(seconds[0], 2),
        "lead_median_s": round(statistics.median(seconds), 3),
        "lead_most_s": round(max(seconds), 2),
        "lead_bytes_median": round(statistics.median(sizes)),
        "leads_all_s": round(each, 1),
        "report_html_s": round(written, 2),
        "report_pdf_s": round(whole, 2),
        "report_pdf_bytes": len(made),
        "report_pages": made.count(b"/StructParents"),
        "wall_clock_s": round(time.perf_counter() - wall, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    RESULT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
