"""A review as files people read: HTML, PDF, CSV, Parquet, JSON.

What comes in: a `Review`. What goes out: the folder of `review --out`, written whole or not at all, whose report is one
file that opens offline and needs no script, and short HTML for a notebook. This room decides nothing and adds no
evidence: every number it prints stands in the review, and what is missing is said to be missing.
"""

from openverdict.reports.bundle import FILE_NAMES, MORE_NAMES, check_folder, write_review
from openverdict.reports.closure import closure_html, read_power
from openverdict.reports.index import IndexEntry, render_index, write_index
from openverdict.reports.inline import lead_html, review_html
from openverdict.reports.lead_page import LeadPages
from openverdict.reports.printed import check_pdf, pdf
from openverdict.reports.render import render_report

__all__ = [
    "FILE_NAMES",
    "MORE_NAMES",
    "IndexEntry",
    "LeadPages",
    "check_folder",
    "check_pdf",
    "closure_html",
    "lead_html",
    "pdf",
    "read_power",
    "render_index",
    "render_report",
    "review_html",
    "write_index",
    "write_review",
]
