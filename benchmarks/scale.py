"""How fast every pair is compared: registers of growing size, every engine in one run, and what the machine would allow.

    python benchmarks/scale.py                        # 11,000, 100,000 and a million cases: hours, most of them the baselines'
    python benchmarks/scale.py --cases 11000          # minutes
    python benchmarks/scale.py --cases 1000000 --add  # beside the stored figures of other registers
    python benchmarks/scale.py --page                 # the page and its pictures from the stored figures

The job is the same for every engine: pairs within five years and 50 km, twelve evidence variables as integer tables, a floor.
All engines must find the same pairs with the same ratios, or the run stops. Rounds go through all engines in turn, each in a
process of its own, so that other work on the machine falls on all of them. Writes benchmarks/results/scale.json,
docs/performance.md and its pictures. The engine `spark` runs where PySpark and Java are installed. The open Connecticut
register is read from the folder named by OPENVERDICT_DATA, or ../shared/data beside the repository, if it is there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.scale_parts import job as work  # noqa: E402
from benchmarks.scale_parts.ceiling import ceiling, clock_mhz, loads_a_pair  # noqa: E402

from openverdict.cases import Register  # noqa: E402
from openverdict.intake import template_texts  # noqa: E402
from openverdict.linkage import Tables, all_pairs  # noqa: E402
from openverdict.simulate import CountrySpec, simulate_country  # noqa: E402

RESULT = Path(__file__).parent / "results" / "scale.json"
ARRIVAL = RESULT.parent / "arrival.json"  # measured by a benchmark of its own
SIZES = (11_000, 100_000, 1_000_000)
OURS = ("local", "local, bound off", "spark")
BASELINES = ("numpy", "duckdb")
CONNECTICUT = Path("ct_drug_deaths") / "ct_accidental_drug_deaths_2012_2022.csv"
Found = tuple[work.IntArray, work.IntArray, work.IntArray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--baselines-up-to", type=int, default=100_000, metavar="CASES")
    parser.add_argument("--chance-up-to", type=int, default=11_000, metavar="CASES")
    parser.add_argument("--engines", nargs="+", default=[*OURS, *BASELINES])
    parser.add_argument("--no-review", action="store_true", help="time no whole reviews")
    parser.add_argument("--no-pairs", action="store_true", help="time whole reviews alone")
    parser.add_argument("--add", action="store_true", help="keep the figures of other registers")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(one_engine(args.child[0], Path(args.child[1]), args.threads)))
        return
    if not args.page:
        measure(args)
    if args.out != RESULT:
        return  # figures kept elsewhere: the documentation shows those of the repository
    from benchmarks.scale_parts.page import write_page

    write_page(json.loads(args.out.read_text(encoding="utf-8")), ROOT / "docs")


def measure(args: argparse.Namespace) -> None:
    """Measure every size, and keep what is there after each of them."""
    outcome: dict[str, Any] = {
        "machine": machine(args.threads),
        "job": {
            "variables": list(work.VARIABLES),
            "window_days": work.WINDOW_DAYS,
            "reach_m": work.REACH_M,
            "floor_log10": work.FLOOR,
        },
        "rounds": args.rounds,
        "registers": {},
        "arrival": json.loads(ARRIVAL.read_text(encoding="utf-8")) if ARRIVAL.exists() else None,
    }
    if not args.no_review:
        with tempfile.TemporaryDirectory() as folder:  # what is compiled once is not timed
            small = Path(folder) / "register.parquet"
            template_texts(simulate_country(CountrySpec(600), 2).register).write_parquet(small)
            a_review(small, Path(folder), "--null-registers", "2")
    if args.add and args.out.exists():
        stored = json.loads(args.out.read_text(encoding="utf-8"))
        outcome |= {name: stored[name] for name in ("registers", "connecticut") if name in stored}
    for cases in args.cases:
        with tempfile.TemporaryDirectory() as folder:
            outcome["registers"][str(cases)] = one_size(cases, args, Path(folder))
        outcome["registers"] = dict(sorted(outcome["registers"].items(), key=lambda r: int(r[0])))
        outcome["exponents"] = exponents(outcome["registers"])
        _write(args.out, outcome)
    data = Path(os.environ.get("OPENVERDICT_DATA") or ROOT.parent / "shared" / "data") / CONNECTICUT
    if data.is_file() and not (args.no_review or args.add):
        with tempfile.TemporaryDirectory() as folder:
            outcome["connecticut"] = {
                "review": a_review(data, Path(folder), "--no-chance", "--map", "connecticut"),
                "review_with_chance": a_review(data, Path(folder), "--map", "connecticut"),
            }
    outcome["machine"]["load_average_after"] = round(os.getloadavg()[0], 1)
    _write(args.out, outcome)


def _write(path: Path, outcome: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


def one_size(cases: int, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Make a register, run every engine on it in turn, and review it as a whole."""
    began = time.perf_counter()
    country = simulate_country(CountrySpec(cases), 1)
    register, file = country.register, folder / "register.parquet"
    template_texts(register).write_parquet(file)
    made = time.perf_counter() - began
    told: dict[str, Any] = {"cases": cases, "cities": country.spec.count, "made_s": round(made, 1)}
    say(f"{cases:,} cases in {country.spec.count} cities, made in {made:.0f} s")
    reviews = {} if args.no_review else {"review": a_review(file, folder, "--no-chance")}
    if not args.no_review and cases <= args.chance_up_to:
        reviews["review_with_chance"] = a_review(file, folder, "--null-registers", "99")
    told |= reviews
    for name, review in reviews.items():
        say(f"{name}: {review['wall_s']} s, {review['peak_mb']} MB")
    if not args.no_pairs:
        told |= pair_job(register, cases, args, folder)
    return told


