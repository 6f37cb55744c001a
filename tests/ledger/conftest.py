"""Stores for tests: every test that asks for `make_store` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.decided import decide_all
from tests.ledger.filled import fill
from tests.ledger.postgres import Cluster, find_binaries

from openverdict.ledger.configuring import configure
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
    running = Cluster.start(binaries, "fsync = off", "max_connections = 60", "max_wal_size = 128MB")
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
def filled_sqlite(sqlite_template: Path) -> Path:
    """A store with something of everything, to be copied."""
    path = sqlite_template.with_name("filled.db")
    shutil.copy(sqlite_template, path)
    _fill(str(path))
    return path


@pytest.fixture(scope="session")
def filled_postgresql(cluster: Cluster, postgresql_template: str) -> str:
    """The same as a database."""
    cluster.execute(f"CREATE DATABASE template_filled TEMPLATE {postgresql_template}")
    _fill(cluster.url("template_filled"))
    return "template_filled"


@pytest.fixture(scope="session")
def full_sqlite(filled_sqlite: Path) -> Path:
    """The same, and with something in every table of decisions; to be copied."""
    path = filled_sqlite.with_name("full.db")
    shutil.copy(filled_sqlite, path)
    _decide(str(path))
    return path


@pytest.fixture(scope="session")
def full_postgresql(cluster: Cluster, filled_postgresql: str) -> str:
    """The same as a database."""
    cluster.execute(f"CREATE DATABASE template_full TEMPLATE {filled_postgresql}")
    _decide(cluster.url("template_full"))
    return "template_full"


@pytest.fixture(scope="session")
def postgresql_template(cluster: Cluster) -> str:
    """The same as a database."""
    cluster.execute("CREATE DATABASE template_store")
    _make(cluster.url("template_store"))
    return "template_store"


def _make(url: str) -> None:
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    open_store(url, create=True, environment=environment, clock=Clock()).close()


def _fill(url: str) -> None:
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    with open_store(url, environment=environment, clock=Clock()) as store:
        fill(store)


def _decide(url: str) -> None:
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    clock = Clock()
    clock.now += timedelta(days=1)  # after all that stands
    with open_store(url, environment=environment, clock=clock) as store:
        decide_all(store, clock)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Every test that asks for a store runs on one engine and then on the other."""
    return str(request.param)


@pytest.fixture
def new_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes empty stores and gives their addresses."""
    return store_maker(request, tmp_path, f"{engine_name}_template", engine_name)


@pytest.fixture
def filled(
    engine_name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_store: Callable[..., Store],
) -> Store:
    """A store with something of everything."""
    return make_store(url=store_maker(request, tmp_path, f"filled_{engine_name}", engine_name)())


@pytest.fixture
def full(
    engine_name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_store: Callable[..., Store],
) -> Store:
    """A store in which no table is empty."""
    return make_store(url=store_maker(request, tmp_path, f"full_{engine_name}", engine_name)())


def store_maker(
    request: pytest.FixtureRequest, tmp_path: Path, template_name: str, engine_name: str
) -> Callable[[], str]:
    template = request.getfixturevalue(template_name)
    if engine_name == "sqlite":

        def copy() -> str:
            return str(shutil.copy(template, tmp_path / f"store_{next(_numbers)}.db"))

        return copy
    server: Cluster = request.getfixturevalue("cluster")

    def create() -> str:
        name = f"store_{next(_numbers)}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        # Ten megabytes each: a thousand kept until the end would fill the memory they lie in.
        request.addfinalizer(lambda: server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
        return server.url(name)

    return create


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """The address of an empty store."""
    return new_url()


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
