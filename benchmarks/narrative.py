"""How well texts are read: substances against 22 labels of open cause-of-death texts, indicators against coded narratives.

    python benchmarks/narrative.py                    # writes results/narrative.json
    python benchmarks/narrative.py --disagreements    # prints the row numbers and labels of the held-out disagreements
    python benchmarks/narrative.py --read 40          # and, on the terminal only, the texts of so many of them
    python benchmarks/narrative.py --unmarked         # the narratives without their codes, for a second reader

Rows are halved by the hash of their number: rules were written on one half, figures are of the other. No text of the data
is written anywhere; the verdicts on disagreements stand by row number in `narrative_verdicts.csv`.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from openverdict.cases import substances
from openverdict.narrative import Assertion, cohen_kappa, suggest, suggest_substances

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.narrative.coded import (  # noqa: E402
    Narrative,
    indicator_counts,
    narratives,
    second_reading,
    sense_of,
)

RESULTS = ROOT / "benchmarks" / "results" / "narrative.json"
VERDICTS = ROOT / "benchmarks" / "results" / "narrative_verdicts.csv"
SAMPLE, SEED = 200, 7
UNSAID = {Assertion.NEGATED, Assertion.NOT_TESTED}
REPEATS = 4

# What the labels call a class, as the development half shows it. Where that departs from pharmacology it is the labels' own
# codebook that is followed: xylazine among antihistamines, no diphenhydramine there, no bupropion among antidepressants.
PRESCRIBED_OPIOIDS = {
    "methadone",
    "oxycodone",
    "morphine",
    "tramadol",
    "hydrocodone",
    "buprenorphine",
    "hydromorphone",
    "codeine",
    "naltrexone",
    "tapentadol",
    "meperidine",
    "oxymorphone",
    "dihydrocodeine",
}
ANTICONVULSANTS = {
    "gabapentin",
    "diazepam",
    "nordiazepam",
    "topiramate",
    "lamotrigine",
    "pregabalin",
    "levetiracetam",
    "phenobarbital",
    "lacosamide",
    "carbamazepine",
    "oxcarbazepine",
    "phenytoin",
    "valproic_acid",
    "zonisamide",
    "primidone",
}
ANTIHISTAMINES = {
    "xylazine",
    "hydroxyzine",
    "doxylamine",
    "chlorpheniramine",
    "loratadine",
    "cetirizine",
    "triprolidine",
    "brompheniramine",
}
MUSCLE_RELAXANTS = {
    "cyclobenzaprine",
    "carisoprodol",
    "methocarbamol",
    "tizanidine",
    "baclofen",
    "metaxalone",
    "orphenadrine",
}
BARBITURATES = {"butalbital", "pentobarbital", "secobarbital", "barbiturate"}
HALLUCINOGENS = {"ketamine", "lsd", "psilocybin", "dmt"}


def codebook() -> dict[str, set[str]]:
    """Label to the codes that carry it."""
    known = substances()
    fentanyls = {c for c, s in known.items() if s.family == "fentanyls"}
    classes = {
        "Anti-psychotic": {c for c, s in known.items() if s.klass == "antipsychotic"},
        "Anti-Depressant": {c for c, s in known.items() if s.klass == "antidepressant"}
        - {"bupropion", "amitriptyline"},
        "Anticonvulsant": ANTICONVULSANTS,
        "Antihistamine": ANTIHISTAMINES,
        "Muscle Relaxants": MUSCLE_RELAXANTS,
        "Barbiturates": BARBITURATES,
        "Hallucinogens": HALLUCINOGENS,
    }
    single = {
        "Methamphetamine": {"methamphetamine"},
        "MDMA": {"mdma"},
        "MDA": {"mda"},
        "Amphetamine": {"amphetamine"},
        "Heroin": {"heroin"},
        "Cocaine": {"cocaine"},
        "Fentanyl": fentanyls,
        "Alcohol": {"ethanol"},
        "Xanax": {"alprazolam"},
        "Flualprazolam": {"flualprazolam"},
        "Opioid": {"opioid_unspecified", "other_opioid"},
    }
    opioids = single["Opioid"] | PRESCRIBED_OPIOIDS | single["Heroin"] | fentanyls
    others = set().union(*classes.values(), *(single[k] for k in ("MDMA", "MDA", "Amphetamine")))
    return {
        **single,
        "Prescription.opioids": PRESCRIBED_OPIOIDS,
        "Any Opioids": opioids,
        **classes,
        "Benzodiazepines": {c for c, s in known.items() if s.family == "benzodiazepine"},
        "Others": others | single["Methamphetamine"],
    }


def held_out(row: int) -> bool:
    """Whether a row belongs to the half that figures are of."""
    return int(hashlib.sha256(str(row).encode()).hexdigest(), 16) % 2 == 1


def load(folder: Path) -> tuple[list[str], dict[str, list[bool]]]:
    """The texts (primary cause, then secondary) and the labels."""
    table = pl.read_csv(
        folder / "cause_of_death_text" / "coroner_nlp_2020.csv", infer_schema_length=0
    )
    columns = ("Primary Cause", "Secondary Cause/ Injury Description")
    texts = [f"{a or ''}. {b or ''}" for a, b in zip(*(table[c] for c in columns), strict=True)]
    return texts, {name: [float(v) > 0 for v in table[name]] for name in codebook()}


def read_codes(texts: Iterable[str]) -> list[set[str]]:
    """The substances that each text says, negated ones left out."""
    return [
        {s.value for s in suggest_substances(text) if s.assertion not in UNSAID} for text in texts
    ]


def scores(hit: int, extra: int, missed: int) -> dict[str, float]:
    """Precision, recall and F1 with their counts."""
    return {
        "true": hit,
        "only_rules": extra,
        "only_labels": missed,
        "precision": round(hit / max(hit + extra, 1), 4),
        "recall": round(hit / max(hit + missed, 1), 4),
        "f1": round(2 * hit / max(2 * hit + extra + missed, 1), 4),
    }


def disagreements(
    codes: list[set[str]], labels: dict[str, list[bool]], rows: list[int]
) -> list[tuple[int, str, str]]:
    """(row, label, side) where only the rules (`rules`) or only the labels (`labels`) say it."""
    found = []
    for label, members in codebook().items():
        for row in rows:
            said = bool(codes[row] & members)
            if said != labels[label][row]:
                found.append((row, label, "rules" if said else "labels"))
    return sorted(found)


def against_labels(
    codes: list[set[str]], labels: dict[str, list[bool]], rows: list[int]
) -> dict[str, Any]:
    """Scores by label and over all, as labelled and after the verdicts of a reader on disagreements."""
    wrong = disagreements(codes, labels, rows)
    verdicts = _verdicts()
    by_label: dict[str, Any] = {}
    raw, mended = Counter[str](), Counter[str]()
    for label, members in codebook().items():
        hit = sum(bool(codes[r] & members) and labels[label][r] for r in rows)
        sides = Counter(side for _, name, side in wrong if name == label)
        by_label[label] = scores(hit, sides["rules"], sides["labels"])
        raw.update(hit=hit, rules=sides["rules"], labels=sides["labels"])
    mended.update(raw)
    for row, label, side in wrong:
        if verdicts.get((row, label)) != "rules":
            continue
        # The reader found the rules right: what only they said is true, what only the labels said is not.
        mended[side] -= 1
        mended["hit"] += side == "rules"
    judged = [verdicts[row, label] for row, label, _ in wrong if (row, label) in verdicts]
    return {
        "texts": len(rows),
        "by_label": by_label,
        "overall": scores(raw["hit"], raw["rules"], raw["labels"]),
        "overall_after_reading": scores(mended["hit"], mended["rules"], mended["labels"]),
        "disagreements": len(wrong),
        "read": len(judged),
        "right": dict(Counter(judged)),
        "by_category": _categories(wrong),
    }


def _verdicts() -> dict[tuple[int, str], str]:
    if not VERDICTS.exists():
        return {}
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return {(int(r["row"]), r["label"]): r["right"] for r in csv.DictReader(file)}


def _categories(wrong: list[tuple[int, str, str]]) -> dict[str, int]:
    if not VERDICTS.exists():
        return {}
    standing = {(row, label) for row, label, _ in wrong}
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if (int(r["row"]), r["label"]) in standing]
    return dict(Counter(f"{r['right']}: {r['category']}" for r in rows).most_common())


def of_narratives() -> dict[str, Any]:
    """Indicators, spans and substances of the coded narratives, apart by how far the rules knew them."""
    told: dict[str, Any] = {}
    sets = {"written_with": "N", "mended_on_first": "F", "mended_on_second": "G", "held_out": "H"}
    for name, letter in sets.items():
        chosen = [n for n in narratives() if n.name.startswith(letter)]
        both, extra, missed, _ = indicator_counts(chosen)
        codes = sorted({*both, *extra, *missed})
        told[name] = {
            "narratives": len(chosen),
            "indicators": scores(*(sum(c.values()) for c in (both, extra, missed))),
            "by_indicator": {c: scores(both[c], extra[c], missed[c]) for c in codes},
            "spans": _spans(chosen),
            "substances": _substance_mentions(chosen),
        }
    second = second_reading()
    if second:
        told["two_readings"] = _two_readings(second)
    return told


def _spans(chosen: list[Narrative]) -> dict[str, float]:
    """Of indicators that both the reader and the rules state: how far their spans cover the same characters."""
    shared, overlapping, covered = 0, 0, 0.0
    for n in chosen:
        found = [s for s in suggest(n.text) if s.field == "indicators"]
        for c in n.codes:
            spans = [(s.start, s.end) for s in found if s.value == c.code]
            if not spans or c.sense != "present":
                continue
            best = max(max(0, min(c.end, b) - max(c.start, a)) for a, b in spans)
            shared += 1
            overlapping += best > 0
            covered += best / (c.end - c.start)
    return {
        "shared": shared,
        "overlap": round(overlapping / max(shared, 1), 4),
        "mean_share_of_the_readers_span": round(covered / max(shared, 1), 4),
    }


def _substance_mentions(chosen: list[Narrative]) -> dict[str, Any]:
    """Mentions of substances by code and first character, and the share in the sense that the reader coded."""
    counts, alike = Counter[str](), 0
    for n in chosen:
        gold = {(c.code[2:], c.start): c.sense for c in n.codes if c.code.startswith("s.")}
        found = {(s.value, s.start): sense_of(s) for s in suggest_substances(n.text)}
        counts.update(both=len(gold.keys() & found.keys()))
        counts.update(extra=len(found.keys() - gold.keys()), missed=len(gold.keys() - found.keys()))
        alike += sum(gold[k] == found[k] for k in gold.keys() & found.keys())
    told: dict[str, Any] = scores(counts["both"], counts["extra"], counts["missed"])
    return {**told, "same_sense": round(alike / max(counts["both"], 1), 4)}


def _two_readings(second: dict[str, set[str]]) -> dict[str, Any]:
    """Cohen's kappa over (narrative, indicator), both readings saying present or not."""
    first = {
        n.name: {c.code for c in n.codes if "." not in c.code and c.sense == "present"}
        for n in narratives()
        if n.name in second
    }
    codes = sorted(set().union(*first.values(), *second.values()))
    cells = [(n, c) for n in sorted(first) for c in codes]
    one, two = ([c in side[n] for n, c in cells] for side in (first, second))
    return {"narratives": len(first), "cells": len(cells), "kappa": round(cohen_kappa(one, two), 4)}


