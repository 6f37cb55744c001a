"""`identity`: records of persons from several systems compared, proposals decided, and keys put into a register."""

from __future__ import annotations

import json as jsonlib
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openverdict.cli.options import Json, Quiet
from openverdict.cli.terminal import REJECTED, count, errors, fail, progress

if TYPE_CHECKING:
    from openverdict.identity import Action, Asked, Run, Standing

identity = typer.Typer(
    name="identity",
    help="The same death in two systems, and the same person in several roles.",
    no_args_is_help=True,
)
SHOWN = 5
Folder = Annotated[Path, typer.Argument(help="Folder that `identity propose` wrote.")]
Proposal = Annotated[str, typer.Argument(help="The proposal, by its key in proposals.csv.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a role or a pseudonym.")]
Why = Annotated[str, typer.Option("--why", help="Why, without a name of anybody.")]
SecretFile = Annotated[
    Path, typer.Option("--secret", help="File with the secret that keys are made with.")
]


@identity.command()
def secret(file: Annotated[Path, typer.Argument(help="New file, for its owner alone.")]) -> None:
    """Make the secret that stands between names and keys. Keep a copy: without it the same person gets another key."""
    with errors():
        from openverdict.identity import make_secret

        made = make_secret(file)
        typer.echo(f"Wrote {file} (secret {made.fingerprint}); only you can read it.")


@identity.command()
def template(file: Annotated[Path, typer.Argument(help="New file, .csv.")]) -> None:
    """Write an empty table of persons."""
    with errors(file):
        from openverdict.identity import write_persons_template

        write_persons_template(file)
        typer.echo(f"Wrote {file}.")


@identity.command()
def example(
    file: Annotated[Path, typer.Argument(help="New file, .csv.")],
    records: Annotated[int, typer.Option("--records", min=2, max=5_000_000)] = 6_000,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 1,
) -> None:
    """Write records of made-up persons in four systems, to try the commands on. Nobody in them exists."""
    with errors(file):
        from openverdict.identity.made_up import made_up

        if file.suffix.lower() != ".csv" or file.exists():
            fail(f"{file}: write .csv at its end and name a new file, so that nothing is replaced")
        made_up(records, seed).records.write_csv(file)
        typer.echo(f"Wrote {count(records, 'record')} of made-up persons: {file}.")


