"""Whoever runs the tasks, the result is the same: one body of tests for threads, Spark, and what is kept of finished tasks."""

from __future__ import annotations

import pickletools
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.evidence.made import made
from tests.linkage.failing import Failing
from tests.linkage.test_kernel import SHAPES, VARIABLES, brute, same, terms_summed

from openverdict.errors import EngineError, InputError, MissingPartError
from openverdict.evidence import Model, prepare
from openverdict.linkage import (
    ENGINES,
    Executor,
    Job,
    Local,
    Spark,
    Spool,
    all_pairs,
    check_engine,
    compile_tables,
    engine,
    to_units,
)
from openverdict.linkage.shipped import packed


@pytest.fixture(scope="session")
def spark_limit() -> Iterator[Callable[[int], Spark]]:
    """Spark on two cores of this machine, once for all tests; skipped without it, or failed where everything is required."""
    pytest.importorskip("pyspark", exc_type=ImportError)
    if shutil.which("java") is None:
        pytest.skip("no Java here: install the Debian package openjdk-17-jre-headless")
    with Spark("local[2]"):
        # Its session is active from here on: others take it, and leave it running.
        yield lambda limit: Spark("local[2]", limit=limit)


KINDS = ("local", "spark broadcast", "spark file", "spool")
# All shapes for the quick ones; on Spark those that differ in what is sent: sparse tables, none, one task, no task.
ON_SPARK = ("few persons in very many cases", "no places at all", "two cases", "one case")
SHAPES_BY_KIND = [
    (kind, shape) for kind in KINDS for shape in SHAPES if "spark" not in kind or shape in ON_SPARK
]


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Executor:
    """Every executor that there is."""
    if request.param == "local":
        return Local(2)
    if request.param == "spool":
        return Spool(Local(2), tmp_path / "work")
    limit = 2**30 if request.param == "spark broadcast" else 0
    made_spark: Spark = request.getfixturevalue("spark_limit")(limit)
    return made_spark


def tables_of(shape: str) -> tuple[Model, Any]:
    model = Model(prepare(SHAPES[shape](), VARIABLES))
    return model, compile_tables(model)


@pytest.mark.parametrize(("executor", "shape"), SHAPES_BY_KIND, indirect=["executor"])
def test_the_ledger_is_that_of_one_thread_and_of_brute_force(executor, shape, monkeypatch):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 400)
    model, tables = tables_of(shape)
    floor = 1.0
    ledger = all_pairs(tables, int(to_units(floor)), executor=executor)
    assert same(ledger, all_pairs(tables, int(to_units(floor)), threads=1))
    i, j, total = brute(model)
    sure = np.abs(total - floor) > (0.5 * terms_summed(model, i, j) + 1) / 1000 / np.log2(10)
    found = set(zip(ledger.i.tolist(), ledger.j.tolist(), strict=True))
    for a, b, value in zip(i[sure].tolist(), j[sure].tolist(), total[sure].tolist(), strict=True):
        assert ((a, b) in found) == (value > floor)


def test_every_pair_is_told_once(executor, monkeypatch):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 400)
    _, tables = tables_of("few persons in very many cases")
    told: list[int] = []
    all_pairs(tables, 0, executor=executor, progress=told.append)
    assert sum(told) == tables.n * (tables.n - 1) // 2


def test_some_tasks_can_be_asked_for_in_any_order(executor, monkeypatch):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 400)
    _, tables = tables_of("spread")
    job = Job(tables, 0)
    assert len(job.tasks) > 6
    some = [*job.tasks[5:2:-1], job.tasks[0]]
    for part, task in zip(executor.run(job, lambda _: None, some), some, strict=True):
        for given, wanted in zip(part, job.run(task), strict=True):
            np.testing.assert_array_equal(given, wanted)


def test_no_task_is_no_part(executor):
    _, tables = tables_of("two cases")
    assert list(executor.run(Job(tables, 0), lambda _: None, [])) == []


