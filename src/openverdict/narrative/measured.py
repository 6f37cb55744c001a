"""How well the rules did on texts that they were not mended on: counts that come with the package, by what is suggested.

They are made by `benchmarks/narrative_held_out.py`, against the first of two readers, and are of the half of the
texts that nobody who mended rules has seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from openverdict.narrative.agreement import wilson

_GROUPS = {
    "substances_detected": "substances",
    "substances_suspected": "substances",
    "contact_channels": "channels",
    "found_place_kind": "places",
    "body_position": "positions",
}


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Of suggestions that say something as present: how many rules made (`read`), how many a reader made too (`right`).

    `missed`: those of the reader that rules had not. `low`, `high`: Wilson's 95 % interval of the share right, 0 and 1 where
    nothing was read. `what`: of which texts, in words.
    """

    read: int
    right: int
    missed: int
    low: float
    high: float
    what: str


def held_out(field: str, value: str) -> HeldOut | None:
    """The measurement of one indicator, or of a kind (substances, channels …) as a whole; None of what was not measured."""
    told = _told()
    group = _GROUPS.get(field)
    key = f"indicators.{value}" if field == "indicators" else group
    if key is None or key not in told["counts"]:
        return None
    right, wrong, missed = told["counts"][key]
    low, high = wilson(right, right + wrong)
    kind = "" if group is None else f"{group} of any name, in "
    what = f"{kind}{told['texts']} texts written for the purpose"
    return HeldOut(right + wrong, right, missed, low, high, what)


@cache
def _told() -> dict[str, Any]:
    text = files("openverdict.narrative").joinpath("data/held_out.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
