"""The bit sets of `ledger.bits` as a set of derived tables: with each case they are kept by `present`, by level from here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from openverdict.ledger import bits
from openverdict.ledger.derived import PresentBits
from openverdict.ledger.models import RunEnd
from openverdict.ledger.present import PresentTables, stored


class LevelKeeper:
    """Keeps the sets by level up to date within one transaction: they are those of the last run that ended."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._ended = False

    def take(self, model: type[Any], event: int, rows: Sequence[Sequence[Any]]) -> None:
        """A run that ends."""
        self._ended = self._ended or model is RunEnd

    def gone(self, cases: Collection[str], entries: Collection[int]) -> None:
        """Levels stay; a case of which nothing is left is in no list."""

    def settle(self) -> None:
        """Make the sets anew where a run ended."""
        if self._ended:
            self._ended = False
            bits.make_levels(self._alias)


class BitTables:
    """The sets as a set of derived tables; they follow whatever the present values are made by."""

    name = "bits"
    version = 100 * PresentTables.version + 1
    models = (PresentBits,)

    def keeper(self, alias: str) -> LevelKeeper:
        """For one transaction."""
        return LevelKeeper(alias)

    def make(self, alias: str) -> None:
        """Make the sets anew from the present values."""
        bits.make(alias, _made(alias))

    def faults(self, alias: str) -> Iterator[str]:
        """Where the sets say something else than the present values; the first only."""
        yield from bits.faults(alias, _made(alias))


def _made(alias: str) -> Iterator[bits.Made]:
    return ((row, items) for _, row, items in stored(alias) if row is not None)
