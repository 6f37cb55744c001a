"""The frozen model: the same bytes again, no name in it, and nothing that was changed is taken."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from tests.identity.people import SECRET, town

from openverdict.errors import InputError
from openverdict.identity import Secret, read_model, write_model
from openverdict.identity.blocking import candidates
from openverdict.identity.model import SEVERAL, count_frequencies
from openverdict.identity.train import train


@pytest.fixture(scope="module")
def trained():
    """A model of some thousand made-up records, from few random pairs."""
    _, records = town(5_200)
    return records, train(records, candidates(records.table), SECRET, random_pairs=2e5)


def test_a_model_is_read_back_as_it_was_written(trained, tmp_path):
    _, model = trained
    (tmp_path / "m.json").write_bytes(write_model(model))
    assert read_model(tmp_path / "m.json") == model
    assert write_model(read_model(tmp_path / "m.json")) == write_model(model)


def test_training_again_gives_the_same_bytes(trained):
    records, model = trained
    again = train(records, candidates(records.table), SECRET, threads=1, random_pairs=2e5)
    assert write_model(again) == write_model(model)


def test_what_is_learned_is_near_the_truth(trained):
    """Shares among the true pairs, counted with the truth at hand."""
    from tests.identity.people import persons_of

    from openverdict.identity.score import score

    records, model = trained
    made, _ = town(5_200)
    persons = pl.Series(persons_of(made, records))
    found = candidates(records.table)
    scored = score(records, found, model, SECRET, least_weight=-1e6)
    true = scored.filter(persons.gather(scored["left"]) == persons.gather(scored["right"]))
    for field in ("forename", "surname", "birth", "sex", "home", "number", "death"):
        seen = true.filter(pl.col(f"level_{field}") != "missing")[f"level_{field}"]
        assert model.m[field]["same"] == pytest.approx((seen == "same").mean(), abs=0.04)
    assert model.pairs_a_record == pytest.approx(true.height / len(records), rel=0.1)


def test_no_name_stands_in_a_model(trained):
    records, model = trained
    text = write_model(model).decode().upper()
    long = {
        n
        for name in ("forename", "surname")
        for n in records.table[name].drop_nulls().unique()
        if len(n) > 6
    }
    assert len(long) > 300
    assert [name for name in long if name in text] == []


def test_only_what_several_records_have_is_counted_for_itself():
    values = pl.Series(["SMITH"] * SEVERAL + ["THISTLEWICK"] * (SEVERAL - 1) + [None] * 3)
    counted = count_frequencies(values, "surname", SECRET)
    assert list(counted.share.values()) == [pytest.approx(SEVERAL / (2 * SEVERAL - 1), rel=1e-5)]
    assert counted.floor == pytest.approx(SEVERAL / (2 * SEVERAL - 1), rel=1e-5)


def test_a_model_that_was_changed_is_refused(trained, tmp_path):
    said = json.loads(write_model(trained[1]))
    said["comparisons"]["sex"]["same"]["m"] = 0.5
    (tmp_path / "m.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="was changed since it was written"):
        read_model(tmp_path / "m.json")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 3}', '{"format": "other"}', "null"])
def test_what_is_no_model_is_refused(tmp_path, text):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(InputError):
        read_model(tmp_path / "m.json")


def test_a_model_of_other_comparisons_is_refused(trained, tmp_path, monkeypatch):
    (tmp_path / "m.json").write_bytes(write_model(trained[1]))
    monkeypatch.setattr("openverdict.identity.model._conditions_hash", lambda: "others")
    with pytest.raises(InputError, match="other comparisons"):
        read_model(tmp_path / "m.json")


def test_another_secret_is_refused_since_the_frequencies_cannot_be_read(trained):
    with pytest.raises(InputError, match="another secret"):
        trained[1].check_secret(Secret(b"x" * 32))
    replace(trained[1], frequencies={}).check_secret(Secret(b"x" * 32))


def test_true_pairs_grow_with_the_records_and_all_pairs_with_their_square(trained):
    model = trained[1]
    for n in (10_000, 100_000):
        assert model.priors(n).one * n * (n - 1) / 2 == pytest.approx(model.pairs_a_record * n)
    assert model.priors(2).one <= 0.001


def test_too_few_records_are_not_learned_from():
    _, records = town(600)
    with pytest.raises(InputError, match="--model shipped"):
        train(records, candidates(records.table), SECRET)
