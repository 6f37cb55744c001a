"""Kill -9 during mixed writing: eight writers on one store are killed, again and again, and the store is looked at each time.

    python benchmarks/kill.py --rounds 100                 # SQLite and a PostgreSQL of its own; writes results/kill.json
    python benchmarks/kill.py --rounds 3 --store URL       # one store; says what it found

A round is passed when the log has no gap, no act stands without the other half of it (a decision without its first view, a
concern or a category without its clock), every entry that was acknowledged to a writer is there under that writer's name, and
the whole store verifies. In every tenth round the PostgreSQL server, too, goes down without notice and comes back from its log.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from openverdict.ledger import configure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "kill.json"
WRITERS = 8
MOST_S = 0.5  # between the last acknowledgement that is waited for and the blow
FEWEST, MOST = 8, 48  # acknowledgements that are waited for in a round
CRASH_EVERY = 10
TEXT = "Read the file and the photographs of the scene."


class Told(NamedTuple):
    """What a writer was told: these entries, from `first` up to but not with `after`, are kept."""

    writer: str
    first: int
    after: int


def prepare(url: str) -> None:
    """One case and one run that has ended: decisions are made on what a run has shown."""
    configure()
    from openverdict.cases import Fact as CaseFact
    from openverdict.cases import Status
    from openverdict.leads import Settings
    from openverdict.ledger.entering import enter_facts
    from openverdict.ledger.events import RunFinished
    from openverdict.ledger.facts import AsOf, read_store
    from openverdict.ledger.models import RunEnd
    from openverdict.ledger.runs import DONE, plan_run
    from openverdict.ledger.store import open_store

    by = {"actor": "k", "purpose": "kill_test"}
    with open_store(url) as store:
        with store.writing(**by) as writer:
            known = datetime(2024, 1, 1)
            fact = CaseFact("A", "found_at", "2024-01-01", Status.RECORDED, known, None, "k", "k")
            enter_facts(store, writer, [fact])
        register = read_store(store).register
        run = plan_run(
            store,
            register,
            Settings(replicates=0),
            as_of=AsOf(),
            entries=store.size(),
            program_version="0",
            **by,
        )
        told: dict[str, Any] = {
            "pairs_total": 0,
            "pairs_ledger": 0,
            "pairs_remainder": 0,
            "leads": 0,
        }
        end = RunEnd(run_id=run, variables="[]", outputs="{}", summary="{}", **told)
        with store.writing(**by) as writer:
            writer.record(RunFinished, [end], run=str(run), outcome=DONE, **told)


def write_for_ever(url: str, name: str, acknowledged: Path, seed: int) -> None:
    """One writer: facts, corrections, decisions, concerns, categories, checkpoints; each acknowledged once it is committed."""
    configure()
    from openverdict.cases import Fact as CaseFact
    from openverdict.cases import Status
    from openverdict.decisions import Opinion, case, decide, first_view, show
    from openverdict.decisions.duties import categorise, raise_concern
    from openverdict.ledger.entering import correct_fact, enter_facts
    from openverdict.ledger.models import Run
    from openverdict.ledger.store import open_store

    dice = random.Random(seed)
    store = open_store(url)
    run = store.rows(Run).order_by("-id").first().id
    known = datetime(2024, 1, 1)
    last: tuple[str, int] | None = None
    undecided: list[str] = []
    out = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    parent = os.getppid()
    for number in range(1_000_000):
        if os.getppid() != parent:
            return  # nobody is left to strike the blow
        key = f"{name}-{number}"
        what = dice.random()
        with store.writing(name, "kill_test") as writer:
            first = writer.size
            if what < 0.35 or last is None or not undecided:
                facts = [
                    CaseFact(key, "found_at", "2024-01-01", Status.RECORDED, known, None, "k", "k"),
                    CaseFact(key, "age_years", "30", Status.RECORDED, known, None, "k", "k"),
                ]
                last = key, enter_facts(store, writer, facts)[1]
                undecided.append(key)
            elif what < 0.5:
                of, fact = last
                new = CaseFact(of, "age_years", "31", Status.RECORDED, known, None, "k", "k")
                last = of, correct_fact(store, writer, fact, new, "test")
            elif what < 0.75:
                # In one transaction what people do in four: more of it lies open when the blow falls.
                writer.flush()
                subject = case(store, undecided.pop())
                seen = show(store, writer, subject, run=run, ratio=False)
                first_view(store, writer, seen, "possibly", TEXT)
                seen = show(store, writer, subject, run=run, ratio=True)
                said = Opinion("not_enough_information", ("record_thin",), TEXT)
                decide(store, writer, seen, said)
            elif what < 0.86:
                raise_concern(store, writer, [last[0]], "family", TEXT)
            elif what < 0.97 or not store.keys:
                categorise(store, writer, last[0], "unexplained", TEXT, done=[])
            else:
                writer.checkpoint(*store.keys)
            after = writer.size
        os.write(out, f"{first} {after}\n".encode())


def kill_rounds(
    url: str,
    rounds: int,
    seed: int = 1,
    writers: int = WRITERS,
    crash: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Rounds of writing and killing on one store; the counts, and every fault that was found. `crash`: of the server."""
    prepare(url)
    dice = random.Random(seed)
    faults: list[str] = []
    told: list[Told] = []
    crashes = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            names = [f"r{number}w{place}" for place in range(writers)]
            files = {name: Path(folder) / name for name in names}
            children = [_fork(url, name, path, dice.random()) for name, path in files.items()]
            _until_they_write(list(files.values()), dice.randint(FEWEST, MOST))
            time.sleep(dice.uniform(0, MOST_S))
            down = crash is not None and (number + 1) % CRASH_EVERY == 0
            failed = _failures(files)  # before the server goes: then they may well fail
            if crash is not None and down:
                crash()
                crashes += 1
            dice.shuffle(children)
            for child in children:
                os.kill(child, signal.SIGKILL)
                time.sleep(dice.choice([0, 0, 0.01]))
            for child in children:
                os.waitpid(child, 0)
            for name, path in files.items():
                # A last line may be cut off: then nobody was told.
                lines = path.read_text().split("\n")[:-1] if path.exists() else []
                told += [Told(name, *map(int, line.split())) for line in lines]
            failed = failed if down else _failures(files)
            faults += [f"round {number + 1}: {fault}" for fault in [*failed, *look(url, told)]]
            print(
                f"round {number + 1}: {len(told):,} acknowledged, {len(faults)} faults",
                file=sys.stderr,
                flush=True,
            )
    return {
        "rounds": rounds,
        "writers": writers,
        "kills": rounds * writers,
        "server_crashes": crashes,
        "acknowledged": len(told),
        **_counts(url),
        "faults": faults,
    }


