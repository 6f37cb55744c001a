"""The app in a real browser, behind its real server: for everybody, at every width, light and dark, without JavaScript."""

from __future__ import annotations

import gzip
import re

from tests.web.conftest import PASSWORD, axe, unusable

from openverdict.web.serving import first_links

# Pages of the foundation; an area adds its own.
PAGES = ("/", "/cases", "/cases/A", "/help", "/looks", "/keys", "/health")


def test_everybody_can_come_in(browse):
    assert unusable(browse(), "/account/login", "/health") == []


def test_a_first_start_in_a_browser(empty_browse, empty_app):
    window = empty_browse()
    path = first_links(empty_app)[0][2].removeprefix(empty_app.origin)
    page = window.open(path)
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password again").fill("other")
    window.expect("status of 422")
    page.get_by_role("button").click()
    assert axe(page) == []
    assert page.evaluate("document.activeElement.className") == "errors"
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button").click()
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert "administrator" in page.get_by_role("main").inner_text()


def test_it_works_without_javascript(browse):
    page = browse("reviewer", java_script_enabled=False).open("/")
    page.get_by_role("link", name="Register", exact=True).click()
    page.get_by_role("link", name="A", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Case A"
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"


def test_keys_are_listed_and_rest_in_fields(browse):
    page = browse("reviewer").open("/cases")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    assert page.evaluate("document.activeElement.id") == "keys-title"
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id == 'main'")
    page.keyboard.press("g")
    page.wait_for_url(re.compile("/$"))
    page = browse().open("/account/login")
    page.get_by_label("User name").press("?")
    assert not page.get_by_role("dialog").is_visible()


def test_keys_can_be_changed_and_switched_off(browse):
    window = browse("reviewer")
    page = window.open("/keys")
    window.expect("status of 422")
    page.get_by_label("Go to the start page").fill("n")
    page.get_by_role("button", name="Keep these keys").click()
    assert "n is the key of" in page.get_by_role("alert").inner_text()
    page.get_by_label("Go to the start page").fill("h")
    page.get_by_role("button", name="Keep these keys").click()
    page.get_by_text("Your keys are kept.").wait_for()
    page.locator("main").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    assert "h\nGo to the start page" in dialog.inner_text()
    assert "Next" not in dialog.inner_text(), "only what this page has"
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(re.compile("/$"))
    page = window.open("/keys")
    page.get_by_label("Single keys do something").uncheck()
    page.get_by_role("button", name="Keep these keys").click()
    page.get_by_text("Your keys are kept.").wait_for()
    page.locator("main").focus()
    for key in "?h":
        page.keyboard.press(key)
    assert not page.get_by_role("dialog").is_visible()
    assert page.url.endswith("/keys")
    page = window.open("/keys")
    page.get_by_label("Single keys do something").check()
    page.get_by_label("Go back to the usual keys").check()
    page.get_by_role("button", name="Keep these keys").click()
    page.get_by_text("Your keys are kept.").wait_for()
    assert page.get_by_label("Go to the start page").input_value() == "g"


def test_a_key_never_presses_a_button(browse):
    page = browse("reviewer").open("/cases")
    page.evaluate(
        "document.querySelector('.who button').setAttribute('data-key', 'next')"  # the button that signs out
    )
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.textContent") == "Sign out"
    assert page.url.endswith("/cases")


def test_the_first_stop_of_the_tab_key_leads_to_the_content(browse):
    page = browse("reviewer").open("/cases")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_refusal_is_a_page(browse):
    window = browse("reviewer")
    window.expect("status of 403")
    page = window.open("/cases/B")
    assert "may not view" in page.get_by_role("main").inner_text()
    assert axe(page) == []


def test_the_first_page_is_light(browse):
    window = browse("reviewer")
    sizes = []
    window.page.on("response", lambda answer: sizes.append(len(gzip.compress(answer.body()))))
    window.open("/")
    window.page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < 60_000
