"""Spark scores with the frozen model what DuckDB scores: the same proposals, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import polars as pl
import pytest

from openverdict.identity.made_up import made_up


@pytest.mark.slow
def test_spark_gives_the_same_proposals(tmp_path):
    pytest.importorskip("pyspark", exc_type=ImportError)
    if shutil.which("java") is None:
        pytest.skip("no Java here: install the Debian package openjdk-17-jre-headless")
    made_up(150, seed=9, namesakes=6).records.write_csv(tmp_path / "people.csv")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def call(*words: object) -> None:
        command = [sys.executable, "-m", "openverdict", "identity", *map(str, words)]
        subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True)

    call("secret", "secret")
    for engine in (("local",), ("spark", "--master", "local[2]")):
        more = ("--secret", "secret", "--model", "shipped", "--floor", "0.001", "--quiet")
        call("propose", "people.csv", *more, "--engine", *engine, "--out", engine[0])
    local, spark = (pl.read_csv(tmp_path / name / "proposals.csv") for name in ("local", "spark"))
    assert local.height > 60
    words = [name for name, kind in local.schema.items() if kind != pl.Float64]
    assert spark.select(words).equals(local.select(words))
    numbers = [name for name, kind in local.schema.items() if kind == pl.Float64]
    apart = (spark.select(numbers) - local.select(numbers)).select(pl.all().abs().max()).row(0)
    assert max(apart) <= 1e-4
    same = ("contradictions.csv", "model.json", "identities.csv")
    for name in same[:2]:
        assert (tmp_path / "local" / name).read_bytes() == (tmp_path / "spark" / name).read_bytes()
