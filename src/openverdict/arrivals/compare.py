"""Each new case with every case of a prepared register, then with the new cases before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.arrivals.kernel import Later, later_tables, new_side, register_side, score
from openverdict.arrivals.prepared import PreparedRegister
from openverdict.arrivals.results import Arrivals
from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evidence.guest import Newcomer
from openverdict.evidence.newcomers import Newcomers, encode_newcomers
from openverdict.evidence.relation import TERM as RELATION
from openverdict.leads.setup import MODEL_VERSION, ledger_floor
from openverdict.linkage import to_units

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]

ROUNDING = 1000  # units: more than the rounding of any pair's table entries


def compare(
    prepared: PreparedRegister,
    new: Register,
    *,
    floor: float | None = None,
    top: int | None = None,
    among: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> Arrivals:
    """Score new cases, each as the later of its pairs.

    Args:
        prepared: the register that was prepared.
        new: the new cases; those whose number the prepared register holds already are left out and named.
        floor: log10 likelihood ratio from which a pair is put out (None: that of a review of the prepared register); the rest
            is counted.
        top: at most so many pairs of each new case, the strongest (None: all at or above the floor).
        among: also compare the new cases with each other.
        progress: told (step, share done).

    Raises:
        InputError: no new case is left, or `top` is below 1.
    """
    if top is not None and top < 1:
        raise InputError(f"top {top}: give 1 or more, or leave it out for all")
    frozen, tell = prepared.frozen, progress or (lambda _step, _share: None)
    floor = ledger_floor(len(frozen)) if floor is None else floor
    ids = new.table.get_column("case_id")
    already = tuple(case for case in ids.to_list() if frozen.cases.find(case) >= 0)
    table = new.table.filter(~pl.col("case_id").is_in(list(already))) if already else new.table
    if not table.height:
        raise InputError(
            f"no new case among {new.table.height:,}: the prepared register holds all of them, or none was read;"
            " name a file of new cases"
        )
    newcomers = encode_newcomers(Register(table), frozen)
    run = _Run(prepared, newcomers, floor, top, among)
    frames, above = [], list[int]()
    for j in range(len(newcomers)):
        tell("arrivals", j / len(newcomers))
        found, frame = run.one(j)
        above.append(found)
        frames.append(frame)
    tell("arrivals", 1.0)
    pairs, m = pl.concat(frames), len(newcomers)
    fellows = m * (m - 1) // 2 if among else 0
    total = m * len(frozen) + fellows
    summary: dict[str, Any] = {
        "new_cases": m,
        "prepared_cases": len(frozen),
        "already_prepared": list(already),
        "pairs_total": total,
        "pairs_with_register": m * len(frozen),
        "pairs_among_new": fellows,
        "pairs_ledger": sum(above),
        "pairs_listed": pairs.height,
        "pairs_remainder": total - sum(above),
        "ledger_floor_log10_lr": floor,
        "top": top,
        "unknown_values": [
            {"case_id": u.case_id, "field": u.field, "value": u.value} for u in newcomers.unknown
        ],
        "as_of": prepared.known_on.isoformat() if prepared.known_on else None,
        "last_found": prepared.last_found.isoformat() if prepared.last_found else None,
        "simulated": prepared.simulated,
        "model_version": MODEL_VERSION,
        "model_hash": prepared.model_hash,
        "register_hash": prepared.register_hash,
    }
    return Arrivals(newcomers.case_ids, pairs, tuple(above), summary)


class _Run:
    """New cases on their way through one prepared register."""

    def __init__(
        self,
        prepared: PreparedRegister,
        new: Newcomers,
        floor: float,
        top: int | None,
        among: bool,
    ) -> None:
        self.hosts, self.frozen, self.new = prepared.hosts, prepared.frozen, new
        self.top, self.among = top, among
        self.floor = int(to_units(self.frozen.relation.sum_at(floor)))
        self.register = register_side(self.frozen.cases)
        self.fellows = new_side(new)

    def one(self, j: int) -> tuple[int, pl.DataFrame]:
        """How many pairs of new case j reach the floor, and the pairs to put out, strongest first."""
        newcomer = self.hosts.newcomer(self.new, j)
        alone = self.hosts.guest(newcomer, np.zeros(0, dtype=np.int64))
        with_register, with_new = later_tables(alone, newcomer, len(self.frozen.bit_list))
        old, new = self._extra(newcomer)
        n = len(self.frozen)
        rows, units = score(self.register, n, with_register, self.floor, old)
        if self.among and j:
            more, more_units = self._fellows(j, with_new, new)
            rows, units = np.concatenate([rows, more + n]), np.concatenate([units, more_units])
        return len(rows), self._frame(newcomer, *self._strongest(rows, units))

    def _fellows(
        self, j: int, later: Later, extra: tuple[IntArray, Int32Array]
    ) -> tuple[IntArray, Int32Array]:
        return score(self.fellows, j, later, self.floor, extra)

    def _extra(
        self, newcomer: Newcomer
    ) -> tuple[tuple[IntArray, Int32Array], tuple[IntArray, Int32Array]]:
        """What sharing adds to what the tables say, for rows of the register and for new cases."""
        rows, gains = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        n, j = len(self.frozen), newcomer.j
        sparse = [v.name for v in self.frozen.sparse]
        for variable in self.frozen.variables:
            shared = newcomer.shared.get(variable.name)
            if shared is None or not len(shared.row):
                continue
            gain = to_units(shared.log10_lr).astype(np.int64)
            if variable.name in sparse:
                k = sparse.index(variable.name)
                said = self._says(shared.row, k) & (self.new.says[j, k] > 0)
                gain -= np.where(said, int(to_units(float(variable.log10_lr(0.0)))), 0)
            rows.append(shared.row)
            gains.append(gain)
        row, back = np.unique(np.concatenate(rows), return_inverse=True)
        total = np.bincount(back, weights=np.concatenate(gains), minlength=len(row))
        units = np.rint(total).astype(np.int32)
        old = row < n
        return (row[old], units[old]), (row[~old] - n, units[~old])

    def _says(self, rows: IntArray, k: int) -> npt.NDArray[np.bool_]:
        """Whether each row records sparse variable k."""
        n, result = len(self.frozen), np.zeros(len(rows), dtype=bool)
        old = rows < n
        result[old] = self.frozen.unpacked(rows[old])[2][:, k] > 0
        result[~old] = self.new.says[rows[~old] - n, k] > 0
        return result

    def _strongest(self, rows: IntArray, units: Int32Array) -> tuple[IntArray, int | None]:
        """The rows that can be among the strongest, and how many of them are wanted."""
        if self.top is None or len(rows) <= self.top:
            return rows, None
        least = np.partition(units, -self.top)[-self.top]
        return rows[units >= least - ROUNDING], self.top

    def _frame(self, newcomer: Newcomer, rows: IntArray, wanted: int | None) -> pl.DataFrame:
        guest = self.hosts.guest(newcomer, rows)
        i = np.arange(len(rows))
        terms = guest.terms(i, np.full(len(rows), len(rows)))
        total = guest.ratio(guest.summed(terms))
        terms[RELATION] = total - np.sum([terms[v.name] for v in guest.variables], axis=0)
        order = np.lexsort((rows, -total))[:wanted]
        n, cases = len(self.frozen), self.frozen.cases
        names = [
            cases.id(row) if row < n else self.new.case_ids[row - n] for row in rows[order].tolist()
        ]
        case = self.new.case_ids[newcomer.j]
        columns: dict[str, Any] = {
            "case_new": pl.Series([case] * len(names), dtype=pl.String),
            "case_a": pl.Series(names, dtype=pl.String),
            "log10_lr": total[order],
        }
        columns |= {f"lr_{name}": terms[name][order] for name in terms}
        return pl.DataFrame(columns)
