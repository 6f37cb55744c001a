"""Runs in the app: begun, told about, ended, compared; one at a time; never half stored, whatever becomes of the worker."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from tests.web.conftest import client

from openverdict.ledger.models import Event, Lead, Run, RunEnd
from openverdict.ledger.runs import outcome_of
from openverdict.web import working
from openverdict.web.models import Job
from openverdict.web.serving import work

QUICK = {"budget": "6", "null_registers": "0", "seed": "1"}


def work_off():
    work(until_input_ends=False, batch=True)


def begun(asking, **more):
    answer = asking.post("/runs/start", {**QUICK, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def told(asking, path):
    return json.loads(asking.get(f"{path}.json").content)


def test_a_run_is_begun_done_and_shown(app):
    asking = client("supervisor")
    path = begun(asking, as_of="2014-09-20")
    assert told(asking, path)["state"] == "queued"
    assert asking.post("/runs/start", QUICK).status_code == 422, "one run at a time"
    work_off()
    after = told(asking, path)
    assert after["state"] == "done"
    run = told(asking, f"/runs/{after['run']}")
    stored = app.store.rows(Run).get(id=after["run"])
    assert run["model_hash"] == stored.model_hash
    assert run["line"]["as_of"] == "2014-09-20"
    assert run["line"]["by"] == "supervisor"
    assert run["counts"]["pairs_total"] == run["line"]["pairs_total"]
    assert set(run["timings"]) >= {"pairs", "triage"}
    listed = len(run["leads"]) + run["hidden"]
    assert listed == app.store.rows(Lead).filter(run_id=after["run"]).count()
    assert all(each["cases"] == ["A"] for each in run["leads"]), "others hold cases out of reach"


def test_two_runs_are_compared(app):
    asking = client("supervisor")
    for _ in range(2):
        begun(asking)
        work_off()
    assert [each["run"] for each in told(asking, "/runs")["runs"]] == [3, 2, 1], "the newest first"
    found = told(asking, "/runs/compare")
    assert found["after"] == found["before"] + 1
    assert (found["leads"], found["pairs"], found["levels"]) == ([], [], [])
    assert "The leads are the same" in asking.get("/runs/compare").text


def test_a_run_that_is_ended_before_it_begins_leaves_nothing(app):
    asking = client("reviewer")
    path = begun(asking)
    before = app.store.size()
    asking.post(f"{path}/stop")
    work_off()
    assert told(asking, path)["state"] == "stopped"
    assert app.store.size() == before


@pytest.mark.parametrize(
    ("raised", "state"),
    [(working.Stopped, "stopped"), (MemoryError, "failed"), (ValueError, "failed")],
)
def test_a_run_that_does_not_come_to_its_end_says_so_in_the_log_and_stores_nothing(
    app, monkeypatch, raised, state
):
    real = working.Teller.__call__

    def breaking(self, step, share):
        if step == "triage":
            raise raised
        real(self, step, share)

    monkeypatch.setattr(working.Teller, "__call__", breaking)
    asking = client("reviewer")
    path = begun(asking)
    ends = app.store.rows(RunEnd).count()
    work_off()
    after = told(asking, path)
    assert after["state"] == state
    assert outcome_of(app.store, after["run"]) == state
    assert app.store.rows(RunEnd).count() == ends
    assert app.store.rows(Lead).filter(run_id=after["run"]).count() == 0
    assert told(asking, f"/runs/{after['run']}")["line"]["state"] == state


def test_a_run_whose_worker_is_gone_is_marked_failed(app, monkeypatch):
    from openverdict.decisions import changes

    class KilledError(BaseException):
        """Stands for a process that ends in the middle."""

    def killed(*given, **more):
        raise KilledError

    monkeypatch.setattr(changes, "review", killed)
    monkeypatch.setattr(changes, "abandon_run", lambda *given, **more: None)
    asking = client("reviewer")
    path = begun(asking)
    job = Job.objects.get()
    with pytest.raises(KilledError):
        working.perform(
            job.id, app.store, __import__("openverdict.web.jobs", fromlist=["x"]).BY_KIND
        )
    assert told(asking, path)["state"] == "running"
    Job.objects.update(told_at=timezone.now() - timedelta(minutes=3))
    after = told(asking, path)
    assert after["state"] == "failed"
    assert "begin it again" in after["message"]
    assert outcome_of(app.store, after["run"]) == "failed"
    kinds = list(app.store.rows(Event).filter(kind="run_finished").values_list("kind", flat=True))
    told(asking, path)
    assert app.store.rows(Event).filter(kind="run_finished").count() == len(kinds), "said once"
    begun(asking)


def test_who_starts_no_runs_sees_them_all_the_same(app):
    reader = client("reader")
    assert reader.get("/runs").status_code == 200
    assert "Start a review run" not in reader.get("/runs").text
    assert reader.get("/runs/start").status_code == 403


def test_a_day_that_lies_ahead_is_refused(app):
    answer = client("reviewer").post("/runs/start", {**QUICK, "as_of": "2999-01-01"})
    assert answer.status_code == 422
    assert "lies ahead" in answer.text


def test_progress_has_a_rate_and_a_time_left():
    class Share(float):
        pairs = 1_000_000

    teller = working.Teller()
    teller("pairs", Share(0.1))
    teller._began = (teller._began[0] - 10, 0.1)
    teller("pairs", Share(0.6))
    figures = teller.figures()
    assert figures["pairs_a_second"] == pytest.approx(50_000, rel=0.01)
    assert figures["left_s"] == pytest.approx(8, rel=0.01)
    teller.stop.set()
    with pytest.raises(working.Stopped):
        teller("pairs", Share(0.7))