def pair_job(
    register: Register, cases: int, args: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Every engine on the same tables, in turn; the same pairs out of all of them."""
    began = time.perf_counter()
    tables = work.twelve(register)
    learned = time.perf_counter() - began
    job = work.plain(tables)
    inside = work.pairs_within(job)
    place = folder / "tables.pickle"
    place.write_bytes(pickle.dumps(tables, protocol=5))
    # What is compiled or started once is not timed: each process warms up on a small register.
    small = simulate_country(CountrySpec(600), 2).register
    (folder / "warm.pickle").write_bytes(pickle.dumps(work.twelve(small), protocol=5))
    say(f"{cases * (cases - 1) // 2:,} pairs, {inside:,} of them in the window")
    engines = [e for e in args.engines if e in OURS or cases <= args.baselines_up_to]
    engines = [e for e in engines if e != "spark" or has_spark()]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in engines}
    allowed = []
    del job, tables
    for number in range(args.rounds):
        for name in engines:
            runs[name].append(child(name, place, args.threads))
            rate = inside / runs[name][-1]["seconds"] / 1e6
            say(f"round {number + 1}, {name}: {rate:.1f} million pairs of the window a second")
        allowed.append(child("ceiling", place, args.threads))
        say(f"round {number + 1}, machine: {allowed[-1]['pairs_per_s'] / 1e6:.0f} million")
    hashes = {run["hash"] for each in runs.values() for run in each}
    if len(hashes) > 1:
        raise SystemExit(f"engines disagree: { {n: r[0]['hash'] for n, r in runs.items()} }")
    rates = {
        name: inside / statistics.median(run["seconds"] for run in each)
        for name, each in runs.items()
    }
    limit, own_limit = (
        statistics.median(run[key] for run in allowed) for key in ("pairs_per_s", "pairs_per_cpu_s")
    )
    worked = {
        name: inside / statistics.median(run["cpu_seconds"] for run in each)
        for name, each in runs.items()
        if name != "spark"
    }
    return {
        "pairs": cases * (cases - 1) // 2,
        "in_window": inside,
        "learn_s": round(learned, 1),
        "links_in_window": next(iter(runs.values()))[0]["links"],
        "engines": {
            name: {
                "seconds": [round(run["seconds"], 3) for run in each],
                "pairs_per_s": round(rates[name]),
                "pairs_per_cpu_s": round(worked[name]) if name in worked else None,
                "of_ceiling": round(worked[name] / own_limit, 3) if name in worked else None,
                "peak_mb": max(run["peak_mb"] for run in each),
                "held_before_mb": max(run["held_before_mb"] for run in each),
                "times_local": round(rates["local"] / rates[name], 2) if "local" in rates else None,
            }
            for name, each in runs.items()
        },
        "ceiling": {
            "pairs_per_s": round(limit),
            "pairs_per_cpu_s": round(own_limit),
            "loads_a_pair": allowed[0]["loads_a_pair"],
            "runs": [round(run["pairs_per_s"]) for run in allowed],
        },
    }


def child(name: str, tables: Path, threads: int) -> dict[str, Any]:
    """One engine in a process of its own."""
    call = [sys.executable, __file__, "--threads", str(threads), "--child", name, str(tables)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": str(threads)}
    done = subprocess.run(call, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def one_engine(name: str, place: Path, threads: int) -> dict[str, Any]:
    """What a child does: warm up, run once, and say how long it took, what came out and how much memory it held."""
    tables: Tables = pickle.loads(place.read_bytes())  # noqa: S301 (our own file of a moment ago)
    job = work.plain(tables)
    if name == "ceiling":
        rate, own = ceiling(job, threads)
        loads = loads_a_pair(job)
        return {"pairs_per_s": rate, "pairs_per_cpu_s": own, "loads_a_pair": loads}
    warm: Tables = pickle.loads(place.with_name("warm.pickle").read_bytes())  # noqa: S301
    with started(name, threads) as executor:
        runner(name, warm, work.plain(warm), threads, executor)()
        run = runner(name, tables, job, threads, executor)
        held = peak_mb()
        began, worked = time.perf_counter(), time.process_time()
        i, j, units = run()
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    peak = peak_mb()
    inside = work.within(job, i, j)
    found = np.stack([j[inside], i[inside], units[inside]])
    found = found[:, np.lexsort((found[1], found[0]))].astype("<i8")
    return {
        "seconds": seconds,
        # Spark works in other processes.
        "cpu_seconds": None if name == "spark" else cpu,
        "links": found.shape[1],
        "hash": hashlib.sha256(found.tobytes()).hexdigest(),
        "peak_mb": peak,
        "held_before_mb": held,
    }


def has_spark() -> bool:
    """Whether the engine is built and what it needs is installed."""
    parts = ("pyspark", "openverdict.linkage.spark")
    return shutil.which("java") is not None and all(find_spec(part) for part in parts)


def started(name: str, threads: int) -> Any:
    """The executor of an engine, started."""
    if name != "spark":
        return nullcontext()
    from importlib import import_module  # the engine is an optional part

    return import_module("openverdict.linkage.spark").Spark(f"local[{threads}]")


def runner(
    name: str, tables: Tables, job: work.Plain, threads: int, executor: Any
) -> Callable[[], Found]:
    """The engine's work as a call; what it needs beforehand is done when this returns."""
    if name == "numpy":
        from benchmarks.scale_parts.numpy_blocks import numpy_blocks

        return lambda: numpy_blocks(job, threads)
    if name == "duckdb":
        from benchmarks.scale_parts.duckdb_sql import connected, duckdb_sql, load

        link = connected(threads)
        load(link, job)
        return lambda: duckdb_sql(link, job)
    if name == "local, bound off":
        # As much as no pair adds: nothing is ever too little to reach the floor.
        tables = replace(tables, best=np.full_like(tables.best, 10**8))

    def ours() -> Found:
        ledger = all_pairs(tables, work.floor_units(), threads=threads, executor=executor)
        return ledger.i, ledger.j, ledger.units.astype(np.int64)

    return ours


def a_review(file: Path, folder: Path, *options: str) -> dict[str, Any]:
    """`openverdict review` from the shell: wall seconds, peak memory, seconds by step."""
    out = folder / "review"
    shutil.rmtree(out, ignore_errors=True)
    call = [sys.executable, "-m", "openverdict", "review", str(file), "--out", str(out), "--quiet"]
    began = time.perf_counter()
    process = subprocess.Popen([*call, *options])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"review of {file.name} ended with {process.returncode}")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    shutil.rmtree(out)
    return {
        "cases": summary["cases"],
        "wall_s": round(wall, 1),
        "peak_mb": usage.ru_maxrss // 1024,
        "written_mb": size // 2**20,
        "links": summary["pairs_ledger"],
        "seconds_by_step": {k: round(v, 1) for k, v in summary.get("timings", {}).items()},
    }


def exponents(registers: dict[str, Any]) -> dict[str, float]:
    """Cost against the number of cases: the slope of log seconds over log cases, by least squares."""
    found: dict[str, float] = {}
    curves: dict[str, list[tuple[int, float]]] = {}
    for told in registers.values():
        for name, engine in told.get("engines", {}).items():
            curves.setdefault(name, []).append(
                (told["cases"], statistics.median(engine["seconds"]))
            )
        if "review" in told:
            curves.setdefault("review", []).append((told["cases"], told["review"]["wall_s"]))
    for name, curve in curves.items():
        if len(curve) > 1:
            x, y = np.log(np.array(curve)).T
            found[name] = round(float(np.polyfit(x, y, 1)[0]), 2)
    return found


def machine(threads: int) -> dict[str, Any]:
    """What the figures were measured on."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": threads,
        "clock_mhz": clock_mhz(),
        "memory_gb": math.ceil(pages / 2**30),
        "python": sys.version.split()[0],
        "load_average_before": round(os.getloadavg()[0], 1),
    }


def peak_mb() -> int:
    """The most memory that this process has held so far (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
