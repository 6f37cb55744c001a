"""The policy: one typed object from a file, adopted under a version that means one thing for good."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest
from tests.decisions.acts import Acts

from openverdict.decisions.models import Policy as StoredPolicy
from openverdict.decisions.policy import adopt, in_force, read_policy
from openverdict.decisions.standing import State, stands
from openverdict.decisions.words import Conclusion, conclusion_words, reasons, reasons_table
from openverdict.errors import InputError

SHIPPED = (files("openverdict.decisions") / "data" / "policy.toml").read_text("utf-8")


def test_the_shipped_policy_is_in_force_until_another_is_adopted(acts: Acts):
    assert in_force(acts.store) == read_policy()
    other = replace(read_policy(), version="house-2", second_person_conclusions=())
    acts.write("head", adopt, other)
    assert in_force(acts.store) == other
    acts.decide("first", acts.pair("A", "B"), "similar")
    assert stands(acts.store, acts.pair("A", "B")).state is State.CONSIDERED
    assert acts.store.rows(StoredPolicy).get().version == "house-2"
    with pytest.raises(InputError, match="give it a new version"):
        acts.write("head", adopt, replace(other, days_concern=1))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[days] ", "[days", "cannot be read as TOML"),
        ("concern = 14", "concerns = 14", "days_concern, days_concerns"),
        ("concern = 14", "concern = -1", "days_concern: -1"),
        ("concern = 14", "concern = true", "days_concern: True"),
        ("from_log10_lr = 2.0", 'from_log10_lr = "much"', "from_log10_lr: 'much'"),
        ('alerts = ["supervisor"]', "alerts = [1]", "alerts"),
    ],
)
def test_a_setting_that_is_missing_unknown_or_misshapen_is_named(tmp_path, old, new, says):
    path = tmp_path / "policy.toml"
    assert old in SHIPPED
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_policy(path)


def test_every_conclusion_has_reasons_and_none_of_them_is_about_who_the_person_was():
    said = {c for reason in reasons().values() for c in reason.supports}
    assert said == set(Conclusion)
    barred = ("drug", "alcohol", "age", "homeless", "sex", "gay", "work")
    labels = " ".join(f"{r.code} {r.label}".lower() for r in reasons().values()).split()
    assert not set(barred) & set(labels)
    assert all(f"`{code}`" in reasons_table() for code in reasons())


def test_a_case_by_itself_is_said_to_need_enquiry_and_never_to_be_similar():
    assert [conclusion_words(code, 1) for code in Conclusion] == [
        "needs enquiry", "may need enquiry", "needs no enquiry", "not enough information",
    ]  # fmt: skip
    assert conclusion_words("similar", 2) == "similar, and needs enquiry"
    alone = {code for code, reason in reasons().items() if reason.of_one}
    assert "unanswered" in alone
    assert not alone & {"same_place", "same_way", "close_in_time", "one_names_the_other"}
    # Whatever is concluded on one case, there is a reason for it.
    assert {c for code in alone for c in reasons()[code].supports} == set(Conclusion)
