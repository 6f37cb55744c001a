"""From a file to a run in a real browser: with JavaScript and without, at every width, light and dark."""

from __future__ import annotations

import re

from tests.web.conftest import axe, client, unusable
from tests.web.test_intake import FOREIGN, OURS, uploaded, work_off
from tests.web.test_running import begun


def upload(page, name, data):
    page.get_by_label("Files of one register").set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": data}]
    )
    page.get_by_role("button", name="Upload").click()


def test_from_a_file_to_a_run_without_javascript(browse):
    page = browse("data_manager", java_script_enabled=False).open("/intake")
    upload(page, "export.csv", FOREIGN)
    assert "waits for the worker" in page.get_by_role("main").inner_text()
    work_off()
    page.get_by_role("link", name="Look again").click()
    page.get_by_label("Place each column").check()
    page.get_by_role("button", name="Go on to the dry run").click()
    page.get_by_label("Times are written as").select_option("%d/%m/%Y")
    page.get_by_label("Field for Remark").select_option("narrative")
    page.get_by_role("button", name="Go on to the dry run").click()
    work_off()
    page.get_by_role("link", name="Look again").click()
    assert "two rows read, two cases" in page.get_by_role("main").inner_text()
    page.get_by_role("link", name="Take in …").first.click()
    page.get_by_label("I have looked").check()
    page.get_by_role("button", name="Take in").click()
    work_off()
    page.get_by_role("link", name="Look again").click()
    assert "two new cases" in page.get_by_role("main").inner_text()
    page.get_by_role("link", name="Start a review run").click()
    page.get_by_label("Registers by which chance").fill("0")
    page.get_by_role("button", name="Start the run").click()
    work_off()
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name=re.compile("See what came of run")).click()
    assert re.match("Run [0-9]+", page.get_by_role("heading", level=1).inner_text())


def test_progress_goes_on_by_itself_and_shows_what_came_of_it(browse):
    window = browse("data_manager")
    page = window.open("/intake")
    upload(page, "new.csv", OURS)
    page.locator("#progress progress").wait_for()
    assert axe(page) == []
    work_off()
    page.get_by_text("Dry run: three rows read").wait_for()
    page.get_by_role("link", name="Throw away …").first.click()
    page.get_by_role("button", name="Throw the files away").click()
    page.get_by_text("were thrown away").wait_for()


def test_everybody_can_use_the_pages_of_intake_and_runs(browse, app):
    asking = client("data_manager")
    foreign, ours = uploaded(asking, ("export.csv", FOREIGN)), uploaded(asking, ("new.csv", OURS))
    work = begun(client("data_manager"))
    window = browse("data_manager")
    assert unusable(window, f"{foreign}/columns", ours, work) == []
    for path in (
        "/intake",
        foreign,
        f"{foreign}/mapping",
        f"{ours}/rejects",
        f"{ours}/changes",
        f"{ours}/commit",
        f"{ours}/discard",
        "/runs",
        f"{work}/stop",
    ):
        assert axe(window.open(path)) == [], path
