"""The validation report: prints it, and writes out/validation/validation.html with its JSON twin.

    python benchmarks/validate.py            # from the stored results: seconds
    python benchmarks/validate.py --run      # runs every benchmark of the report first: hours, and it goes on where it stopped

With --any-code a run takes up lines that other versions of the code have made.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(
    0, str(ROOT)
)  # so that this runs as a script and can be imported by the documentation

from benchmarks.resume import RESULTS, code_hash  # noqa: E402

from openverdict.evaluation.validation import ROWS, Section, sections  # noqa: E402
from openverdict.evaluation.validation_page import (  # noqa: E402
    as_markdown,
    write_validation,
)

# What a run asks for: as many cities and registers as the targets do.
ASKED = {
    "power": [
        "--planted",
        "100",
        "--nulls",
        "10",
        "--settings",
        "outdoor",
        "outdoor, 60 % missing",
    ],
    "nulls": ["--registers", "1000", "--deaths-a-year", "250"],
}
WITHOUT_LINES = {"crimelinkage"}  # takes minutes, and starts anew each time


def stored(folder: Path = RESULTS) -> tuple[dict[str, Any], tuple[Section, ...]]:
    """The results that are there, and the report's sections made of them."""
    results: dict[str, Any] = {}
    days: dict[str, str | None] = {}
    for name in ROWS:
        path = folder / f"{name}.json"
        results[name] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        days[name] = _day(path)
    return results, sections(results, code_hash(), days)


def _day(path: Path) -> str | None:
    """The day on which a result was last committed; None outside a repository or before it is."""
    call = ["git", "log", "-1", "--format=%cs", "--", str(path)]
    try:
        found = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return found.stdout.strip() or None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="run the benchmarks first")
    parser.add_argument("--any-code", action="store_true", help="see above; only with --run")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "validation")
    args = parser.parse_args()
    failed = 0
    for name in ROWS if args.run else ():
        more = ["--any-code"] if args.any_code and name not in WITHOUT_LINES else []
        print(f"== {name}", flush=True)
        call = [
            sys.executable,
            str(ROOT / "benchmarks" / f"{name}.py"),
            *ASKED.get(name, []),
            *more,
        ]
        failed += subprocess.run(call, check=False).returncode != 0
    results, found = stored()
    print(as_markdown(found))
    page = write_validation(found, results, args.out)
    print(f"Open {page}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