def _count(texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        suggest(text)
    return time.process_time() - began


def _count_substances(texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        suggest_substances(text)
    return time.process_time() - began


def speed(texts: list[str], processes: int) -> dict[str, Any]:
    """Texts a second on so many processes, everything and substances alone; the start is left out.

    `wall` is by the clock, whatever else the machine does; `cpu` by the seconds that the processes had a core.
    """
    parts = [texts[i::processes] for i in range(processes)]
    told: dict[str, Any] = {}
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for name, work in (("all_rules", _count), ("substances_only", _count_substances)):
            pool.map(work, [part[:200] for part in parts], chunksize=1)  # reads the rules
            wall = cpu = float("inf")
            for _ in range(REPEATS):
                began = time.perf_counter()
                used = pool.map(work, parts, chunksize=1)
                wall = min(wall, time.perf_counter() - began)
                cpu = min(cpu, max(used))
            told[f"{name}_texts_per_s_wall"] = round(len(texts) / wall)
            told[f"{name}_texts_per_s_cpu"] = round(len(texts) / cpu)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--disagreements", action="store_true")
    parser.add_argument("--read", type=int, default=0)
    parser.add_argument("--dev", action="store_true", help="the development half instead")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--unmarked", action="store_true", help="narratives for a second reader")
    args = parser.parse_args()
    if args.unmarked:
        for n in narratives():
            print(n.name, n.text, sep="\t")
        return
    folder = Path(os.environ.get("OPENVERDICT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        print(f"no folder {folder}: set OPENVERDICT_DATA to the folder of real registers")
        return
    texts, labels = load(folder)
    rows = [r for r in range(len(texts)) if held_out(r) != args.dev]
    codes = read_codes(texts)
    if args.disagreements or args.read:
        wrong = disagreements(codes, labels, rows)
        drawn = wrong if len(wrong) <= SAMPLE else random.Random(SEED).sample(wrong, SAMPLE)
        print(len(wrong), "disagreements")
        for row, label, side in sorted(drawn)[: args.read or None]:
            print(row, label, side, texts[row] if args.read else "", sep="\t")
        return
    told = {
        "python": platform.python_version(),
        "held_out": against_labels(codes, labels, rows),
        "narratives": of_narratives(),
        "speed": {
            "load_average": round(os.getloadavg()[0], 1),
            "processes": args.processes,
            "texts": len(texts),
            **speed(texts, args.processes),
            # No two of these are alike, and each is several sentences.
            "narratives": speed([n.text for n in narratives()] * 10, args.processes),
        },
    }
    if not args.dev:
        RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