def look(url: str, told: list[Told]) -> list[str]:
    """What is wrong with the store after a blow."""
    from openverdict.ledger.models import Event
    from openverdict.ledger.store import open_store
    from openverdict.ledger.verifying import Outcome, verify

    faults = []
    with open_store(url, migrate=False) as store:
        verdict = verify(store)
        if verdict.outcome is not Outcome.INTACT:
            faults.append(f"verify: {verdict.first or verdict.doubts}")
        actors = dict(store.rows(Event).order_by("seq").values_list("seq", "actor"))
        if list(actors) != list(range(len(actors))):
            faults.append("the sequence has a gap")
        lost = [t for t in told if any(actors.get(s) != t.writer for s in range(t.first, t.after))]
        if lost:
            faults.append(f"acknowledged and lost: {lost[:3]}")
        if halves := _halves(store):
            faults.append(f"half acts: {halves[:3]}")
    return faults


def _halves(store: Any) -> list[str]:
    """Acts of which only a part stands."""
    from openverdict.decisions.models import Category, Clock, Concern, Decision, FirstView, Shown

    def counted(model: Any, *columns: str, **where: Any) -> Counter[Any]:
        return Counter(store.rows(model).filter(**where).values_list(*columns))

    decided = counted(Decision, "user", "subject")
    found = []
    if counted(FirstView, "user", "subject") != decided:
        found.append("a decision without its first view, or the other way about")
    if any(counted(Shown, "user", "subject", ratio_shown=ratio) != decided for ratio in (0, 1)):
        found.append("a decision without what was shown, or the other way about")
    for model, kind in ((Concern, "concern"), (Category, "category")):
        numbers = Counter({(str(n),): c for (n,), c in counted(model, "id").items()})
        if counted(Clock, "subject", subject_kind=kind) != numbers:
            found.append(f"a {kind} without its clock, or the other way about")
    return found


def _counts(url: str) -> dict[str, int]:
    from openverdict.decisions.models import Decision
    from openverdict.ledger.store import open_store

    with open_store(url, migrate=False) as store:
        return {"entries": store.size(), "decisions": store.rows(Decision).count()}


def _fork(url: str, name: str, acknowledged: Path, seed: float) -> int:
    child = os.fork()
    if child:
        return child
    try:
        write_for_ever(url, name, acknowledged, int(seed * 2**31))
    except BaseException as error:  # told, and then the child is gone as if it had been killed
        acknowledged.with_suffix(".failed").write_text(f"writer {name}: {error!r}")
    finally:
        os._exit(1)
    return 0


def _failures(files: dict[str, Path]) -> list[str]:
    """What writers say who ended by themselves."""
    said = (path.with_suffix(".failed") for path in files.values())
    return [path.read_text() for path in said if path.exists()]


def _until_they_write(files: list[Path], enough: int, longest_s: float = 60.0) -> None:
    """Wait until they have so many transactions acknowledged between them."""
    began = time.monotonic()
    while time.monotonic() - began < longest_s:
        if sum(path.read_bytes().count(b"\n") for path in files if path.exists()) >= enough:
            return
        time.sleep(0.02)


@contextmanager
def stores() -> Iterator[dict[str, tuple[str, Callable[[], None] | None]]]:
    """An empty store on each engine, and how its server crashes: a PostgreSQL of its own, with durable settings."""
    from tests.ledger.postgres import Cluster, find_binaries

    from openverdict.ledger.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        made: dict[str, tuple[str, Callable[[], None] | None]] = {
            "sqlite": (str(Path(folder) / "store.db"), None)
        }
        binaries = find_binaries()
        cluster = None if binaries is None else Cluster.start(binaries, in_memory=False)
        try:
            if cluster is not None:
                cluster.execute("CREATE DATABASE store")
                made["postgresql"] = cluster.url("store"), cluster.crash
            for url, _ in made.values():
                open_store(url, create=True).close()
            yield made
        finally:
            if cluster is not None:
                cluster.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--store")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.store:
        found = kill_rounds(given.store, given.rounds, given.seed)
        print(json.dumps(found))
        return 1 if found["faults"] else 0
    found = {}
    with stores() as made:
        for name, (url, crash) in made.items():
            found[name] = kill_rounds(url, given.rounds, given.seed, crash=crash)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    return 1 if any(result["faults"] for result in found.values()) else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