def test_the_engines_have_names_and_others_are_refused(tmp_path):
    for name in ENGINES:
        check = nullcontext() if name == "local" else pytest.raises(InputError, match="--master")
        with check:
            check_engine(name, "nowhere")
    with engine("local", threads=2) as runs:
        assert runs == Local(2)
    with engine("local", work=tmp_path) as runs:
        assert runs == Spool(Local(), tmp_path)
    with pytest.raises(InputError, match="--engine 'dask' is not there"):
        check_engine("dask", "local[*]")
    with pytest.raises(InputError, match="--threads 0: give 1 or more"):
        check_engine("local", "local[*]", 0)


@pytest.mark.parametrize("master", ["", "http://h:1", "spark:/h", "locals", "local[x]", "spark://"])
def test_an_address_that_is_none_is_refused(master):
    with pytest.raises(InputError, match="no address of Spark"):
        check_engine("spark", master)


@pytest.mark.parametrize(
    "master",
    [
        "local",
        "local[4]",
        "local[*]",
        "spark://h:7077",
        "spark://a:1,b:2",
        "yarn",
        "k8s://https://h:6443",
    ],
)
def test_an_address_is_taken(master):
    if shutil.which("java") is None:
        pytest.skip("no Java here: install the Debian package openjdk-17-jre-headless")
    check_engine("spark", master)


def test_what_spark_lacks_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"no Java in JAVA_HOME .*install Java 17 or 21"):
        check_engine("spark", "local[1]")
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no Java for Spark"):
        check_engine("spark", "local[1]")
    monkeypatch.setattr("openverdict.linkage.spark.find_spec", lambda name: None)
    with pytest.raises(MissingPartError, match=r"openverdict\[spark\]"):
        check_engine("spark", "local[1]")


def test_only_numbers_are_sent():
    """No case number, name, narrative or any other word of the register is in what an executor is given."""
    register = made(3, 60)
    job = Job(compile_tables(Model(prepare(register, VARIABLES))), 0)
    parcel = packed((job, job.tasks))
    words = {
        str(value)
        for op, value, _ in pickletools.genops(parcel.pickle)
        if op.name.endswith("UNICODE")
    }
    table = register.table
    values = (value for name in table.columns for value in _flat(table.get_column(name).to_list()))
    texts = {value for value in values if isinstance(value, str)}
    assert len(texts) > 100
    parts = (job, job.tables, job.tables.slots, job.tables.slots.tiles)
    own = {field.name for part in parts for field in fields(part)}
    assert not (texts & words) - own
    sent = b"".join([parcel.pickle, *parcel.arrays])
    found = [text for text in texts - own if len(text) > 3 and text.encode() in sent]
    assert not found
    assert all(array.dtype.kind in "biu" for array in job.tables.arrays.values())


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        elif isinstance(value, dict):
            yield from _flat(list(value.values()))
        else:
            yield value


@pytest.mark.parametrize("limit", [0, 2**30])
def test_spark_tries_again_when_a_task_fails_or_its_worker_is_killed(
    spark_limit, limit, monkeypatch, tmp_path
):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 900)
    _, tables = tables_of("spread")
    job = Job(tables, 0)
    failing = Failing(tables, 0, marks=tmp_path)
    assert any(task.first % 7 == 0 for task in job.tasks)
    parts = list(spark_limit(limit).run(failing, lambda _: None))
    for part, task in zip(parts, job.tasks, strict=True):
        for given, wanted in zip(part, job.run(task), strict=True):
            np.testing.assert_array_equal(given, wanted)
    assert len(list(tmp_path.iterdir())) > len(job.tasks)


def test_spark_says_in_one_line_why_it_gave_up(spark_limit, monkeypatch, tmp_path):
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 900)
    _, tables = tables_of("spread")
    failing = Failing(tables, 0, marks=tmp_path, for_ever=True)
    with pytest.raises(EngineError, match=r"Spark gave up .*fails on purpose") as said:
        list(spark_limit(2**30).run(failing, lambda _: None))
    assert "\n" not in str(said.value)
