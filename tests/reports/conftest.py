"""The hand-made reviews, each made and rendered once."""

from __future__ import annotations

import pytest
from tests.reports.made_review import MADE

from openverdict.leads.results import Review
from openverdict.reports import render_report


@pytest.fixture(scope="session")
def review() -> Review:
    return MADE["full"]()


@pytest.fixture(scope="session")
def nothing() -> Review:
    return MADE["nothing"]()


@pytest.fixture(scope="session")
def html(review) -> str:
    return render_report(review)


@pytest.fixture(scope="session")
def nothing_html(nothing) -> str:
    return render_report(nothing)


@pytest.fixture(params=["full", "nothing"])
def any_html(request, html, nothing_html) -> str:
    return html if request.param == "full" else nothing_html
