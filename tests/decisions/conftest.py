"""Stores for tests of decisions: those of the record's own tests, on both engines."""

from __future__ import annotations

import pytest
from tests.decisions.acts import Acts
from tests.ledger.conftest import (
    clock,
    cluster,
    engine_name,
    filled,
    filled_postgresql,
    filled_sqlite,
    make_store,
    new_url,
    postgresql_template,
    sqlite_template,
    store,
    url,
)

__all__ = [
    "clock",
    "cluster",
    "engine_name",
    "filled",
    "filled_postgresql",
    "filled_sqlite",
    "make_store",
    "new_url",
    "postgresql_template",
    "sqlite_template",
    "store",
    "url",
]


@pytest.fixture
def acts(filled) -> Acts:
    """What people do, in a store with something of everything."""
    made = Acts(filled)
    made.strengthen("A", "B", 3.5)
    return made