@identity.command()
def propose(
    files: Annotated[list[Path], typer.Argument(help="Tables of persons, one file or more.")],
    secret: SecretFile,
    out: Annotated[Path, typer.Option("--out", help="New folder to write into.")] = Path(
        "openverdict-identity"
    ),
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="A model.json, or: shipped. Without it a model is learned from the records.",
        ),
    ] = None,
    threshold: Annotated[
        float,
        typer.Option("--threshold", help="Probability from which a pair counts undecided."),
    ] = 0.95,
    floor: Annotated[
        float, typer.Option("--floor", help="Probability from which a pair is proposed.")
    ] = 0.5,
    carry: Annotated[
        Path | None, typer.Option("--carry", help="Earlier folder whose decisions hold on.")
    ] = None,
    dates: Annotated[
        str, typer.Option("--dates", help="How 03/04/2015 is meant: dmy or mdy; refused otherwise.")
    ] = "iso",
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one otherwise.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="Who scores the pairs: local (DuckDB) or spark.")
    ] = "local",
    master: Annotated[
        str,
        typer.Option(
            "--master", help="Spark's address: local[N], spark://host:7077, yarn, k8s://…"
        ),
    ] = "local[*]",
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Of --engine local.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were rejected.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compare records of persons and propose which are of one. Names are read for that and written nowhere."""
    with errors(out):
        from openverdict import identity as room
        from openverdict.identity.run import check_folder

        check_folder(out)
        session = _session(engine, master)
        key = room.read_secret(secret)
        frozen = None if model is None else room.read_model(model)
        earlier = room.read_run(carry).decisions if carry is not None else ()
        accepted = [p for p, d in room.in_force(earlier).items() if d.action == "accept"]
        with progress(quiet or json) as tell:
            tell("reading", 0.0)
            records = room.read_persons(files, key, sheet=sheet, dates=dates)
            with session as spark:
                proposed = room.propose(
                    records,
                    key,
                    frozen,
                    threshold=threshold,
                    floor=floor,
                    accepted=accepted,
                    threads=threads,
                    spark=spark,
                    tell=tell,
                )
            run = room.write_run(out, proposed, records, key, earlier)
        _say(run, room.stand(run), quiet, json)
    if strict and records.rejected_rows:
        raise typer.Exit(REJECTED)


@identity.command()
def accept(folder: Folder, proposal: Proposal, by: By, why: Why) -> None:
    """Put down that two records are of one person. The records stay as they are; the link can be undone."""
    _decide(folder, proposal, "accept", by, why)


@identity.command()
def reject(folder: Folder, proposal: Proposal, by: By, why: Why) -> None:
    """Put down that two records are of two persons: nothing joins them from then on."""
    _decide(folder, proposal, "reject", by, why)


@identity.command()
def undo(folder: Folder, proposal: Proposal, by: By, why: Why) -> None:
    """Take a decision back. Both rows stay."""
    _decide(folder, proposal, "undo", by, why)


@identity.command()
def decide(
    folder: Folder,
    reviewed: Annotated[
        Path, typer.Option("--reviewed", help="Copy of proposals.csv with decisions filled in.")
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when rows were refused.")
    ] = False,
    json: Json = False,
) -> None:
    """Take in the decisions that were filled into a copy of proposals.csv: accepted, reviewer, at, reason."""
    with errors(folder):
        from openverdict.identity import append, read_run
        from openverdict.identity.reviewed import asked_in

        run = read_run(folder)
        asked = asked_in(run, reviewed)
        made, refused = append(run.decisions_path, asked.asked, run.model)
        refusals = [*asked.refused, *((one.proposal, why) for one, why in refused)]
        standing = _made_anew(folder)
        told = {
            "decisions": len(made),
            "undecided": asked.undecided,
            "refused": [{"proposal": proposal, "reason": why} for proposal, why in refusals],
            **_account(standing),
        }
        if json:
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        else:
            typer.echo(
                f"{count(len(made), 'decision')} put down, {asked.undecided:,} undecided, "
                f"{count(len(refusals), 'row')} refused. {_in_words(standing)}"
            )
            for proposal, why in refusals[:SHOWN]:
                typer.echo(f"note: {proposal}: {why}")
    if strict and refusals:
        raise typer.Exit(REJECTED)


@identity.command()
def apply(
    register: Annotated[list[Path], typer.Argument(help="The files of one register.")],
    identities: Annotated[
        Path, typer.Option("--identities", help="Folder that `identity propose` wrote.")
    ],
    out: Annotated[Path, typer.Option("--out", help="New register, .csv.")],
    accepted_only: Annotated[
        bool, typer.Option("--accepted-only", help="Leave out what rests on the threshold alone.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace keys that stand in the register already.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Use decisions up to the end of this day.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="Mapping file, or the name of a shipped one.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Sheet of a workbook; the first one otherwise.")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write a register with the keys of accepted and over-threshold identities, and beside it what each key rests on."""
    beside = out.with_name(f"{out.stem}_identities.csv")
    with errors(out):
        from openverdict import read_register
        from openverdict.identity import read_run, stand, with_identities
        from openverdict.identity.run import until
        from openverdict.intake import template_texts

        if out.suffix.lower() != ".csv":
            fail(f"--out {out}: write .csv at its end")
        for path in (out, beside):
            if path.exists():
                fail(f"{path}: is there already; name a new file, so that nothing is replaced")
        run = read_run(identities)
        if as_of is not None:
            run = until(run, _day(as_of))
        read = read_register(*register, mapping=mapping, sheet=sheet)
        if read.register.facts.height:
            fail(
                "the register came as facts; write it in the template's layout first: openverdict intake FILE --out DIR"
            )
        applied = with_identities(
            read.register, run, stand(run), accepted_only=accepted_only, replace_cells=replace
        )
        template_texts(applied.register).write_csv(out)
        applied.sidecar.write_csv(beside)
        told = {
            "cases": len(applied.register),
            "records": applied.sidecar.height,
            "identities": dict(
                applied.sidecar.unique("identity")
                .get_column("basis")
                .value_counts(sort=True)
                .iter_rows()
            ),
            "cases_of_records_not_in_the_register": applied.strangers,
            "model": run.model,
            "out": str(out),
            "sidecar": str(beside),
        }
        if json:
            typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        elif not quiet:
            typer.echo(
                f"{count(applied.sidecar.height, 'record')} put into {count(len(applied.register), 'case')}: {out}. "
                f"What each key rests on: {beside}."
            )
            if applied.strangers:
                typer.echo(
                    f"note: {count(applied.strangers, 'case')} of the records are not in the register"
                )


