"""How long one new case takes against a prepared register: the last cases of a simulated register, held out, one at a time.

    python benchmarks/arrival.py REGISTER.parquet            # prepares, saves, then measures in a process of its own
    python benchmarks/arrival.py --prepared FILE --new NEW   # measures what was prepared before

Prints p50 and p95 of the latency after load, seconds of loading, size of the file and peak memory; writes
benchmarks/results/arrival.json, one entry a size of register.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from openverdict.arrivals import compare, load_prepared, prepare_register, save_prepared
from openverdict.cases import Register
from openverdict.intake import read_register

RESULT = Path(__file__).parent / "results" / "arrival.json"
HELD_OUT = 200


def peak_mb() -> int:
    """Peak of this program alone: what getrusage says begins with the program that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"), re.M)
        return round(int(found[1]) / 1024) if found else 0
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def make(path: Path, folder: Path) -> dict[str, Any]:
    """Prepare all but the last cases of a register; what is measured reads the two files that this leaves."""
    table = read_register(path).register.table
    began = time.perf_counter()
    prepared = prepare_register(Register(table.head(table.height - HELD_OUT)))
    took = time.perf_counter() - began
    save_prepared(prepared, folder / "register.prepared")
    table.tail(HELD_OUT).write_parquet(folder / "new.parquet")
    return {"prepare_seconds": round(took, 1), "prepare_peak_mb": peak_mb()}


def measure(prepared_file: Path, new: Path) -> dict[str, Any]:
    """Load once, then each held-out case alone, from its row in a table to its pairs with every contribution."""
    table = pl.read_parquet(new)
    compare(warm := load_prepared(prepared_file), Register(table.head(1)))  # compiled before timing
    del warm
    began = time.perf_counter()
    prepared = load_prepared(prepared_file)
    assert prepared.hosts.tables
    load = time.perf_counter() - began
    seconds, found = [], []
    for k in range(table.height):
        one = Register(table.slice(k, 1))
        began = time.perf_counter()
        arrivals = compare(prepared, one)
        seconds.append(time.perf_counter() - began)
        found.append(arrivals.pairs.height)
    p50, p95 = np.quantile(seconds, (0.5, 0.95)) * 1000
    return {
        "prepared_cases": len(prepared),
        "new_cases": table.height,
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "worst_ms": round(max(seconds) * 1000, 1),
        "load_seconds": round(load, 2),
        "file_mb": round(prepared_file.stat().st_size / 1e6, 1),
        "peak_mb": peak_mb(),
        "pairs_put_out_median": float(np.median(found)),
        "pairs_put_out_most": max(found),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("register", type=Path, nargs="?")
    parser.add_argument("--prepared", type=Path)
    parser.add_argument("--new", type=Path)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    if given.prepared is not None and given.out == Path("-"):
        print(json.dumps(measure(given.prepared, given.new)))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = (given.prepared, given.new)
        figures: dict[str, Any] = {}
        if given.register is not None:
            figures = make(given.register, Path(folder))
            files = (Path(folder) / "register.prepared", Path(folder) / "new.parquet")
        call = [
            sys.executable,
            __file__,
            "--prepared",
            *map(str, files[:1]),
            "--new",
            str(files[1]),
        ]
        done = subprocess.run([*call, "--out", "-"], check=True, capture_output=True, text=True)
    figures |= json.loads(done.stdout)
    print(json.dumps(figures, indent=2))
    outcome = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    outcome[str(figures["prepared_cases"])] = figures
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
