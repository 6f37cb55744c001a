"""The app for tests: a person for each role, a client and a browser signed in as any of them, and a server that listens."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.decisions.trials import furnish
from tests.ledger.conftest import (
    KEY,
    Clock,
    cluster,
    filled_postgresql,
    filled_sqlite,
    postgresql_template,
    sqlite_template,
)

from openverdict.decisions.roles import Role
from openverdict.ledger.models import LeadCase
from openverdict.ledger.store import Store, open_store
from openverdict.web import appdb
from openverdict.web.running import Options, Running, start, stop
from openverdict.web.serving import server_of
from openverdict.web.signing_in import set_password

__all__ = [
    "cluster",
    "filled_postgresql",
    "filled_sqlite",
    "postgresql_template",
    "sqlite_template",
]
PASSWORD = "correct horse battery staple"
ENVIRONMENT = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text(), appdb.SECRET: "s" * appdb.SECRET_CHARS}
BACKEND = "openverdict.web.signing_in.RecordBackend"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def app_template(filled_sqlite: Path, empty_template: Path) -> Path:
    """A furnished house (`tests.decisions.trials`: case A is everybody's, D nobody's, B restricted), and the app's database."""
    path = filled_sqlite.with_name("house.db")
    shutil.copy(filled_sqlite, path)
    shutil.copy(empty_template.with_name("cases-app.db"), path.with_name("house-app.db"))
    with open_store(str(path), environment=ENVIRONMENT, clock=Clock()) as store:
        furnish(store)
    with start(str(path), environment=ENVIRONMENT):
        for role in Role:
            set_password(role.value, PASSWORD)
    return path


@pytest.fixture
def app(app_template: Path, tmp_path: Path) -> Iterator[Running]:
    """The app on a furnished house; everybody has `PASSWORD`."""
    for path in (app_template, app_template.with_name("house-app.db")):
        shutil.copy(path, tmp_path / path.name)
    yield start(str(tmp_path / app_template.name), environment=ENVIRONMENT)
    stop()


@pytest.fixture(scope="session")
def empty_template(sqlite_template: Path) -> Path:
    """The app's database as a first start makes it, to be copied: making its tables takes seconds."""
    path = sqlite_template.with_name("cases.db")
    shutil.copy(sqlite_template, path)
    start(str(path), environment=ENVIRONMENT)
    stop()
    return path


@pytest.fixture
def empty_app(empty_template: Path, tmp_path: Path) -> Iterator[Running]:
    """The app on an empty store that nobody has an account in."""
    path = tmp_path / "cases.db"
    for name in ("cases.db", "cases-app.db"):
        shutil.copy(empty_template.with_name(name), tmp_path / name)
    yield start(str(path), environment=ENVIRONMENT)
    stop()


def client(name: str | None = None, *, fresh: bool = False, **more: Any) -> Any:
    """Django's test client, signed in as this person; `fresh`: who has just said again who they are."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    made = Client(SERVER_NAME="localhost", **more)
    if name is not None:
        user, _ = get_user_model().objects.get_or_create(username=name)
        made.force_login(user, backend=BACKEND)
    if fresh:
        made.post("/account/again", {"password": PASSWORD})
    return made


def lead_of(store: Store, *cases: str) -> int:
    """The number of the lead of these cases and no others."""
    held: dict[int, set[str]] = {}
    for lead, case in store.rows(LeadCase).values_list("lead_id", "case_id"):
        held.setdefault(int(lead), set()).add(case)
    (number,) = (lead for lead, found in held.items() if found == set(cases))
    return number


@pytest.fixture
def as_role(app: Running) -> Callable[[str], Any]:
    """A client signed in as the person of a role: `as_role("reviewer").get("/cases")`."""
    return client


@pytest.fixture
def live(app: Running) -> Iterator[str]:
    """The app behind its real server; its origin."""
    yield from _served(app)


@pytest.fixture
def empty_live(empty_app: Running) -> Iterator[str]:
    """The same on an empty store."""
    yield from _served(empty_app)


def _served(running: Running) -> Iterator[str]:
    from waitress import wasyncore

    server = server_of(running, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
    thread.join(30)
    server.task_dispatcher.shutdown()
    server.trigger.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium here: install the Debian package chromium")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread; nothing here runs in it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            yield running
            running.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Watched:
    """A browser's window whose errors, policy violations and requests to other hosts are written down."""

    origin: str
    context: Any
    page: Any
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """Go to an address of the app; the page."""
        self.page.goto(f"{self.origin}{path}")
        return self.page

    def expect(self, words: str) -> None:
        """Let a fault that holds these words pass: for pages that are wrong on purpose."""
        self.expected.append(words)

    def left(self) -> list[str]:
        """The faults that nobody expected."""
        return [each for each in self.faults if not any(words in each for words in self.expected)]


