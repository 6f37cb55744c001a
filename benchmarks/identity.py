"""How well records of one person are found on made-up registers with known truth, beside exact rules and Splink as it comes.

    python benchmarks/identity.py                  # writes results/identity.json; some minutes on two cores
    python benchmarks/identity.py --records 20000  # smaller, printed only
    python benchmarks/identity.py --ship           # trains the shipped model anew and writes it into the package

Settings were chosen on seed 1. The model is learned from the register of seed 10 and frozen; figures are of the registers of
seeds 11 and 12, which neither has seen: the first as noisy as the one that was learned from, the second also twice as noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from openverdict.identity import cluster, propose, read_persons, stand, write_model, write_run
from openverdict.identity.blocking import candidates
from openverdict.identity.clusters import Link, components
from openverdict.identity.engine import duckdb_api, linker
from openverdict.identity.made_up import MadeUp, made_up
from openverdict.identity.model import FrozenModel
from openverdict.identity.read import Records
from openverdict.identity.run import Run
from openverdict.identity.secret import Secret
from openverdict.identity.train import train

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "identity.json"
SHIPPED = ROOT / "src" / "openverdict" / "identity" / "data" / "shipped_model.json"
SECRET = Secret(bytes(32))
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
NAMESAKES = 1_000
TRUE_SHARE, FOUND_SHARE, SECONDS, CUT = 0.99, 0.95, 120.0, 0.95
FROZEN_AT = "identities at 0.95, model learned from another register"
WHOLE = "reading, learning, comparing, writing"


class Truth:
    """Which records are of one person, by key, and how many pairs of them there are."""

    def __init__(self, made: MadeUp, records: Records) -> None:
        told = pl.DataFrame(
            {"record_id": made.records["record_id"], "person": made.person, "stock": made.stock}
        )
        table = records.table.join(told, on="record_id", how="left", maintain_order="left")
        self.person = table["person"].to_numpy()
        self.stock = table["stock"].to_list()
        self.row = {key: rid for rid, key in enumerate(table["key"])}
        sizes = np.unique(self.person, return_counts=True)[1].astype(np.int64)
        self.pairs = int((sizes * (sizes - 1) // 2).sum())

    def of_groups(self, groups: Iterable[Iterable[int]]) -> dict[str, Any]:
        """Precision and recall over pairs of records that groups put together, and false pairs with a namesake."""
        right = wrong = namesakes = 0
        for group in groups:
            members = list(group)
            counts = Counter(self.person[members].tolist())
            within = sum(n * (n - 1) // 2 for n in counts.values())
            right += within
            wrong += len(members) * (len(members) - 1) // 2 - within
            if len(counts) > 1:
                namesakes += sum(self.stock[m] == "namesake" for m in members)
        return _rates(right, wrong, self.pairs) | {"namesakes_joined": namesakes}

    def of_pairs(self, left: Any, right: Any) -> dict[str, Any]:
        """The same over the pairs themselves."""
        same = self.person[left] == self.person[right]
        return _rates(int(same.sum()), int((~same).sum()), self.pairs)


def _rates(right: int, wrong: int, pairs: int) -> dict[str, Any]:
    return {
        "precision": round(right / max(right + wrong, 1), 5),
        "recall": round(right / pairs, 5),
        "true_pairs_found": right,
        "false_pairs": wrong,
    }


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    clock, used = time.perf_counter(), sum(os.times()[:4])
    yield
    into[f"{name}_s"] = round(time.perf_counter() - clock, 1)
    into[f"{name}_core_s"] = round(sum(os.times()[:4]) - used, 1)


def read(made: MadeUp, folder: Path) -> Records:
    path = folder / "people.csv"
    made.records.write_csv(path)
    records = read_persons([path], SECRET)
    path.unlink()
    return records


def links(run: Run, threshold: float) -> list[Link]:
    free = run.proposals.filter(
        pl.col("held_back").is_null() & (pl.col("probability") >= threshold)
    )
    return [
        Link(*row) for row in free.select("record_a", "record_b", "bits", "probability").iter_rows()
    ]


def by_threshold(run: Run, truth: Truth) -> list[dict[str, Any]]:
    """At each threshold: by probability alone, with the rules that hold pairs back, and as identities checked for chains."""
    contradictions = {(a, b): why for a, b, why in run.contradictions.iter_rows()}
    told = []
    for threshold in THRESHOLDS:
        alone = run.proposals.filter(pl.col("probability") >= threshold)
        a, b = (alone[f"record_{side}"].replace_strict(truth.row).to_numpy() for side in "ab")
        kept = links(run, threshold)
        made = cluster(kept, contradictions)
        unchecked = components((x.a, x.b) for x in kept)
        told.append(
            {
                "threshold": threshold,
                "probability_alone": truth.of_pairs(a, b),
                "with_rules": truth.of_pairs(
                    [truth.row[x.a] for x in kept], [truth.row[x.b] for x in kept]
                ),
                "joined_without_check_of_chains": truth.of_groups(
                    [truth.row[key] for key in group] for group in unchecked
                ),
                "identities": truth.of_groups(
                    [truth.row[key] for key in identity.records] for identity in made.identities
                ),
                "links_set_aside": len(made.set_aside),
            }
        )
    return told


def by_stock(run: Run, truth: Truth) -> dict[str, Any]:
    """Recall of identities by the stock of names: the lists know English ones best."""
    where = {}
    for number, identity in enumerate(stand(run).clusters.identities):
        where.update(dict.fromkeys((truth.row[key] for key in identity.records), number))
    found, all_pairs = Counter(), Counter()
    order = np.argsort(truth.person, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(truth.person[order])) + 1):
        stock = truth.stock[group[0]]
        all_pairs[stock] += len(group) * (len(group) - 1) // 2
        kept = Counter(where[m] for m in group.tolist() if m in where)
        found[stock] += sum(n * (n - 1) // 2 for n in kept.values())
    return {
        stock: {"pairs": n, "recall": round(found[stock] / n, 4)}
        for stock, n in sorted(all_pairs.items())
        if n
    }


def exact(records: Records, truth: Truth) -> dict[str, Any]:
    """Two exact rules that people use, joined as they are."""
    rows = records.table
    names_and_day = ("forename", "surname", "dob")
    rules = {
        "forename, surname and date of birth": (names_and_day,),
        "number, or forename, surname, date of birth and postcode": (
            ("number",),
            (*names_and_day, "postcode"),
        ),
    }
    return {name: truth.of_groups(_joined(rows, keys)) for name, keys in rules.items()}


def _joined(rows: pl.DataFrame, keys: Iterable[tuple[str, ...]]) -> list[list[int]]:
    pairs = []
    for columns in keys:
        groups = rows.drop_nulls(columns).group_by(columns, maintain_order=True).agg("rid")
        for group in groups["rid"].to_list():
            pairs += [(f"{group[0]:08d}", f"{other:08d}") for other in group[1:]]
    return [[int(key) for key in group] for group in components(pairs)]


def splink_as_it_comes(records: Records, truth: Truth) -> dict[str, Any]:
    """Splink's ready-made comparisons and its training as its tutorial has it, its own clusters, no rules of ours."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    table = records.table.select(
        "rid", "forename", "surname", "dob", "sex", "postcode", "place", "number"
    ).with_columns(
        dob=pl.concat_str(
            *(pl.col("dob").str.slice(start, length) for start, length in ((0, 4), (4, 2), (6, 2))),
            separator="-",
        ),
        postcode=pl.col("postcode").str.replace(r"^(.*)(.{3})$", "$1 $2"),
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[
            cl.ForenameSurnameComparison("forename", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode"),
            cl.ExactMatch("place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("number"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("forename", "surname"),
            block_on("surname", "dob"),
            block_on("forename", "dob"),
            block_on("postcode", "forename"),
            block_on("number"),
        ],
    )
    rules = [
        "l.forename = r.forename and l.surname = r.surname and l.dob = r.dob",
        "l.number = r.number",
    ]
    timing: dict[str, float] = {}
    told: list[dict[str, Any]] = []
    with timed(timing, "all"), duckdb_api() as api:
        job = linker(api, table, settings.create_settings_dict("duckdb"), "people")
        job.training.estimate_probability_two_random_records_match(rules, recall=0.7)
        job.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
        job.training.estimate_parameters_using_expectation_maximisation(
            block_on("forename", "surname")
        )
        job.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
        scored = job.inference.predict(threshold_match_probability=0.5, warning_mode="never")
        frame = pl.from_arrow(
            scored.query_sql("select rid_l, rid_r, match_probability from {this}")
            .as_duckdbpyrelation()
            .to_arrow_table()
        )
    for threshold in THRESHOLDS:
        kept = frame.filter(pl.col("match_probability") >= threshold)
        groups = components(
            (f"{a:08d}", f"{b:08d}") for a, b in kept.select("rid_l", "rid_r").iter_rows()
        )
        joined = truth.of_groups([int(key) for key in group] for group in groups)
        told.append({"threshold": threshold, "clusters": joined})
    return {"timing": timing, "by_threshold": told}


def measure(
    records: int, seed: int, folder: Path, model: FrozenModel | None = None, **how: Any
) -> tuple[dict[str, Any], Records, Truth, Run]:
    made = made_up(records, seed, **how)
    timing: dict[str, float] = {}
    with timed(timing, "whole"):
        with timed(timing, "reading"):
            people = read(made, folder)
        with timed(timing, "proposing"):
            proposed = propose(people, SECRET, model)
        with timed(timing, "writing_and_clustering"):
            run = write_run(
                folder / f"run{seed}-{len(list(folder.iterdir()))}", proposed, people, SECRET
            )
    truth = Truth(made, people)
    said = {
        "records": len(people),
        "seed": seed,
        **how,
        "true_pairs": truth.pairs,
        "timing": timing,
        "model": proposed.model.hash,
        "trained_here": model is None,
        "counts": proposed.counts,
        "by_threshold": by_threshold(run, truth),
        "recall_by_stock_of_names": by_stock(run, truth),
    }
    return said, people, truth, run


def learn(records: int, seed: int, folder: Path) -> tuple[FrozenModel, dict[str, Any]]:
    """A model of a register of its own, frozen, and what it was learned from."""
    timing: dict[str, float] = {}
    made = made_up(records, seed)
    with timed(timing, "whole"):
        people = read(made, folder)
        model = train(people, candidates(people.table), SECRET)
    told = {"timing": timing, "model": model.hash, **model.trained, "register_seed": seed}
    return model, told


def targets(frozen: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """What was asked, beside what was found; time by the clock, which hangs on what else is running, and of processors."""
    at = next(row for row in frozen["by_threshold"] if row["threshold"] == CUT)["identities"]
    return {
        "precision": reached(at["precision"], TRUE_SHARE, FROZEN_AT),
        "recall": reached(at["recall"], FOUND_SHARE, FROZEN_AT),
        "namesakes_joined": reached(-at["namesakes_joined"], 0, FROZEN_AT),
        "seconds": reached(-here["timing"]["whole_s"], -SECONDS, WHOLE),
        "processor_seconds": reached(-here["timing"]["whole_core_s"], -SECONDS, WHOLE),
    }


def tell(part: str, outcome: dict[str, Any]) -> None:
    """A part as soon as it is there: the whole takes long on a busy machine."""
    print(json.dumps({part: outcome}), file=sys.stderr, flush=True)


def reached(found: float, wanted: float, of: str) -> dict[str, Any]:
    """A figure beside what was asked; what should be small comes with its sign turned."""
    return {"found": abs(found), "asked": abs(wanted), "reached": found >= wanted, "of": of}


def ship() -> None:
    """A model of made-up records without frequencies, which each file then counts for itself."""
    made = made_up(200_000, seed=101)
    with tempfile.TemporaryDirectory() as name:
        people = read(made, Path(name))
    model = train(people, candidates(people.table), SECRET)
    told = {**model.trained, "on": "made-up records (made_up, seed 101)"}
    SHIPPED.write_bytes(write_model(replace(model, frequencies={}, secret="", trained=told)))
    print(f"{SHIPPED.name}: {model.hash}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--ship", action="store_true")
    args = parser.parse_args()
    if args.ship:
        ship()
        return
    from openverdict.identity import read_model

    n = args.records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        both = {"namesakes": NAMESAKES, "crowd": NAMESAKES}
        model, learning = learn(n, 10, folder)
        tell("learning", learning)
        here, *_ = measure(n, 11, folder, **both)
        tell("learned from the same records", here)
        frozen, people, truth, _ = measure(n, 11, folder, model, **both)
        tell("frozen", frozen)
        peers = {"exact": exact(people, truth)}
        tell("exact", peers["exact"])
        harsher, noisy_people, noisy_truth, _ = measure(n, 12, folder, model, noise=2.0, **both)
        harsher["exact"] = exact(noisy_people, noisy_truth)
        tell("twice as noisy", harsher)
        spoilt, *_ = measure(n // 2, 12, folder, model, spoilt=True, **both)
        tell("namesakes spoilt too", spoilt)
        shipped, *_ = measure(n // 2, 12, folder, read_model("shipped"))
        tell("shipped", shipped)
        peers["splink_as_it_comes"] = splink_as_it_comes(people, truth)
    told = {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 1),
        "targets": targets(frozen, here),
        "learning": learning,
        "register": frozen,
        "peers_on_the_same_records": peers,
        "learned_from_the_same_records": here,
        "twice_as_noisy": harsher,
        "namesakes_spoilt_too": spoilt,
        "shipped_model": shipped,
    }
    if n == 100_000:
        RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
