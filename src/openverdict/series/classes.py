"""Classes of groups: chance is measured among a group's like, and a budget is shared out between the classes.

Groups that a person or an identifier in common carries are far more frequent by chance than others, and pairs of non-fatal
incidents crowd together: measured in one heap they would drown the deaths. A class is a small label; what it means is
said here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEATHS, DEATHS_KEY = "deaths", "deaths_key"
INCIDENT, INCIDENT_KEY = "incident", "incident_key"
# Which part of a budget each class has: three quarters to deaths alone, a quarter to groups with an incident. Incidents that a
# key ties to a death are what a review looks for in them, so there the key has the larger part.
WEIGHTS = {DEATHS: 1 / 2, DEATHS_KEY: 1 / 4, INCIDENT: 1 / 12, INCIDENT_KEY: 1 / 6}
KEYED, PLAIN = "keyed", "plain"
# A class with fewer null leads than this cannot be measured by itself: it goes together with the one most like it.
FEWEST = 10
POOLS = {KEYED: (DEATHS_KEY, INCIDENT_KEY), PLAIN: (DEATHS, INCIDENT)}
WORDS = {
    KEYED: "groups of deaths or incidents that a person or an identifier in common carries",
    PLAIN: "groups of deaths or incidents that no person or identifier in common carries",
    DEATHS: "groups of deaths that no person or identifier in common carries",
    DEATHS_KEY: "groups of deaths that a person or an identifier in common carries",
    INCIDENT: "groups with a non-fatal incident that no person or identifier in common carries",
    INCIDENT_KEY: "groups with a non-fatal incident that a person or an identifier in common carries",
}


@dataclass(frozen=True)
class Classes:
    """The classes that occur in one register, and which of them a group is in.

    `incidents`: numbers of the cases that are non-fatal incidents; `weights`: label and part of the budget of each class
    that can occur; the parts sum to 1.
    """

    incidents: frozenset[int] = frozenset()
    weights: tuple[tuple[str, float], ...] = ((DEATHS, 1.0),)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that can occur."""
        return tuple(label for label, _ in self.weights)

    def of(self, members: Iterable[int], *, by_key: bool) -> str:
        """The class of a group of case numbers; `by_key`: a person or an identifier in common carries it.

        Where a register has no class of the kind, for want of keys or incidents, the nearest that it has.
        """
        label = INCIDENT if not self.incidents.isdisjoint(members) else DEATHS
        keyed = {DEATHS: DEATHS_KEY, INCIDENT: INCIDENT_KEY}[label] if by_key else label
        found = (keyed, *(pool for pool, held in POOLS.items() if keyed in held), label)
        return next(name for name in (*found, *self.labels) if name in self.labels)

    def pooled(self, leads: Mapping[str, int]) -> Classes:
        """The classes with those put together that have fewer than FEWEST null leads.

        `leads`: how many null leads each class has. Where null registers hold next to none of a class, a rate within it would
        rest on what is believed beforehand; among its like it rests on what was seen.
        """
        weights = dict(self.weights)
        for pool, held in POOLS.items():
            few = any(leads.get(label, 0) < FEWEST for label in held)
            if few and all(label in weights for label in held):
                weights[pool] = sum(weights.pop(label) for label in held)
        return Classes(self.incidents, tuple(weights.items()))

    def weight(self, label: str) -> float:
        """The part of a budget that a class has."""
        return dict(self.weights)[label]


def classes_of(incidents: Iterable[int], deaths: int, *, keyed: bool) -> Classes:
    """The classes of a register: `incidents` by case number, how many `deaths`, and whether any case has a key.

    The stated weights of the classes that can occur, scaled to sum to 1. A group has two cases or more.
    """
    held = frozenset(incidents)
    possible = []
    if deaths >= 2 or not held:
        possible += [DEATHS, DEATHS_KEY] if keyed else [DEATHS]
    if held:
        possible += [INCIDENT, INCIDENT_KEY] if keyed else [INCIDENT]
    total = sum(WEIGHTS[label] for label in possible)
    return Classes(held, tuple((label, WEIGHTS[label] / total) for label in possible))
