"""What known series taught, as the report prints it: each variable before and after, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openverdict.reports.words import counted, signed, thousands


@dataclass(frozen=True, slots=True)
class TaughtView:
    """`behind`: series and pairs it rests on; `effect`: sentences; `rows`: label, theta before and after, weight; `groups`
    of cases and their ratio without and with weights.
    """

    behind: str
    effect: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str], ...]
    groups: tuple[tuple[str, str, str], ...]


def taught_view(summary: Mapping[str, Any]) -> TaughtView | None:
    """From the key `known_series` of a review's summary; None where no known series were given."""
    told = summary.get("known_series")
    if not told:
        return None
    used = bool(told["weights_used"])
    behind = (
        f"{counted(told['groups_with_linked_pairs'], 'group')} of known series, with"
        f" {counted(told['linked_pairs'], 'linked pair')} among {thousands(told['other_pairs'])} others"
    )
    return TaughtView(
        behind,
        tuple(_effect(told, used, summary)),
        tuple(
            (
                row["label"],
                f"{row['theta_before']:.2f}",
                f"{row['theta']:.2f}",
                f"{row['weight']:.2f}" if used else "",
            )
            for row in told["variables"]
            if used or row["theta"] != row["theta_before"]
        ),
        tuple(
            (
                ", ".join(group["cases"]),
                signed(group["log10_lr_without_weights"]),
                signed(group["log10_lr_with_weights"]),
            )
            for group in told.get("strongest_groups", ())
        ),
    )


def _effect(told: Mapping[str, Any], used: bool, summary: Mapping[str, Any]) -> list[str]:
    needed = (
        f"At least {told['groups_needed']} groups with {told['linked_pairs_needed']} linked pairs"
        " are needed."
    )
    costs = ""
    if told["cllr_with_weights"] is not None:
        costs = (
            f" On series that they were not fitted on the cost of the ratios (Cllr; 0 is perfect, 1 says nothing)"
            f" is {told['cllr_without_weights']:.3f} without and {told['cllr_with_weights']:.3f} with weights."
        )
    if not used:
        why = told["weights_not_used_because"]
        return [f"The variables carry no weights: {why}. {needed}{costs}"]
    return [
        f"Each variable’s log ratio is counted as often as the known series bear out. {needed}{costs}",
        f"Pairs listed: {thousands(told['pairs_ledger_without_weights'])} without weights,"
        f" {thousands(summary['pairs_ledger'])} with them.",
    ]
