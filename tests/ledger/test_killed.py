"""Writers that are killed in the middle of writing leave no gap, no half decision and nothing acknowledged undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = 3  # benchmarks/kill.py does a hundred


@pytest.mark.slow
def test_kill_minus_nine_during_mixed_writing_by_eight_writers(url):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks" / "kill.py"),
            "--rounds",
            str(ROUNDS),
            "--store",
            url,
        ],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert found["faults"] == []
    assert found["kills"] == ROUNDS * 8
    assert found["acknowledged"] > ROUNDS
