"""The simulator's data files, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _read(name: str) -> dict[str, Any]:
    text = files("openverdict.simulate").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def rates() -> dict[str, Any]:
    """Rates, pools and habits of the city (`data/rates.toml`)."""
    return _read("rates")


def type_entries() -> dict[str, Any]:
    """Kinds of death as they stand in `data/types.toml`, the defaults among them."""
    return _read("types")


def series_entries() -> dict[str, Any]:
    """Kinds of planted series (`data/series.toml`); a kind with a `base` takes over what it does not say."""
    entries = _read("series")
    return {
        name: {**entries.get(entry.get("base", ""), {}), **entry} for name, entry in entries.items()
    }
