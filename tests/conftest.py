"""What every test may ask for: the real registers, and the rule that in CI nothing passes by being skipped."""

from __future__ import annotations

import functools
import os
from collections.abc import Generator
from pathlib import Path

import pytest
import typer.testing
from hypothesis import settings
from tests import memory

from openverdict.web.settings import configure_app

# One process, one Django: for the app, which brings the record's tables along. Stores don't notice.
configure_app()

ROOT = Path(__file__).parents[1]
REQUIRE_ALL = bool(os.environ.get("OPENVERDICT_REQUIRE_ALL"))

# The program's hundred commands are made once, not for every call: that takes longer than most commands do.
typer.testing._get_command = functools.cache(typer.testing._get_command)  # type: ignore[attr-defined]

# What tests write lies in memory; pytest removes what a passed test wrote (`tmp_path_retention_policy`).
if (_memory := memory.folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_memory))

# No deadline: a busy machine is no fault. In CI the same examples are drawn every time; elsewhere new ones.
settings.register_profile("house", deadline=None, derandomize=REQUIRE_ALL, print_blob=True)
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real registers: OPENVERDICT_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("OPENVERDICT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: set OPENVERDICT_DATA to the folder of real registers")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With OPENVERDICT_REQUIRE_ALL, a test that would skip fails and says why."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but OPENVERDICT_REQUIRE_ALL is set: {_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that would skip (importorskip)."""
    report = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, but OPENVERDICT_REQUIRE_ALL is set: {_reason(report.longrepr)}"
    return report


def _reason(longrepr: object) -> str:
    return longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
