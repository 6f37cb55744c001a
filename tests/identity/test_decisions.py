"""Decisions: appended and never changed, one in force for a pair, and what stands after them."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from tests.identity.people import SECRET, people

from openverdict.errors import InputError
from openverdict.identity import (
    Action,
    Asked,
    append,
    in_force,
    propose,
    read_decisions,
    read_model,
    read_run,
    stand,
    write_run,
)
from openverdict.identity.reviewed import asked_for, asked_in
from openverdict.identity.run import until

MODEL = read_model("shipped")
AT = "2024-03-01T10:00:00Z"
MOVED = {
    "forenames": "Annabel",
    "postcode": "AB1 2CD",
    "place": "Elsewhere",
    "identifiers": "",
    "person_number": "",
    "date_of_death": "",
}
STRANGER = {"forenames": "Peter", "surname": "Marsh", "sex": "M", "date_of_birth": "1988-02-09"}
STRANGER["person_number"] = "401 023 2137"


def _asked(action=Action.ACCEPT, pair=("a", "b"), by="R1", reason="same file", at=AT):
    return Asked(action, "p", pair[0], pair[1], 0.9, by, reason, at)


def _put(path, *asked):
    return append(path, asked, "model")


@pytest.fixture(scope="module")
def compared():
    """Four records: two alike over the threshold, one alike but for its home, one of somebody else."""
    records = people(
        {},
        {"source": "hospital", "role": "decedent", "case_id": "H1"},
        {"source": "police", "case_id": "P9", "role": "host", **MOVED},
        {**MOVED, **STRANGER},
    )
    return records, propose(records, SECRET, MODEL, floor=0.01)


@pytest.fixture
def run(compared, tmp_path):
    """The same, in a folder of its own."""
    records, proposed = compared
    return write_run(tmp_path / "run", proposed, records, SECRET)


def _basis(run):
    table = stand(read_run(run.folder)).identities
    return {row["record_id"]: (row["identity"], row["basis"]) for row in table.to_dicts()}


def _proposal(run, *ids):
    for row in run.proposals.iter_rows(named=True):
        if {row["record_id_a"], row["record_id_b"]} == set(ids):
            return row["proposal"]
    raise AssertionError(ids)


def _decide(run, action, *ids, reason="same hospital number in the file"):
    asked = asked_for(run, _proposal(run, *ids), action, "R1", reason, AT)
    made, refused = append(run.decisions_path, [asked], run.model)
    assert refused == []
    return made[0]


def test_decisions_are_read_back_in_their_order(tmp_path):
    path = tmp_path / "d.jsonl"
    made, _ = _put(path, _asked(), _asked(Action.UNDO), _asked(Action.REJECT))
    assert [d.number for d in made] == [1, 2, 3]
    assert list(read_decisions(path)) == made
    assert made[1].undoes == 1


def test_appending_leaves_every_earlier_byte_as_it_was(tmp_path):
    path = tmp_path / "d.jsonl"
    _put(path, _asked())
    before = path.read_bytes()
    _put(path, _asked(Action.UNDO))
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize("spoil", ["change", "take out", "swap", "cut"])
def test_a_decision_that_was_changed_or_taken_out_is_noticed(tmp_path, spoil):
    path = tmp_path / "d.jsonl"
    _put(path, _asked(), _asked(pair=("c", "d")), _asked(pair=("e", "f")))
    lines = path.read_bytes().splitlines(keepends=True)
    if spoil == "change":
        lines[1] = json.dumps({**json.loads(lines[1]), "by": "R2"}, sort_keys=True).encode() + b"\n"
    elif spoil == "take out":
        del lines[1]
    elif spoil == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    else:
        lines[2] = lines[2][:20]
    path.write_bytes(b"".join(lines))
    with pytest.raises(InputError, match="restore the file"):
        read_decisions(path)
    with pytest.raises(InputError, match="restore the file"):
        _put(path, _asked(pair=("g", "h")))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (_asked(by=" "), "nobody is named"),
        (_asked(reason=""), "say why"),
        (_asked(at="yesterday"), "ISO 8601"),
        (_asked(Action.UNDO), "nothing stands"),
    ],
)
def test_a_decision_without_who_why_or_when_is_refused(tmp_path, asked, says):
    made, refused = _put(tmp_path / "d.jsonl", asked)
    assert made == []
    assert says in refused[0][1]


def test_a_second_decision_on_a_pair_asks_for_the_first_to_be_undone(tmp_path):
    path = tmp_path / "d.jsonl"
    _, refused = _put(path, _asked(), _asked(Action.REJECT))
    assert "accepted by R1 at 2024-03-01T10:00:00Z (row 1); undo that first" in refused[0][1]
    _put(path, _asked(Action.UNDO), _asked(Action.REJECT))
    assert [d.action for d in in_force(read_decisions(path)).values()] == [Action.REJECT]


def test_many_who_decide_at_once_lose_nothing(tmp_path):
    path = tmp_path / "d.jsonl"
    workers = [
        threading.Thread(
            target=lambda k=k: [_put(path, _asked(pair=(f"{k}", f"{k}-{n}"))) for n in range(10)]
        )
        for k in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [d.number for d in read_decisions(path)] == list(range(1, 61))


def test_over_the_threshold_is_said_to_be_unreviewed(run):
    basis = _basis(run)
    assert basis["1"] == basis["2"]
    assert basis["1"][1] == "unreviewed"
    assert basis["1"][0].startswith("unreviewed-")
    assert basis["3"][1] == basis["4"][1] == "single"


def test_an_accepted_proposal_links_and_an_undone_one_does_not(run):
    _decide(run, Action.ACCEPT, "1", "2")
    assert _basis(run)["1"][1] == "accepted"
    _decide(run, Action.ACCEPT, "1", "3")
    basis = _basis(run)
    assert basis["1"] == basis["2"] == basis["3"]
    _decide(run, Action.UNDO, "1", "3", reason="wrong file")
    assert _basis(run)["3"][1] == "single"
    assert _basis(run)["1"][1] == "accepted"


def test_a_rejected_proposal_parts_two_over_the_threshold_and_no_chain_joins_them(run):
    _decide(run, Action.REJECT, "1", "2")
    assert {basis for _, basis in _basis(run).values()} == {"single"}
    _decide(run, Action.ACCEPT, "1", "3")
    _decide(run, Action.ACCEPT, "2", "3")
    basis = _basis(run)
    assert basis["1"] != basis["2"]
    aside = stand(read_run(run.folder)).set_aside
    assert aside["why"].to_list() == ["a person said that they are two"]


def test_the_records_stay_as_they_are(run):
    before = {name: (run.folder / name).read_bytes() for name in ("records.csv", "proposals.csv")}
    _decide(run, Action.ACCEPT, "1", "2")
    assert before == {name: (run.folder / name).read_bytes() for name in before}
    assert read_run(run.folder).records.height == 4


def test_a_day_can_be_asked_for(run):
    _decide(run, Action.ACCEPT, "1", "2")
    now = read_run(run.folder)
    assert len(until(now, date(2024, 2, 29)).decisions) == 0
    assert len(until(now, date(2024, 3, 1)).decisions) == 1


@pytest.mark.parametrize(
    "name", ["proposals.csv", "contradictions.csv", "records.csv", "model.json"]
)
def test_a_file_of_a_run_that_was_changed_is_refused(run, name):
    path = run.folder / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="was changed since it was written"):
        read_run(run.folder)


def test_a_folder_that_holds_anything_is_not_written_to(compared, run):
    records, proposed = compared
    with pytest.raises(InputError, match="nothing is replaced"):
        write_run(run.folder, proposed, records, SECRET)


def test_decisions_are_carried_to_a_later_run_and_still_hold(run, tmp_path):
    _decide(run, Action.ACCEPT, "1", "3")
    carried = read_run(run.folder).decisions
    records = people(
        {}, {"source": "police", "record_id": "3", "case_id": "P9", "role": "host", **MOVED}
    )
    later = write_run(
        tmp_path / "later",
        propose(records, SECRET, MODEL, accepted=[d.pair for d in carried]),
        records,
        SECRET,
        carried,
    )
    assert {basis for _, basis in _basis(later).values()} == {"accepted"}


def test_filled_in_proposals_are_taken_in_and_what_is_wrong_is_refused(run, tmp_path):
    said = {
        _proposal(run, "1", "2"): ("yes", "R1", AT, "same number"),
        _proposal(run, "1", "3"): ("no", "R1", AT, "another woman"),
        _proposal(run, "2", "3"): ("perhaps", "R1", AT, "?"),
    }
    columns = ("accepted", "reviewer", "at", "reason")
    filled = run.proposals.with_columns(
        pl.col("proposal")
        .replace_strict({k: v[n] for k, v in said.items()}, default=None)
        .alias(name)
        for n, name in enumerate(columns)
    )
    extra = filled.head(1).with_columns(proposal=pl.lit("nobody"), accepted=pl.lit("yes"))
    pl.concat([filled, extra]).write_csv(tmp_path / "filled.csv")
    asked = asked_in(run, tmp_path / "filled.csv")
    assert {one.action for one in asked.asked} == {Action.ACCEPT, Action.REJECT}
    assert [why.rsplit(": ")[-1] for _, why in asked.refused] == [
        "write yes, no or nothing",
        "no proposal of this key; see proposals.csv",
    ]
    made, refused = append(run.decisions_path, asked.asked, run.model)
    assert (len(made), refused) == (2, [])
    assert made[0].model == MODEL.hash
    assert replace(made[0], number=1) in read_decisions(run.decisions_path)
