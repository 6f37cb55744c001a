"""Writes a store of the present version as SQL, to be kept when it is released: python -m tests.ledger.make_released 0.1"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from openverdict.ledger.configuring import configure

configure()

from tests.ledger.conftest import KEY, Clock  # noqa: E402
from tests.ledger.decided import decide_all  # noqa: E402
from tests.ledger.filled import fill  # noqa: E402

from openverdict.ledger.store import open_store  # noqa: E402


def main(version: str) -> None:
    """Write `released/<version>.sql`."""
    environment = {"OPENVERDICT_SIGNING_KEY": KEY.secret_text()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        clock = Clock()
        with open_store(path, create=True, environment=environment, clock=clock) as store:
            fill(store)
            decide_all(store, clock)
        with closing(sqlite3.connect(path)) as connection:
            lines = list(connection.iterdump())
    says = f"-- A store as version {version} wrote it, with something of everything; every later version has to open it."
    target = Path(__file__).parent / "released" / f"{version}.sql"
    target.write_text("\n".join([says, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
