"""What is kept of finished tasks: used when it is whole and of the same job, redone otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evidence.made import made
from tests.linkage.test_kernel import VARIABLES

from openverdict.evidence import Model, prepare
from openverdict.linkage import Job, Local, Part, Spool, Tables, Task, clear, compile_tables


@dataclass(frozen=True)
class Counted:
    """Runs tasks one after the other, notes which, and stops after so many."""

    stop_after: int | None = None
    ran: list[Task] = field(default_factory=list)

    def run(self, job: Job, tell: Any, tasks: Sequence[Task] | None = None) -> Iterator[Part]:
        for task in job.tasks if tasks is None else tasks:
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(task)
            tell(task.pairs)
            yield job.run(task)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return compile_tables(Model(prepare(made(21, 150), VARIABLES)))


@pytest.fixture
def job(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job of many tasks."""
    monkeypatch.setattr("openverdict.linkage.job.PAIRS_PER_TASK", 500)
    job = Job(tables, 0)
    assert len(job.tasks) > 12
    return job


def quiet(pairs: int) -> None:
    """No progress."""


def check_same(parts: list[Part], job: Job) -> None:
    for part, task in zip(parts, job.tasks, strict=True):
        for given_, wanted in zip(part, job.run(task), strict=True):
            np.testing.assert_array_equal(given_, wanted)
            assert given_.dtype == wanted.dtype


def stopped_after(job: Job, folder: Path, tasks: int) -> Path:
    """A run that was stopped; its file."""
    with pytest.raises(KeyboardInterrupt):
        list(Spool(Counted(tasks), folder).run(job, quiet))
    (path,) = folder.iterdir()
    return path


def test_a_stopped_run_goes_on_with_what_is_not_finished_and_tells_every_pair(job, tmp_path):
    stopped_after(job, tmp_path, 5)
    counted, told = Counted(), list[int]()
    check_same(list(Spool(counted, tmp_path).run(job, told.append)), job)
    assert counted.ran == list(job.tasks[5:])
    assert sum(told) == sum(task.pairs for task in job.tasks)
    again = Counted()
    check_same(list(Spool(again, tmp_path).run(job, quiet)), job)
    assert again.ran == []


def test_another_floor_another_register_and_other_code_begin_anew(job, tmp_path, monkeypatch):
    list(Spool(Local(1), tmp_path).run(job, quiet))
    others = [Job(job.tables, 1), Job(compile_tables(Model(prepare(made(22, 150), VARIABLES))), 0)]
    for other in others:
        counted = Counted()
        check_same(list(Spool(counted, tmp_path).run(other, quiet)), other)
        assert counted.ran == list(other.tasks)
    monkeypatch.setattr("openverdict.linkage.spool.code_hash", lambda: "other code")
    counted = Counted()
    list(Spool(counted, tmp_path).run(job, quiet))
    assert counted.ran == list(job.tasks)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cut=st.integers(0, 100_000), turned=st.none() | st.integers(0, 100_000))
def test_a_file_that_is_cut_off_or_changed_anywhere_gives_the_same_result(
    job, tmp_path, cut, turned
):
    clear(tmp_path)
    tmp_path.mkdir(exist_ok=True)
    path = stopped_after(job, tmp_path, 8)
    held = bytearray(path.read_bytes())
    del held[cut % (len(held) + 1) :]
    if turned is not None and held:
        held[turned % len(held)] ^= 0x10
    path.write_bytes(held)
    check_same(list(Spool(Counted(), tmp_path).run(job, quiet)), job)
    again = Counted()
    check_same(list(Spool(again, tmp_path).run(job, quiet)), job)
    assert again.ran == []  # what was mended is whole


def test_records_of_another_job_are_not_taken(job, tmp_path):
    mine = stopped_after(job, tmp_path / "mine", 6)
    foreign = stopped_after(Job(job.tables, 900), tmp_path / "foreign", 6)
    mine.write_bytes(foreign.read_bytes())
    counted = Counted()
    check_same(list(Spool(counted, tmp_path / "mine").run(job, quiet)), job)
    assert counted.ran == list(job.tasks)


def test_a_second_run_in_the_same_folder_works_without_it(job, tmp_path):
    first = Spool(Counted(), tmp_path).run(job, quiet)
    parts = [next(iter(first))]
    counted = Counted()
    check_same(list(Spool(counted, tmp_path).run(job, quiet)), job)
    assert counted.ran == list(job.tasks)
    check_same([*parts, *first], job)


def test_only_what_a_spool_wrote_is_removed(job, tmp_path):
    folder = tmp_path / "work"
    list(Spool(Local(1), folder).run(job, quiet))
    mine = folder / "notes.txt"
    mine.write_text("mine")
    clear(folder)
    assert list(folder.iterdir()) == [mine]
    mine.unlink()
    clear(folder)
    assert not folder.exists()
    clear(folder)
