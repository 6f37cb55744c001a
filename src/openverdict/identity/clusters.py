"""Links to identities: connected records, checked so that no chain brings two together that contradict each other.

If A is like B and B like C, a union puts A and C together although nobody compared them. Here every pair within a connected
component is looked at; where two records contradict, links are taken in order of strength and one that would bring the two
together is set aside and told of. A record that fits two persons who are not the same belongs, until a person decides, to
neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

CLEARLY = (
    7.0  # bits by which one link must be stronger for a record that fits two contradicting ones
)
MOST_TOGETHER = (
    300  # records of a component in which contradictions are known; beyond it links stay in pairs
)
UNCHECKED = "unchecked"


class Link(NamedTuple):
    """Two records, `a < b`, that are taken to be of one person: by a person who accepted it, or by the threshold."""

    a: str
    b: str
    weight: float
    probability: float
    accepted: bool = False


@dataclass(frozen=True)
class SetAside:
    """A link that was not followed, and the two records that it would have brought together against what they say."""

    link: Link
    one: str
    other: str
    why: str


@dataclass(frozen=True)
class Identity:
    """One person as far as the records tell: its records, sorted, and the links that hold them together."""

    records: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def accepted(self) -> bool:
        """Whether people have accepted every link that holds it together."""
        return bool(self.links) and all(link.accepted for link in self.links)

    @property
    def probability(self) -> float:
        """The lowest probability among the links that nobody has decided on; 1 where there are none."""
        return min((link.probability for link in self.links if not link.accepted), default=1.0)


@dataclass(frozen=True)
class Clusters:
    """Identities of two records and more, by their first record, and the links set aside."""

    identities: tuple[Identity, ...]
    set_aside: tuple[SetAside, ...]


Pair = tuple[str, str]


def cluster(links: Iterable[Link], contradictions: Mapping[Pair, str]) -> Clusters:
    """Identities that hold no contradiction but between records whose link a person accepted.

    `contradictions`: pairs (a < b) to why they are two persons; a pair of a component beyond `MOST_TOGETHER` has `UNCHECKED`
    unless it is linked. The result depends on no order of the links.
    """
    all_links = sorted(links, key=_strength)
    made = _Builder(contradictions, {(x.a, x.b) for x in all_links if x.accepted})
    groups = components((link.a, link.b) for link in all_links)
    within: dict[str, list[Link]] = defaultdict(list)
    group_of = {record: group[0] for group in groups for record in group}
    for link in all_links:
        within[group_of[link.a]].append(link)
    for group in groups:
        made.add(group, within[group[0]])
    identities = sorted(made.identities, key=lambda identity: identity.records)
    return Clusters(
        tuple(identities), tuple(sorted(made.set_aside, key=lambda s: (s.link.a, s.link.b)))
    )


def components(pairs: Iterable[Pair]) -> list[tuple[str, ...]]:
    """Connected records, each component sorted, in the order of their first ones."""
    sets = _Sets()
    for a, b in pairs:
        sets.join(a, b)
    groups: dict[str, list[str]] = defaultdict(list)
    for record in sets.parent:
        groups[sets.find(record)].append(record)
    return sorted(tuple(sorted(group)) for group in groups.values())


def ordered(a: str, b: str) -> Pair:
    """A pair, the smaller first."""
    return (a, b) if a < b else (b, a)


def _strength(link: Link) -> tuple[bool, float, str, str]:
    return (not link.accepted, -link.weight, link.a, link.b)


class _Sets:
    """Disjoint sets of records."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def find(self, record: str) -> str:
        root = self.parent.setdefault(record, record)
        while self.parent[root] != root:
            self.parent[root] = self.parent[self.parent[root]]
            root = self.parent[root]
        self.parent[record] = root
        return root

    def join(self, a: str, b: str) -> None:
        a, b = ordered(self.find(a), self.find(b))
        self.parent[b] = a


class _Builder:
    """Identities of one component after the other."""

    def __init__(self, contradictions: Mapping[Pair, str], borne_out: set[Pair]) -> None:
        self.contradictions = contradictions
        self.borne_out = borne_out
        self.identities: list[Identity] = []
        self.set_aside: list[SetAside] = []

    def why(self, a: str, b: str) -> str | None:
        """Why two records are two persons, if so; what a person accepted is borne out."""
        pair = ordered(a, b)
        return None if pair in self.borne_out else self.contradictions.get(pair)

    def add(self, group: tuple[str, ...], links: list[Link]) -> None:
        """Take in one component; `links` the strongest first."""
        large = len(group) > MOST_TOGETHER
        kept = links if large else [x for x in links if x.accepted or not self._fits_two(x, links)]
        members = {record: [record] for record in group}
        held: dict[str, list[Link]] = {record: [] for record in group}
        root = {record: record for record in group}
        for link in kept:
            a, b = root[link.a], root[link.b]
            if a == b:
                continue
            clash = self._clash(members[a], members[b], link, large)
            if clash is not None:
                self.set_aside.append(SetAside(link, *clash))
                continue
            if len(members[a]) < len(members[b]):
                a, b = b, a
            for record in members[b]:
                root[record] = a
            members[a] += members.pop(b)
            held[a] += [*held.pop(b), link]
        for key, records in members.items():
            if len(records) > 1:
                self.identities.append(Identity(tuple(sorted(records)), tuple(sorted(held[key]))))

    def _clash(
        self, one: list[str], other: list[str], link: Link, large: bool
    ) -> tuple[str, str, str] | None:
        """The first two records, one on each side, that cannot be one person."""
        for a in sorted(one):
            for b in sorted(other):
                pair, why = ordered(a, b), self.why(a, b)
                if (
                    why is None
                    and large
                    and pair != (link.a, link.b)
                    and pair not in self.borne_out
                ):
                    why = UNCHECKED
                if why is not None:
                    return a, b, why
        return None

    def _fits_two(self, link: Link, links: list[Link]) -> bool:
        """Whether one end of a link is linked about as well to somebody who contradicts the other end; told of if so."""
        for record, friend in ((link.a, link.b), (link.b, link.a)):
            for rival_link in links:
                if record not in (rival_link.a, rival_link.b) or rival_link == link:
                    continue
                rival = rival_link.b if rival_link.a == record else rival_link.a
                why = self.why(friend, rival)
                if why is not None and (
                    rival_link.accepted or rival_link.weight > link.weight - CLEARLY
                ):
                    self.set_aside.append(SetAside(link, *ordered(friend, rival), why))
                    return True
        return False