@pytest.fixture
def browse(browser: Any, live: str) -> Iterator[Callable[..., Watched]]:
    """Open windows: `browse("reviewer").open("/cases")`. At the end, none may have a fault."""
    yield from windows(browser, live)


@pytest.fixture
def empty_browse(browser: Any, empty_live: str) -> Iterator[Callable[..., Watched]]:
    """The same on an empty store."""
    yield from windows(browser, empty_live)


def windows(browser: Any, origin: str) -> Iterator[Callable[..., Watched]]:
    opened: list[Watched] = []

    def window(
        name: str | None = None, *, width: int = 1440, fresh: bool = False, **more: Any
    ) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": 900}, **more)
        if name is not None:
            context.add_cookies(
                [
                    {"name": key, "value": value.value, "url": origin}
                    for key, value in client(name, fresh=fresh).cookies.items()
                ]
            )
        found = Watched(origin, context, context.new_page())
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('CSP violation: ' + e.violatedDirective))"
        )
        context.on("request", lambda request: _elsewhere(found, request.url))
        found.page.on(
            "console",
            lambda said: (
                found.faults.append(f"console: {said.text} {said.location.get('url', '')}")
                if said.type == "error"
                else None
            ),
        )
        found.page.on("pageerror", lambda error: found.faults.append(f"error: {error}"))
        opened.append(found)
        return found

    yield window
    for each in opened:
        each.context.close()
    assert [fault for each in opened for fault in each.left()] == []


def _elsewhere(found: Watched, url: str) -> None:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("data", "blob", "about")
        and f"{parts.scheme}://{parts.netloc}" != found.origin
    ):
        found.faults.append(f"request elsewhere: {url}")


def axe(page: Any, *rules: str) -> list[str]:
    """What axe-core finds wrong with a page, by these rules or all, a line each; nothing, for a page that everybody can use."""
    from axe_playwright_python.sync_playwright import Axe

    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    only = {"runOnly": list(rules)} if rules else {}
    found = page.evaluate(
        "asked => axe.run(document, asked).then(found => found.violations)",
        {"resultTypes": ["violations"], **only},
    )
    return [
        f"{each['id']}: {node['target']}: {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


WIDTHS = (360, 768, 1440)
# Tables of pages, of which one sees a part at a time; those within a report are laid out for paper.
CUT = (
    "[...document.querySelectorAll('.scroll:not([aria-label=\"The report\"]):has(table)')]"
    ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 80))"
)


def unusable(window: Watched, *paths: str) -> list[str]:
    """What is wrong with pages at every width, light and dark: what axe finds, and pages wider than the screen."""
    found = []
    for path in paths:
        page = window.open(path)
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                where = f"{path} at {width}, {colours}"
                # In the dark, a page is as it was but for its colours.
                rules = () if colours == "light" else ("color-contrast",)
                found += [f"{where}: {fault}" for fault in axe(page, *rules)]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{where}: is wider than the screen")
                if width == min(WIDTHS) and colours == "light":
                    found += [f"{where}: cuts {table}" for table in page.evaluate(CUT)]
    return found


__all__ += ["ENVIRONMENT", "PASSWORD", "Options", "Watched", "axe", "client", "lead_of", "unusable"]
