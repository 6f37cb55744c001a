"""Openverdict: which unexpected deaths deserve a second look, which may belong together, and how often chance does that.

    from openverdict import explain, read_register, review, write_review

    intake = read_register("register.csv")
    result = review(intake, budget=6.0, seed=1)
    for lead in result.series_leads:
        print(lead.rank, lead.cases, lead.log10_lr, lead.chance_per_year)
    print(explain(intake, "A", "B").log10_lr)
    write_review(result, Path("out"))

Everything is imported when first asked for, so that the command line starts at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openverdict.arrivals import Arrivals, PreparedRegister, save_prepared, write_arrivals
    from openverdict.cases import Register
    from openverdict.intake import Intake
    from openverdict.leads import Lead, Link, Review, Triage
    from openverdict.leads.inclusion import Inclusion
    from openverdict.reports import write_review

__version__ = "0.1.0"
__all__ = [
    "Arrivals",
    "Intake",
    "Lead",
    "Link",
    "PreparedRegister",
    "Register",
    "Review",
    "Triage",
    "arrive",
    "explain",
    "load_prepared",
    "prepare_register",
    "read_register",
    "review",
    "save_prepared",
    "write_arrivals",
    "write_review",
]


def _place_cache(package: Path) -> None:
    """Where the package's folder can't be written, let compiled kernels be kept in a folder of this user's own.

    Must come before numba is imported. A folder that others can write is never used: what stands in it is run.
    """
    if "NUMBA_CACHE_DIR" in os.environ or os.access(package, os.W_OK):
        return
    import tempfile

    user = getattr(os, "getuid", lambda: "user")()
    folder = Path(tempfile.gettempdir()) / f"openverdict-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        is_ours = user == "user" or (found.st_uid == user and found.st_mode == 0o40700)
        os.environ["NUMBA_CACHE_DIR"] = str(folder) if is_ours else tempfile.mkdtemp()
    except OSError:
        return


_place_cache(Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name == "Register":
        from openverdict.cases import Register

        return Register
    if name == "Intake":
        from openverdict.intake import Intake

        return Intake
    if name in ("Lead", "Link", "Review", "Triage"):
        from openverdict import leads

        return getattr(leads, name)
    if name in ("Arrivals", "PreparedRegister", "save_prepared", "write_arrivals"):
        from openverdict import arrivals

        return getattr(arrivals, name)
    if name == "write_review":
        from openverdict.reports import write_review

        return write_review
    raise AttributeError(f"module 'openverdict' has no attribute {name!r}")


def read_register(
    *paths: Path | str, mapping: Path | str | None = None, sheet: str | None = None
) -> Intake:
    """Read one register from its files: template tables (CSV, XLSX, Parquet) and facts files (CSV, JSON).

    Args:
        paths: the files.
        mapping: a mapping file, or the name of a shipped one, for another layout.
        sheet: which sheet of a workbook; the first one otherwise.

    Raises:
        InputError: a file cannot be read at all; single rows that cannot be read are in `Intake.rejects`.
    """
    from openverdict import intake

    return intake.read_register(*paths, mapping=mapping, sheet=sheet)


def review(
    register: Intake | Register | Path | str,
    *,
    as_of: date | None = None,
    budget: float | None = None,
    floor: float | None = None,
    null_registers: int | None = None,
    seed: int = 1,
    watch: tuple[tuple[str, str], ...] = (),
    known_series: Path | None = None,
    replay: bool = False,
    inclusion: Inclusion | Path | None = None,
    threads: int | None = None,
    engine: str = "local",
    master: str = "local[*]",
    work: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Review:
    """Triage every case, compare every pair, grow series, measure chance, rank.

    Args:
        register: what `read_register` returned, a `Register`, or a file.
        as_of: use only what was known at the end of that day.
        budget: leads a year that chance alone may make; 6 otherwise.
        floor: log10 ratio from which a pair stands in the ledger; otherwise 2, or more in a register of over 10,000 cases.
        null_registers: how many to measure chance on; 20 otherwise, 0 for none.
        seed: for the null registers; the same seed gives the same result.
        watch: pairs of case numbers to explain whatever their ratio.
        known_series: a CSV with case_id and series_id to learn from.
        replay: find by true replay when each series lead was first raised; a whole review for each day tried.
        inclusion: the rule of inclusion, fixed before the run: a TOML file (rule, fixed_on, by), or what was read of one.
        threads: how many compare pairs at once on this machine; one a core otherwise.
        engine: who compares them: "local", or "spark" (needs the extra `spark` and Java). The result is the same.
        master: the address of Spark; a session that is active already is used instead.
        work: a folder in which finished tasks are kept, so that the same review goes on after a stop; remove it yourself.
        progress: told (step, share done).

    Raises:
        InputError: the file cannot be read, or a setting is out of range.
        MissingPartError: the engine's part is not installed.
        EngineError: the engine could not be started, or gave up.
    """
    from openverdict import (
        leads,
        reports,  # noqa: F401  (reports teach results to show themselves)
        same_person,
        under_policy,
    )
    from openverdict.leads.inclusion import read_inclusion

    read, reg = _as_intake(register)
    if as_of is not None:
        reg = reg.as_of(as_of)
    made = leads.review(
        reg,
        leads.settings(
            budget=budget,
            floor=floor,
            replicates=null_registers,
            seed=seed,
            watch=watch,
            known_series=known_series,
            replay=replay,
            inclusion=read_inclusion(inclusion) if isinstance(inclusion, Path) else inclusion,
            threads=threads,
            engine=engine,
            master=master,
            work=work,
        ),
        rejects=None if read is None else read.rejects,
        sources=[] if read is None else read.account(),
        notes=() if read is None else read.notes,
        progress=progress,
    )
    return same_person.tell(under_policy.tell(made))


def explain(
    register: Intake | Register | Path | str, case_a: str, case_b: str, *, as_of: date | None = None
) -> Link:
    """One pair, every contribution to its ratio.

    Raises:
        InputError: a case is not in the register, or both are the same.
    """
    from openverdict import leads

    _, reg = _as_intake(register)
    return leads.explain(reg if as_of is None else reg.as_of(as_of), case_a, case_b)


def prepare_register(
    register: Intake | Register | Path | str,
    *,
    as_of: date | None = None,
    variables: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> PreparedRegister:
    """Learn once what is usual in a register, so that new cases can be compared with it as they come.

    Args:
        register: what `read_register` returned, a `Register`, or a file.
        as_of: use only what was known at the end of that day.
        variables: a TOML file of evidence variables; the shipped ones otherwise.
        progress: told (step, share done).

    Raises:
        InputError: the file cannot be read, or the register holds fewer than two cases.
    """
    from openverdict import arrivals

    _, reg = _as_intake(register)
    reg = reg if as_of is None else reg.as_of(as_of)
    return arrivals.prepare_register(reg, variables=variables, progress=progress)


def load_prepared(path: Path | str) -> PreparedRegister:
    """A prepared register from the file that `save_prepared` wrote; every hash is checked.

    Raises:
        InputError: the file is no prepared register, was written by another version, or was damaged.
    """
    from openverdict import arrivals

    return arrivals.load_prepared(path)


def arrive(
    prepared: PreparedRegister | Path | str,
    new: Intake | Register | Path | str,
    *,
    floor: float | None = None,
    top: int | None = None,
    among: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> Arrivals:
    """Compare new cases with a prepared register, each as the later one of its pairs, and with each other.

    Args:
        prepared: what `prepare_register` or `load_prepared` returned, or its file.
        new: the new cases: what `read_register` returned, a `Register`, or a file.
        floor: log10 likelihood ratio from which a pair is put out, that of a review otherwise; the rest is counted.
        top: at most so many pairs of each new case, the strongest.
        among: whether new cases are also compared with each other, in order of time.
        progress: told (step, share done).

    Raises:
        InputError: a file cannot be read, or none of the cases is new.
    """
    from openverdict import arrivals

    ready = arrivals.load_prepared(prepared) if isinstance(prepared, str | Path) else prepared
    _, reg = _as_intake(new)
    return arrivals.compare(ready, reg, floor=floor, top=top, among=among, progress=progress)


def _as_intake(source: Intake | Register | Path | str) -> tuple[Intake | None, Register]:
    from openverdict.cases import Register

    if isinstance(source, Register):
        return None, source
    read = read_register(source) if isinstance(source, str | Path) else source
    return read, read.register
