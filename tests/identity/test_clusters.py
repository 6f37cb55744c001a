"""Links to identities: connected components, and what is done where records contradict."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from openverdict.identity import Link, cluster
from openverdict.identity.clusters import MOST_TOGETHER, UNCHECKED, components

RECORDS = [f"{k:02d}" for k in range(12)]
PAIRS = list(combinations(RECORDS, 2))
LINKS = st.lists(
    st.builds(
        lambda pair, weight, accepted: Link(pair[0], pair[1], weight, 0.99, accepted),
        st.sampled_from(PAIRS),
        st.floats(5, 50),
        st.booleans(),
    ),
    unique_by=lambda link: (link.a, link.b),
    max_size=25,
)
CONTRADICTIONS = st.dictionaries(
    st.sampled_from(PAIRS), st.sampled_from(["birth_differs", "number_differs"]), max_size=15
)


def _link(a, b, weight=20.0, accepted=False):
    return Link(a, b, weight, 0.999, accepted)


def _groups(found):
    return [identity.records for identity in found.identities]


@given(links=LINKS)
def test_without_contradictions_identities_are_the_connected_components(links):
    graph = nx.Graph([(link.a, link.b) for link in links])
    expected = sorted(tuple(sorted(group)) for group in nx.connected_components(graph))
    found = cluster(links, {})
    assert _groups(found) == expected
    assert components((link.a, link.b) for link in links) == expected
    assert found.set_aside == ()


@given(links=LINKS, contradictions=CONTRADICTIONS)
def test_no_identity_holds_a_contradiction_that_nobody_accepted(links, contradictions):
    accepted = {(link.a, link.b) for link in links if link.accepted}
    for identity in cluster(links, contradictions).identities:
        inside = set(combinations(identity.records, 2))
        assert inside & set(contradictions) <= accepted


@given(links=LINKS, contradictions=CONTRADICTIONS)
def test_every_link_is_followed_or_set_aside_and_told_of(links, contradictions):
    found = cluster(links, contradictions)
    where = {
        record: k for k, identity in enumerate(found.identities) for record in identity.records
    }
    aside = {(s.link.a, s.link.b) for s in found.set_aside}
    for link in links:
        together = link.a in where and where.get(link.a) == where.get(link.b)
        assert together or (link.a, link.b) in aside


@given(links=LINKS, contradictions=CONTRADICTIONS, seed=st.integers(0, 99))
def test_the_order_of_the_links_changes_nothing(links, contradictions, seed):
    mixed = random.Random(seed).sample(links, len(links))
    assert cluster(mixed, contradictions) == cluster(links, contradictions)


@given(links=LINKS)
def test_an_identity_is_held_together_by_as_many_links_as_it_needs(links):
    for identity in cluster(links, {}).identities:
        tree = nx.Graph([(link.a, link.b) for link in identity.links])
        assert nx.is_tree(tree)
        assert set(tree) == set(identity.records)


def test_a_record_that_fits_two_persons_belongs_to_neither():
    """Father and son of one name at one address, and a record without a date of birth."""
    links = [_link("father", "undated", 20), _link("son", "undated", 18)]
    found = cluster(links, {("father", "son"): "birth_differs"})
    assert _groups(found) == []
    assert {(s.one, s.other, s.why) for s in found.set_aside} == {
        ("father", "son", "birth_differs")
    }


def test_a_record_that_clearly_fits_one_of_two_goes_there():
    links = [_link("father", "undated", 30), _link("son", "undated", 12)]
    found = cluster(links, {("father", "son"): "birth_differs"})
    assert _groups(found) == [("father", "undated")]
    assert [(s.link.a, s.link.b) for s in found.set_aside] == [("son", "undated")]


def test_a_longer_chain_is_cut_at_its_weakest_link():
    links = [_link("a", "b", 30), _link("b", "c", 11), _link("c", "d", 30)]
    found = cluster(links, {("a", "d"): "number_differs"})
    assert _groups(found) == [("a", "b"), ("c", "d")]
    assert [(s.link.a, s.link.b, s.one, s.other) for s in found.set_aside] == [("b", "c", "a", "d")]


def test_a_person_may_join_what_the_records_contradict():
    links = [_link("a", "b", accepted=True), _link("b", "c")]
    contradictions = {("a", "b"): "birth_differs"}
    assert _groups(cluster(links, contradictions)) == [("a", "b", "c")]


def test_two_acceptances_that_chain_over_a_contradiction_are_not_joined_in_silence():
    links = [_link("a", "b", 30, True), _link("b", "c", 20, True)]
    found = cluster(links, {("a", "c"): "birth_differs"})
    assert _groups(found) == [("a", "b")]
    assert [(s.link.b, s.one, s.other) for s in found.set_aside] == [("c", "a", "c")]
    accepted_too = [*links, _link("a", "c", 5, True)]
    assert _groups(cluster(accepted_too, {("a", "c"): "birth_differs"})) == [("a", "b", "c")]


def test_an_accepted_link_is_stronger_than_any_weight():
    links = [_link("a", "b", 60), _link("b", "c", 1, True)]
    found = cluster(links, {("a", "c"): "birth_differs"})
    assert _groups(found) == [("b", "c")]


def test_what_an_identity_rests_on_is_said():
    joined = cluster([Link("a", "b", 9, 0.97), Link("b", "c", 9, 0.99, True)], {})
    assert not joined.identities[0].accepted
    assert joined.identities[0].probability == 0.97
    only = cluster([Link("a", "b", 9, 0.97, True)], {})
    assert only.identities[0].accepted


def test_in_a_crowd_that_nobody_compared_in_full_links_stay_in_pairs():
    names = [f"{k:04d}" for k in range(MOST_TOGETHER + 1)]
    chain = [_link(a, b, 20 + k / 1000) for k, (a, b) in enumerate(pairwise(names))]
    found = cluster(chain, {})
    assert {len(group) for group in _groups(found)} == {2}
    assert {s.why for s in found.set_aside} == {UNCHECKED}
