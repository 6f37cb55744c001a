"""Triage of single cases: a level from 0 to 4 with its reasons, contradictions and enquiries never recorded as made.

What comes in is a register, already replayed to its day, and the pairs above the floor. What goes out is one `Triage` a
case. The rules are data (`data/triage.toml`). Closed and non-suspicious cases are read like open ones; what is missing
never counts; innocent reasons never cancel a hard one; and no field about the person's life lowers a level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import Register, checks, indicators
from openverdict.leads.checks import Checked, checks_never_made
from openverdict.leads.finding import Finding, in_words
from openverdict.leads.many import Gathered, LateTriage, Many, alike, written
from openverdict.leads.persons import persons_in_common, shared_identifiers
from openverdict.leads.prepared import prepare
from openverdict.leads.results import Triage
from openverdict.leads.rules import (
    Rule,
    contradiction_rules,
    direction_of,
    points_of,
    reason_rules,
    settings,
)
from openverdict.leads.similar import cross_references, similar_cases

Bools = npt.NDArray[np.bool_]
Contradictions = dict[int, list[Finding]]
_AS_WRITTEN = {"mentions_cases", "note_names_case", "manners"}


def triage(register: Register, links: pl.DataFrame | None = None) -> tuple[Triage, ...]:
    """Every case of the register looked at alone, in register order.

    `links` holds the pairs above the floor (case_a, case_b, log10_lr); without it no reason of similarity in place,
    pose or belongings is given. Only what the register holds is used.
    """
    table = prepare(register)
    checked = checks_never_made(table)
    contradictions = _contradictions(table)
    gathered = Gathered(
        (*_findings(register, table, links), *_quality(table, checked, contradictions)),
        (table.get_column("kind") == "incident").fill_null(value=False).to_numpy(),
    )
    said = {row: tuple(each.text for each in own) for row, own in contradictions.items()}
    missing = zip(checked.missing_of.tolist(), checked.listed.tolist(), strict=True)
    return tuple(
        LateTriage(
            gathered, row, case_id, said.get(row, ()), checked.missing[which] if known else ()
        )
        for row, (case_id, (which, known)) in enumerate(
            zip(register.case_ids, missing, strict=True)
        )
    )


def _findings(
    register: Register, table: pl.DataFrame, links: pl.DataFrame | None
) -> Iterator[Many]:
    """Every reason but those of quality that rest on the checks."""
    case_ids = table.get_column("case_id")
    yield _given(table)
    rules = [rule for rule in reason_rules() if _kept(rule, table)]
    yield from _apply(rules, table, _is_death(table))
    yield written(persons_in_common(register), case_ids)
    yield written(shared_identifiers(register), case_ids)
    yield written(cross_references(table), case_ids)
    if links is not None:
        yield from similar_cases(table, links)


def _is_death(table: pl.DataFrame) -> Bools:
    return (table.get_column("kind").fill_null("death") == "death").to_numpy()


def _given(table: pl.DataFrame) -> Many:
    """Indicators that the record itself gives."""
    rows = table.select("indicators").with_row_index("row").explode("indicators").drop_nulls()
    codes = rows.get_column("indicators").unique(maintain_order=True).to_list()
    number = {code: k for k, code in enumerate(codes)}
    which = rows.get_column("indicators").replace_strict(number, return_dtype=pl.Int64())
    directions = [direction_of(code) for code in codes]
    kinds = [(c, d, points_of(c, d)) for c, d in zip(codes, directions, strict=True)]
    texts = [indicators()[code].description for code in codes]
    kind = which.to_numpy().astype(np.int64)
    return Many(
        rows.get_column("row").cast(pl.Int64()).to_numpy(),
        kinds,
        kind,
        lambda place: (texts[kind[place]], "indicators"),
    )


def _kept(rule: Rule, table: pl.DataFrame) -> bool:
    """Whether the register uses at all what the rule misses in a case."""
    if rule.kept is not None and table.get_column(rule.kept).null_count() == table.height:
        return False
    if rule.kept_check is not None:
        return bool(table.get_column("checks_done").list.contains(rule.kept_check).any())
    return True


def _apply(
    rules: Sequence[Rule], table: pl.DataFrame, among: Bools | None = None
) -> Iterator[Many]:
    """Rules over a prepared table, all in one pass: a finding for every case (of `among`) in which one holds."""
    flags = table.select(rule.holds.alias(str(number)) for number, rule in enumerate(rules))
    for rule, flag in zip(rules, flags.iter_columns(), strict=True):
        held = flag.to_numpy() if among is None else flag.to_numpy() & among
        rows = np.flatnonzero(held)
        points = points_of(rule.code, rule.direction) if rule.points is None else rule.points
        yield alike(rows, (rule.code, rule.direction, points), _words(rule, table, rows))


def _words(
    rule: Rule, table: pl.DataFrame, rows: npt.NDArray[np.int64]
) -> Callable[[int], tuple[str, str]]:
    """What says one rule's findings, in the words of each case's own values."""
    named = table.select(name for name in table.columns if f"{{{name}}}" in rule.text)
    source = ", ".join(rule.sources)

    def say(place: int) -> tuple[str, str]:
        values = named.row(int(rows[place]), named=True) if named.width else {}
        words = {name: _say(name, value) for name, value in values.items()}
        return rule.text.format(**words), source

    return say


def _say(name: str, value: object) -> str:
    """A recorded value within a sentence; case numbers stand as they are written."""
    if value is None:
        return "not recorded"
    if name in _AS_WRITTEN:
        return ", ".join(value) if isinstance(value, list) else str(value)
    return in_words(value)


def _contradictions(table: pl.DataFrame) -> Contradictions:
    """What contradicts what, by the row of the case: the sentence and the fields of each."""
    said: Contradictions = defaultdict(list)
    ids = table.get_column("case_id")
    for many in _apply(contradiction_rules(), table):
        ((code, direction, points),) = many.kinds
        for place, row in enumerate(many.rows.tolist()):
            text, source = many.say(place)
            said[row].append(Finding(ids[row], code, text, source, points, direction))
    return said


def _quality(
    table: pl.DataFrame, checked: Checked, contradictions: Contradictions
) -> Iterator[Many]:
    """Quality reasons: contradictions, enquiries not listed, a category given before the enquiries were made."""
    silent = {c for c, e in settings()["contradiction"].items() if not e.get("raises", True)}
    pairs = {
        row: [pair for pair in said if pair.code not in silent]
        for row, said in contradictions.items()
    }
    raised = [row for row, said in pairs.items() if said]

    def contradict(place: int) -> tuple[str, str]:
        said = pairs[raised[place]]
        text = f"Parts of the record contradict each other: {len(said)} such."
        return text, ", ".join(dict.fromkeys(pair.source for pair in said))

    yield alike(np.array(raised, np.int64), ("contradiction", "Q", 0), contradict)
    if checked.listed.any():
        unsaid = np.flatnonzero(~checked.listed & _is_death(table))
        text = "The record does not say which enquiries were made."
        yield alike(unsaid, ("checks_not_recorded", "Q", 0), lambda _: (text, "checks_done"))
    yield _premature(table, checked)


def _premature(table: pl.DataFrame, checked: Checked) -> Many:
    """Cases called not suspicious before enough of the expected enquiries were made."""
    enough = 1 - settings()["category"]["premature_share"]
    closes = (table.get_column("category_closes") == "yes").fill_null(value=False).to_numpy()
    # What is expected only below an age counts here for nobody, so that age moves no level.
    by_age = {name for name, check in checks().items() if check.expected == "unexplained_under_50"}
    rows = np.flatnonzero(checked.listed & closes)
    both = np.stack([checked.expected_of[rows], checked.missing_of[rows]], axis=1)
    kinds, which = np.unique(both, axis=0, return_inverse=True)
    which = which.reshape(-1)
    texts: list[str] = []
    is_premature: list[bool] = []
    for expected, missing in kinds.tolist():
        asked = [name for name in checked.expected[expected] if name not in by_age]
        made = sum(name not in checked.missing[missing] for name in asked)
        is_premature.append(len(asked) - made > enough * len(asked))
        texts.append(
            f"Called not suspicious with {made} of {len(asked)} expected enquiries recorded as made."
        )
    held = np.array(is_premature, np.bool_)[which]
    told = which[held]
    return alike(
        rows[held],
        ("category_premature", "Q", 0),
        lambda place: (texts[told[place]], "category_police, checks_done"),
    )
