"""Rules against two readers on the narratives held out, and the readers against each other.

    python benchmarks/narrative_held_out.py            # measures the rules and writes the results and the tables
    python benchmarks/narrative_held_out.py --before   # the rules as they stood before
    python benchmarks/narrative_held_out.py --told     # what differs in the half that rules may see

The narratives are in two halves by a hash of their names. Whoever mends rules sees texts and differences of one half alone;
the figures of what to expect are of the other.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openverdict.narrative import cohen_kappa, wilson
from openverdict.narrative.patterns import phrases
from openverdict.narrative.settings import vocabulary_version

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.narrative.coded import Code, Narrative  # noqa: E402
from tests.narrative.readings import (  # noqa: E402
    READINGS,
    SENSES,
    VOICES,
    by_rules,
    development,
    measured,
    reading,
    stated,
    voices,
    voices_development,
    voices_second,
)

RESULTS = ROOT / "benchmarks" / "results" / "narrative_held_out.json"
SHIPPED = ROOT / "src" / "openverdict" / "narrative" / "data" / "held_out.json"
DRAWS, SEED = 2000, 7
KINDS = {"s": "substances", "c": "channels", "p": "places", "b": "positions"}
HALVES: dict[str, Callable[[str], bool]] = {
    "all": lambda name: True,
    "development": development,
    "untouched": lambda name: not development(name),
}

Read = dict[str, Narrative]
Found = dict[str, list[Code]]


def kind(code: str) -> str:
    """What a code speaks of: an indicator, or what its letter says."""
    return KINDS[code[0]] if code[1:2] == "." else "indicators"


def share(hits: int, of: int) -> list[float] | None:
    """A proportion with Wilson's 95 % interval; None of nothing."""
    return [round(v, 3) for v in (hits / of, *wilson(hits, of))] if of else None


def scores(hit: int, extra: int, missed: int) -> dict[str, Any]:
    """Counts, precision and recall each with an interval, and F1."""
    f1 = 2 * hit / (2 * hit + extra + missed) if hit + extra + missed else None
    return {
        "both": hit,
        "only_rules": extra,
        "only_reader": missed,
        "precision": share(hit, hit + extra),
        "recall": share(hit, hit + missed),
        "f1": None if f1 is None else round(f1, 3),
    }


def compare(read: Read, found: Found, names: Sequence[str]) -> dict[str, Any]:
    """Rules against one reading: (narrative, code) stated as present, by kind and indicator; by sense; and the spans."""
    known = set(measured())
    tally: dict[tuple[str, ...], Counter[str]] = {}

    def count(key: tuple[str, ...], gold: set[Any], said: set[Any]) -> None:
        parts = {"both": gold & said, "extra": said - gold, "missed": gold - said}
        for side, items in parts.items():
            for item in items:
                tally.setdefault((*key, *([item] if key[0] == "code" else [])), Counter())[
                    side
                ] += 1

    for name in names:
        gold = {u for u in stated(read[name]) if kind(u[0]) != "indicators" or u[0] in known}
        said = {
            (c.code, c.sense)
            for c in found[name]
            if kind(c.code) != "indicators" or c.code in known
        }
        for sense in SENSES:
            for what in ("indicators", *KINDS.values()):
                one, two = (
                    {c for c, s in side if s == sense and kind(c) == what} for side in (gold, said)
                )
                count((what, sense), one, two)
                if sense == "present" and what == "indicators":
                    count(("code",), one, two)

    def told(*key: str) -> dict[str, Any]:
        c = tally.get(key, Counter[str]())
        return scores(c["both"], c["extra"], c["missed"])

    return {
        "indicators": {
            **told("indicators", "present"),
            "f1_interval": _f1_interval(read, found, names),
        },
        "by_sense": {s: told("indicators", s) for s in SENSES},
        "spans": _spans(read, found, names),
        **{w: {s: told(w, s) for s in SENSES} for w in KINDS.values()},
        "by_indicator": {c: told("code", c) for c in measured()},
    }


def _present(codes: Sequence[Code]) -> set[str]:
    known = set(measured())
    return {c.code for c in codes if c.sense == "present" and c.code in known}


