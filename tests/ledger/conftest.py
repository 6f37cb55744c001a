"""Stores for tests: every test that asks for `make_store` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.postgres import Cluster, find_binaries

from openverdict.ledger.configure import configure
from openverdict.ledger.keys import SigningKey
from openverdict.ledger.store import Store, open_store

configure()  # tests import models at their top
KEY = SigningKey("openverdict/tests", bytes(range(32)))
_numbers = itertools.count(1)


class Clock:
    """A clock that a test sets; it goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the test's store."""
    return Clock()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; without its package the test is skipped, or fails where everything is required."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here: install the Debian package postgresql")
    running = Cluster.start(binaries, "fsync = off", "max_connections = 60")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied: making tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    _make(str(path))
    return path


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """The same as a database."""
    cluster.execute("CREATE DATABASE template_store")
    _make(cluster.url("template_store"))
    return "template_store"


def _make(url: str) -> None:
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    open_store(url, create=True, environment=environment, clock=Clock()).close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, on one engine and then on the other."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return str(path)
    template = request.getfixturevalue("postgresql_template")
    server: Cluster = request.getfixturevalue("cluster")
    name = f"store_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture
def make_store(url: str, clock: Clock) -> Iterator[Callable[..., Store]]:
    """Open the test's store, once or again; every one is closed at the end."""
    opened: list[Store] = []

    def make(**given: Any) -> Store:
        environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
        given = {"environment": environment, "clock": clock, **given}
        opened.append(open_store(given.pop("url", url), **given))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    """An empty store with a signing key."""
    return make_store()
