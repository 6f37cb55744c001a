"""Long runs that can stop and go on: one JSON line for each finished piece of work, and which code made it."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import openverdict

# What the figures depend on; pages, plots and other measures do not change them.
READ = (
    "cases", "evidence", "linkage", "series", "simulate", "leads/pipeline.py", "leads/setup.py",
    *(f"evaluation/{name}.py" for name in (
        "observed", "densities", "places", "innocent", "oracle", "power", "nulls", "planted",
    )),
)  # fmt: skip
RESULTS = Path(__file__).parents[1] / "results"


def code_hash() -> str:
    """First twelve hex digits of a SHA-256 over the sources and data that the figures depend on."""
    digest = hashlib.sha256()
    root = Path(openverdict.__file__).parent
    for part in READ:
        for path in sorted((root / part).rglob("*")) or [root / part]:
            if path.suffix in (".py", ".toml"):
                digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """The arguments that every such run has."""
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--lines", type=Path, default=RESULTS / f"{name}.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / f"{name}.json")
    parser.add_argument(
        "--any-code", action="store_true", help="take up lines made by other versions of the code"
    )


def run(
    args: argparse.Namespace,
    tasks: list[dict[str, Any]],
    work: Callable[[dict[str, Any]], Any],
) -> tuple[list[Any], list[str]]:
    """What `work` finds for each task, from the lines that are there or made now; and the codes that made them."""
    args.lines.parent.mkdir(parents=True, exist_ok=True)
    code = code_hash()
    done: dict[str, tuple[Any, str]] = {}
    if args.lines.exists():
        for line in args.lines.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            made_by = row.get("code", "unknown")
            if args.any_code or made_by == code:
                done[_name(row["task"])] = (row["found"], made_by)
    left = {_name(task): task for task in tasks if _name(task) not in done}
    began = time.perf_counter()
    # Not forked: whoever asks may have started threads, and a fork of those stands still.
    fresh = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(args.processes, mp_context=fresh) as pool,
        args.lines.open("a", encoding="utf-8") as out,
    ):
        futures = {pool.submit(work, task): name for name, task in left.items()}
        for number, future in enumerate(as_completed(futures), 1):
            name = futures[future]
            done[name] = (future.result(), code)
            row = {"code": code, "task": left[name], "found": done[name][0]}
            out.write(json.dumps(row, sort_keys=True) + "\n")
            out.flush()
            if number % 20 == 0 or number == len(left):
                print(f"{number} of {len(left)}, {time.perf_counter() - began:.0f} s", flush=True)
    found = [done[_name(task)] for task in tasks]
    return [what for what, _ in found], sorted({made_by for _, made_by in found})


def _name(task: dict[str, Any]) -> str:
    return json.dumps(task, sort_keys=True)
