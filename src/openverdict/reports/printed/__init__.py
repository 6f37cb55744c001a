"""Reports on paper: the same HTML that is read on a screen, set as an accessible PDF without a network or system fonts.

What comes in: one HTML document of this room. What goes out: the bytes of its PDF, the same ones each time. No sentence stands
here: what a page says is said by the view models and the HTML templates, and this part only sets it on paper.
"""

from openverdict.reports.printed.typeset import check_pdf, pdf

__all__ = ["check_pdf", "pdf"]