def _session(engine: str, master: str) -> Any:
    """What gives a session of Spark, or nothing."""
    if engine not in ("local", "spark"):
        fail(f"--engine {engine}: write local or spark")
    if engine == "local":
        return nullcontext()
    from openverdict.identity.engine import spark_settings
    from openverdict.linkage.spark import Spark, check_spark

    check_spark(master)
    return _Session(Spark(master, conf=spark_settings(master)))


class _Session:
    """A Spark that is started for one comparison, and gives its session."""

    def __init__(self, spark: Any) -> None:
        self.spark = spark

    def __enter__(self) -> Any:
        from pyspark.sql import SparkSession

        self.spark.__enter__()
        return SparkSession.getActiveSession()

    def __exit__(self, *error: Any) -> None:
        self.spark.__exit__(*error)


def _decide(folder: Path, proposal: str, action: str, by: str, why: str) -> None:
    with errors(folder):
        from openverdict.identity import Action, append, read_run

        run = read_run(folder)
        asked = _asked(run, proposal, Action(action), by, why)
        made, refused = append(run.decisions_path, [asked], run.model)
        if refused:
            fail(refused[0][1])
        standing = _made_anew(folder)
        typer.echo(f"Row {made[0].number} put down: {action} {proposal}. {_in_words(standing)}")
        for row in standing.set_aside.filter(proposal=proposal).iter_rows(named=True):
            typer.echo(
                f"note: not followed: it would join {row['would_join']} with {row['with']}, and {row['why']}; "
                "accept those two as well, or undo this"
            )


def _asked(run: Run, proposal: str, action: Action, by: str, why: str) -> Asked:
    from openverdict.identity.decide import moment
    from openverdict.identity.reviewed import asked_for

    return asked_for(run, proposal, action, by, why, moment(datetime.now(UTC)))


def _made_anew(folder: Path) -> Standing:
    from openverdict.identity import read_run, write_standing

    return write_standing(read_run(folder))


def _account(standing: Standing) -> dict[str, Any]:
    several = standing.clusters.identities
    return {
        "identities_of_several_records": len(several),
        "accepted": sum(found.accepted for found in several),
        "unreviewed": sum(not found.accepted for found in several),
        "links_set_aside": standing.set_aside.height,
    }


def _in_words(standing: Standing) -> str:
    told = _account(standing)
    return (
        f"{count(told['identities_of_several_records'], 'person')} in several records: {told['accepted']:,} accepted, "
        f"{told['unreviewed']:,} by the threshold alone; {count(told['links_set_aside'], 'link')} set aside."
    )


def _say(run: Run, standing: Standing, quiet: bool, json: bool) -> None:
    if json:
        told = {**run.account, **_account(standing), "out": str(run.folder)}
        typer.echo(jsonlib.dumps(told, indent=2, ensure_ascii=False))
        return
    if quiet:
        return
    counts = run.account["counts"]
    typer.echo(
        f"{count(run.account['records'], 'record')}, {count(run.account['rejected_rows'], 'row')} rejected; "
        f"{count(counts['pairs_compared'], 'pair')} compared, {counts['pairs_proposed']:,} proposed in {run.folder}, "
        f"{counts['pairs_over_threshold']:,} of them over the threshold."
    )
    typer.echo(_in_words(standing))
    for rule in run.account["blocking"]:
        if rule["pairs_left_out"]:
            typer.echo(
                f"note: {rule['rule']}: {count(rule['keys_left_out'], 'value')} shared by too many records; "
                f"{count(rule['pairs_left_out'], 'pair')} were not compared for it"
            )
    for note in run.account["notes"]:
        typer.echo(f"note: {note}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--as-of {text}: not a day; write 2015-04-03")