def _draws(n: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(SEED).integers(0, n, (DRAWS, n))


def _limits(values: np.ndarray[Any, Any]) -> list[float]:
    return [round(float(v), 3) for v in np.nanquantile(values, [0.025, 0.975])]


def _f1_interval(read: Read, found: Found, names: Sequence[str]) -> list[float]:
    """The bootstrap's 95 % limits of F1, narratives drawn again as wholes."""
    rows = []
    for name in names:
        gold, said = _present(read[name].codes), _present(found[name])
        rows.append((len(gold & said), len(gold) + len(said)))
    table = np.array(rows)[_draws(len(rows))].sum(axis=1)
    return _limits(2 * table[:, 0] / table[:, 1])


def _spans(one: Read | Found, two: Read | Found, names: Sequence[str]) -> dict[str, Any]:
    """Of indicators that both sides state in one sense: how many spans are the same to the character, how many overlap."""
    known = set(measured())
    shared = exact = overlap = 0
    covered: list[float] = []
    for name in names:
        sides = [_codes(side[name]) for side in (one, two)]
        for unit in sorted(
            {(c.code, c.sense) for c in sides[0]} & {(c.code, c.sense) for c in sides[1]}
        ):
            if unit[0] not in known:
                continue
            a, b = ([(c.start, c.end) for c in s if (c.code, c.sense) == unit] for s in sides)
            best = max(
                (max(0, min(x[1], y[1]) - max(x[0], y[0])) / (max(x[1], y[1]) - min(x[0], y[0])))
                for x in a
                for y in b
            )
            shared += 1
            exact += bool(set(a) & set(b))
            overlap += best > 0
            covered.append(best)
    return {
        "shared": shared,
        "same": share(exact, shared),
        "overlapping": share(overlap, shared),
        "mean_share_in_common": round(float(np.mean(covered)), 3) if covered else None,
    }


def _codes(side: Narrative | list[Code]) -> Sequence[Code]:
    return side.codes if isinstance(side, Narrative) else side


def agreement_of_readers() -> dict[str, Any]:
    """Cohen's kappa of the two readers: by indicator, over all cells, by sense and by kind, each with an interval."""
    one, two = reading("first"), reading("second")
    names = sorted(one)
    units = {n: (stated(one[n]), stated(two[n])) for n in names}
    told: dict[str, Any] = {"narratives": len(names)}
    known = measured()
    told["indicators"] = {s: _pooled(units, [(c, s) for c in known]) for s in SENSES}
    told["indicators"]["four_senses_or_none"] = _pooled_senses(units, known)
    for what in KINDS.values():
        codes = sorted(
            {c for pair in units.values() for u in pair for c, _ in u if kind(c) == what}
        )
        told[what] = _pooled(units, [(c, "present") for c in codes])
    told["spans"] = _spans(one, two, names)
    told["by_indicator"] = {}
    for code in known:
        a, b = ([(code, "present") in units[n][side] for n in names] for side in (0, 1))
        told["by_indicator"][code] = _kappa(a, b)
    return told


def _kappa(a: list[bool], b: list[bool]) -> dict[str, Any]:
    """Kappa of one yes or no over narratives, its limits Wilson's of the share agreed, chance agreement held (Cohen 1960)."""
    n, alike = len(a), sum(x == y for x, y in zip(a, b, strict=True))
    p, q = sum(a) / n, sum(b) / n
    chance = p * q + (1 - p) * (1 - q)
    low, high = ((v - chance) / (1 - chance) for v in wilson(alike, n))
    return {
        "both": sum(x and y for x, y in zip(a, b, strict=True)),
        "only_first": sum(x and not y for x, y in zip(a, b, strict=True)),
        "only_second": sum(y and not x for x, y in zip(a, b, strict=True)),
        "kappa": round(cohen_kappa(a, b), 3),
        "interval": [round(low, 3), round(high, 3)],
    }


Units = dict[str, tuple[set[tuple[str, str]], set[tuple[str, str]]]]


def _pooled(units: Units, cells: list[tuple[str, str]]) -> dict[str, Any]:
    """Kappa over all (narrative, cell), the limits by drawing narratives again as wholes."""
    table = np.array(
        [[[cell in side for cell in cells] for side in pair] for pair in units.values()]
    )
    a, b = table[:, 0, :], table[:, 1, :]
    sums = np.stack([(a & b).sum(axis=1), a.sum(axis=1), b.sum(axis=1)], axis=1)
    drawn = sums[_draws(len(sums))].sum(axis=1)
    both, first, second = sums.sum(axis=0)
    n = a.size

    def kappa(both: Any, one: Any, two: Any) -> Any:
        agreed = (n - one - two + 2 * both) / n
        chance = (one * two + (n - one) * (n - two)) / n**2
        return (agreed - chance) / (1 - chance)

    return {
        "both": int(both),
        "only_first": int(first - both),
        "only_second": int(second - both),
        "kappa": round(float(kappa(both, first, second)), 3),
        "interval": _limits(kappa(*drawn.T)),
    }


def _pooled_senses(units: Units, codes: list[str]) -> dict[str, Any]:
    """Kappa over all (narrative, indicator) of what was coded: the set of senses, or nothing."""
    a, b = (
        [tuple(s for s in SENSES if (c, s) in pair[side]) for pair in units.values() for c in codes]
        for side in (0, 1)
    )
    return {"kappa": round(cohen_kappa(a, b), 3)}


def measure() -> dict[str, Any]:
    """The rules as they are against each reading, on both halves and on all."""
    found = {name: by_rules(n.text) for name, n in reading("first").items()}
    told: dict[str, Any] = {"rules": [phrases().version, vocabulary_version()]}
    for half, belongs in HALVES.items():
        told[half] = {}
        for which in READINGS:
            read = reading(which)
            names = sorted(n for n in read if belongs(n))
            if names and len(names) == sum(belongs(n) for n in found):
                told[half][which] = {"narratives": len(names), **compare(read, found, names)}
    return told


def measure_voices() -> dict[str, Any]:
    """The rules on the narratives of other voices, in both halves, and on the routine ones and near misses among them."""
    read, known = voices(), set(measured())
    found = {name: [c for c in by_rules(n.text) if c.code in known] for name, n in read.items()}
    drawn = [n for n in read if int(n[1:]) <= VOICES]
    halves = {
        "development": [n for n in drawn if voices_development(n)],
        "validation": [n for n in drawn if not voices_development(n)],
        "near_misses": [n for n in read if int(n[1:]) > VOICES],
    }
    told: dict[str, Any] = {}
    for half, names in halves.items():
        figures = compare(read, found, names)
        kept = ("indicators", "by_sense", "spans", "by_indicator")
        told[half] = {"narratives": len(names), **{k: figures[k] for k in kept}}
    units = {n: (stated(read[n]), voices_second()[n]) for n in drawn}
    told["two_codings_of_one_author"] = {
        s: _pooled(units, [(c, s) for c in measured()]) for s in SENSES
    }
    return told


def shipped(after: dict[str, Any]) -> dict[str, Any]:
    """What the package says of its rules beside a suggestion: counts in the untouched half against the first reader."""
    half = after["untouched"]["first"]
    told = {w: half[w]["present"] for w in KINDS.values()}
    told |= {f"indicators.{code}": each for code, each in half["by_indicator"].items()}
    counts = {
        name: [each[side] for side in ("both", "only_rules", "only_reader")]
        for name, each in told.items()
    }
    return {"texts": half["narratives"], "rules": after["rules"], "counts": counts}


def differences() -> list[str]:
    """What the rules and the adjudicated reading state differently, in words; of the development half alone."""
    lines = []
    known = set(measured())
    for name, read in reading("adjudicated").items():
        if not development(name):
            continue
        said = by_rules(read.text)
        gold_units, said_units = stated(read), {(c.code, c.sense) for c in said}
        for side, codes, units in (
            ("+", said, said_units - gold_units),
            ("-", list(read.codes), gold_units - said_units),
        ):
            lines += [
                f"{c.code}\t{side}{c.sense}\t{name}\t{read.text[c.start : c.end]}"
                for c in codes
                if (c.code, c.sense) in units and (kind(c.code) != "indicators" or c.code in known)
            ]
    return sorted(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", action="store_true")
    parser.add_argument("--told", action="store_true")
    args = parser.parse_args()
    if args.told:
        print("\n".join(differences()))
        return
    told = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    told["readers"] = agreement_of_readers()
    told["before" if args.before else "after"] = measure()
    if not args.before:
        told["voices"] = measure_voices()
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if not args.before:
        SHIPPED.write_text(json.dumps(shipped(told["after"]), indent=1) + "\n", encoding="utf-8")
    for half, by_reader in told["before" if args.before else "after"].items():
        if half != "rules":
            for which, figures in by_reader.items():
                print(half, which, figures["narratives"], json.dumps(figures["indicators"]))


if __name__ == "__main__":
    main()
