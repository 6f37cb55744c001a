"""Whoever stops a review finds no output or a whole one, and the next run goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_frontdoor import run
from typer import Exit

import openverdict
from openverdict.cli.review import work_folder
from openverdict.cli.terminal import errors
from openverdict.intake import template_texts
from openverdict.linkage import Job
from openverdict.simulate import CitySpec, simulate_register

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city."""
    path = tmp_path_factory.mktemp("city") / "register.csv"
    simulated = simulate_register(CitySpec(cases_a_year=300, years=1.0), 4)
    template_texts(simulated.register).write_csv(path)
    return path


def read(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = {path.name: path.read_bytes() for path in out.iterdir()}
    found["summary.json"] = json.loads(found["summary.json"])
    del found["summary.json"]["timings"]
    return found


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """Who starts the tests in the background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_stopped_review_says_so_in_one_line_and_goes_on_with_the_same_command(
    register, tmp_path, monkeypatch, number, code
):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 4_000)
    out, whole = tmp_path / "out", tmp_path / "whole"
    options = ("--no-chance", "--quiet", "--threads", "1")
    assert run("review", register, "--out", whole, *options).exit_code == 0
    assert not work_folder(whole).exists()  # too small a register to keep what is finished
    really, ran = Job.run, []

    def stopped(job, task):
        ran.append(task)
        if len(ran) == 6:
            os.kill(os.getpid(), number)
        return really(job, task)

    monkeypatch.setattr(Job, "run", stopped)
    done = run("review", register, "--out", out, "--resume", *options)
    assert (done.exit_code, done.stderr) == (
        code,
        "openverdict: stopped; nothing was written; the same command goes on from what is finished\n",
    )
    assert not out.exists()
    assert list(work_folder(out).glob("*.spool"))
    tasks = len(ran)
    monkeypatch.setattr(Job, "run", really)
    assert run("review", register, "--out", out, "--resume", *options).exit_code == 0
    assert not work_folder(out).exists()
    assert tasks >= 6
    assert read(out) == read(whole)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_stop_that_comes_while_something_is_cleared_away_is_heard_all_the_same(number, code):
    class Cleared:
        def __del__(self):
            os.kill(os.getpid(), number)  # raised in here, where Python swallows whatever is raised

    def works_on():
        with errors():
            Cleared()
            for _ in range(600):
                time.sleep(0.1)

    with pytest.raises(Exit) as stopped:
        works_on()
    assert stopped.value.exit_code == code


def test_without_resume_nothing_is_kept(register, tmp_path, monkeypatch):
    monkeypatch.setattr("openverdict.cli.review.RESUMED_FROM", 1)

    def stopped(job, task):
        raise KeyboardInterrupt

    monkeypatch.setattr(Job, "run", stopped)
    for option, kept in (("--no-resume", False), ("--quiet", True)):
        done = run("review", register, "--out", tmp_path / "out", "--no-chance", option)
        assert done.exit_code == 130
        assert work_folder(tmp_path / "out").exists() is kept


@pytest.mark.slow
def test_kill_minus_nine_at_random_moments_leaves_no_torn_output(register, tmp_path):
    result = tmp_path / "result.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "kill_review.py"), str(register)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*command, "--kills", "3", "--out", str(result)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(result.read_bytes())["faults"] == []


@pytest.mark.slow
def test_the_engine_and_the_threads_change_no_result(register, tmp_path):
    pytest.importorskip("pyspark", exc_type=ImportError)
    command = [sys.executable, "-m", "openverdict", "review", str(register), "--no-chance"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for name, options in {
        "local": ["--threads", "1"],
        "spark": ["--engine", "spark", "--master", "local[2]"],
    }.items():
        done = subprocess.run(
            [*command, "--out", str(tmp_path / name), *options],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "WARN" not in done.stderr
    assert read(tmp_path / "local") == read(tmp_path / "spark")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["local", "spark"]


def test_a_spark_that_cannot_start_is_said_in_one_line(register, tmp_path):
    pytest.importorskip("pyspark", exc_type=ImportError)
    command = [sys.executable, "-m", "openverdict", "review", str(register), "--quiet"]
    clean = {k: v for k, v in os.environ.items() if k not in ("HADOOP_CONF_DIR", "YARN_CONF_DIR")}
    done = subprocess.run(
        [*command, "--engine", "spark", "--master", "yarn", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        env={**clean, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("openverdict: Spark cannot be started at yarn (")
    assert "HADOOP_CONF_DIR" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_library_takes_the_same_options(register, tmp_path):
    work = tmp_path / "work"
    one = openverdict.review(register, null_registers=0, threads=1, work=work)
    two = openverdict.review(register, null_registers=0)
    assert one.links.equals(two.links)
    assert list(work.glob("*.spool"))
