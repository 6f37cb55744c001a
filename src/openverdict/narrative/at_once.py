"""Many suggestions made facts without being read one by one: under a stated policy, or by one person for a whole rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from openverdict.errors import InputError
from openverdict.intake.sheet import nearest
from openverdict.narrative.policy import Measured, SuggestionPolicy, measure

SPAN = "{span}"
LEAST_DECIDED = (
    10  # of a rule's suggestions, one by one, before a person may take the rest of them together
)
Row = dict[str, str | None]


@dataclass(frozen=True)
class By:
    """Who makes a fact of a row, when, and its source, in which SPAN stands for the characters."""

    author: str
    moment: datetime
    source: str


class Undecided(Protocol):
    """What says of rows that nobody decided which become facts, and by whom."""

    def why_left(self, row: Row) -> str | None:
        """Why a row stays undecided; None where it becomes a fact."""

    def by(self, row: Row) -> By:
        """Who makes a fact of it."""


@dataclass(frozen=True)
class Stated:
    """A policy with what was measured, and the time at which it is applied."""

    policy: SuggestionPolicy
    measured: Measured
    at: datetime

    def why_left(self, row: Row) -> str | None:
        """Why the policy does not admit it."""
        rule, version, name = row["rule"] or "", row["version"] or "", row["field"] or ""
        return self.policy.why_not(rule, version, name, self.measured)

    def by(self, row: Row) -> By:
        """The policy itself, with the rate that it went by."""
        rule, version = row["rule"] or "", row["version"] or ""
        source = self.policy.source(rule, version, *self.measured[rule, version])
        return By(self.policy.author, self.at, f"{source}, narrative {SPAN}")


@dataclass(frozen=True)
class Together:
    """All suggestions of a rule that nobody decided, accepted by one person at once, with its rate before them."""

    rule: str
    version: str
    reviewer: str
    at: datetime
    decided: int
    accepted: int

    def why_left(self, row: Row) -> str | None:
        """Of another rule, or another version of it."""
        same = (row["rule"], row["version"]) == (self.rule, self.version)
        return None if same else "of another rule"

    def by(self, row: Row) -> By:
        """The person, with that it was not read by itself."""
        return By(
            self.reviewer,
            self.at,
            f"narrative {SPAN}, rule {row['rule']}, version {row['version']}, accepted together with others of its rule "
            f"({self.accepted} of {self.decided} before)",
        )


def rule_to_accept(
    rule: str, reviewed: Sequence[pl.DataFrame], *, reviewer: str, at: datetime
) -> tuple[Together, int]:
    """What accepts the undecided suggestions of a rule together, and how many the first of the files has.

    Raises:
        InputError: the file holds no such rule, several versions or nothing undecided of it, or too few were decided.
    """
    rows = reviewed[0].filter(pl.col("rule") == rule)
    if rows.is_empty():
        names = reviewed[0].get_column("rule").drop_nulls().unique().sort().to_list()
        raise InputError(f"rule {rule!r}: the file has no suggestion of it; {nearest(rule, names)}")
    versions = rows.get_column("version").unique().to_list()
    if len(versions) > 1:
        raise InputError(
            f"rule {rule!r}: the file has suggestions of {len(versions)} versions of it; run `openverdict suggest` again"
        )
    left = rows.filter(pl.col("accepted").fill_null("").str.strip_chars() == "").height
    decided, accepted = measure(reviewed).get((rule, versions[0] or ""), (0, 0))
    if not left:
        raise InputError(f"rule {rule!r}: every suggestion of it is decided already")
    if decided < LEAST_DECIDED:
        raise InputError(
            f"rule {rule!r}: {decided} of its suggestions decided one by one; decide at least {LEAST_DECIDED}, so that "
            "something is known of it"
        )
    return Together(rule, versions[0] or "", reviewer, at, decided, accepted), left
