"""Register to arrays: the slots (when and where) and the content (everything else), which null registers re-pair."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import Register, indicators, substances
from openverdict.evidence.variables import Variable

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

EARTH_M = 6_371_008.8
DAY_S = 86_400.0
# Widths of the time of death, rounded up to a class; precision of a place, taken to the nearest class.
WIDTH_DAYS = np.array([1.0, 4.0, 16.0, 64.0, 256.0])
PRECISION_M = np.array(
    [10.0, 20.0, 40.0, 80.0, 150.0, 300.0, 600.0, 1200.0, 2500.0, 5000.0, 10000.0, 30000.0]
)
NO_PLACE = len(PRECISION_M)
DEFAULT_PRECISION_M = 100.0
SEEN_ONCE = "(seen once)"
OTHER = "other"  # two cases coded so need not be alike
MAX_VALUES = 400


@dataclass(frozen=True)
class Slots:
    """When and where: one row a case, in register order.

    `day` days since 1970 (middle of the interval of death), `width` class of WIDTH_DAYS, `xyz_m` earth-centred metres,
    `precision` class of PRECISION_M or NO_PLACE, `spot` label number or -1.
    """

    day: npt.NDArray[np.int32]
    width: npt.NDArray[np.uint8]
    xyz_m: npt.NDArray[np.int32]
    precision: npt.NDArray[np.uint8]
    spot: npt.NDArray[np.int32]
    spot_names: tuple[str, ...]
    kind: npt.NDArray[np.int32]
    kind_names: tuple[str, ...]

    @property
    def placed(self) -> npt.NDArray[np.bool_]:
        """Which cases have a place."""
        placed: npt.NDArray[np.bool_] = self.precision != NO_PLACE
        return placed


@dataclass(frozen=True)
class Bit:
    """One bit of the coded content: a value of a variable; `negative` for "looked for and absent"."""

    variable: int
    value: str
    negative: bool = False


@dataclass(frozen=True)
class Keys:
    """Keys of one variable: for case c, numbers `index[start[c]:start[c+1]]` into `names`, and their roles.

    `role` numbers into `roles`, which are in order of how many entries have them, the most frequent last.
    """

    start: IntArray
    index: IntArray
    names: tuple[str, ...]
    role: IntArray
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """Everything but when and where: one row a case.

    `bits` (n, D) 0/1; `recorded` (n, V) whether coded variable v says anything; `age` whole years or -1; `unit` number
    or -1; `keys` by variable name; `mentions` (m, 2) pairs of case numbers (who names whom).
    """

    coded: tuple[Variable, ...]
    bit_list: tuple[Bit, ...]
    bits: npt.NDArray[np.uint8]
    recorded: npt.NDArray[np.uint8]
    age: npt.NDArray[np.int16]
    unit: npt.NDArray[np.int32]
    keys: dict[str, Keys]
    mentions: IntArray

    @property
    def of_place(self) -> npt.NDArray[np.bool_]:
        """Per bit, whether it describes the place: such content stays with its slot."""
        stays = np.array([v.of_place for v in self.coded], dtype=bool)
        return stays[np.array([b.variable for b in self.bit_list], dtype=np.int64)]

    def take(self, order: IntArray) -> Content:
        """The content of case `order[c]` at slot c, but for what describes the place; mentions follow the contents."""
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        stays = np.array([v.of_place for v in self.coded], dtype=bool)
        return replace(
            self,
            bits=np.ascontiguousarray(np.where(self.of_place, self.bits, self.bits[order])),
            recorded=np.ascontiguousarray(np.where(stays, self.recorded, self.recorded[order])),
            age=self.age[order],
            unit=self.unit[order],
            keys={name: _take_keys(keys, order) for name, keys in self.keys.items()},
            mentions=place[self.mentions] if len(self.mentions) else self.mentions,
        )


def _take_keys(keys: Keys, order: IntArray) -> Keys:
    lengths = np.diff(keys.start)[order]
    start = np.concatenate([[0], np.cumsum(lengths)])
    offsets = np.arange(start[-1]) - np.repeat(start[:-1], lengths)
    pick = np.repeat(keys.start[:-1][order], lengths) + offsets
    return Keys(start, keys.index[pick], keys.names, keys.role[pick], keys.roles)


def encode_slots(register: Register) -> Slots:
    """When and where of every case."""
    t = register.table
    found = t.get_column("found_at").cast(pl.Int64).to_numpy() / 1e6
    span = t.get_column("found_at_span_s").fill_null(0).to_numpy().astype(float)
    end = found + span
    alive = t.get_column("last_known_alive_at").cast(pl.Int64).to_numpy().astype(float) / 1e6
    start = np.where(np.isnan(alive), found, np.minimum(alive, found))
    width_days = (end - start) / DAY_S
    width = np.minimum(np.searchsorted(WIDTH_DAYS, width_days), len(WIDTH_DAYS) - 1)
    lat = np.radians(t.get_column("found_lat").to_numpy().astype(float))
    lon = np.radians(t.get_column("found_lon").to_numpy().astype(float))
    xyz = EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1)
    placed: npt.NDArray[np.bool_] = np.asarray(np.isfinite(xyz).all(1))
    metres = t.get_column("found_precision_m").fill_null(DEFAULT_PRECISION_M).to_numpy()
    between = np.sqrt(PRECISION_M[1:] * PRECISION_M[:-1])
    precision = np.searchsorted(between, metres)
    spot, names = _numbered(t.get_column("micro_place"))
    kind, kinds = _numbered(t.get_column("found_place_kind"))
    return Slots(
        day=np.floor((start + end) / 2 / DAY_S).astype(np.int32),
        width=width.astype(np.uint8),
        xyz_m=np.where(placed[:, None], np.rint(np.nan_to_num(xyz)), 0).astype(np.int32),
        precision=np.where(placed, precision, NO_PLACE).astype(np.uint8),
        spot=spot,
        spot_names=names,
        kind=kind,
        kind_names=kinds,
    )


def _numbered(column: pl.Series) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Each value's number in the sorted list of values, -1 where there is none."""
    names = column.drop_nulls().unique().sort().to_list()
    number = {name: k for k, name in enumerate(names)}
    found = [-1 if value is None else number[value] for value in column.to_list()]
    return np.array(found, dtype=np.int32), tuple(names)


def encode_content(register: Register, variables: tuple[Variable, ...]) -> Content:
    """The coded fields, ages, keys and mentions of every case."""
    t = register.table
    coded = tuple(v for v in variables if v.kernel in ("code", "items"))
    bit_list: list[Bit] = []
    columns: list[npt.NDArray[np.uint8]] = []
    recorded = np.zeros((t.height, len(coded)), dtype=np.uint8)
    for v, variable in enumerate(coded):
        column = t.get_column(variable.fields[0])
        recorded[:, v] = column.is_not_null().to_numpy()
        for bit, ones in _bits(column, v, variable):
            bit_list.append(bit)
            columns.append(ones)
        if variable.negative:
            known = {b.value for b in bit_list if b.variable == v}
            for bit, ones in _bits(t.get_column(variable.negative), v, variable, known):
                bit_list.append(bit)
                columns.append(ones)
    bits = np.stack(columns, 1) if columns else np.zeros((t.height, 0), dtype=np.uint8)
    age = t.get_column("age_years").fill_null(-1).to_numpy()
    units = t.get_column("unit").drop_nulls().unique().sort().to_list()
    unit_number = {name: k for k, name in enumerate(units)}
    return Content(
        coded=coded,
        bit_list=tuple(bit_list),
        bits=np.ascontiguousarray(bits),
        recorded=recorded,
        age=np.clip(np.floor(age), -1, 127).astype(np.int16),
        unit=np.array([unit_number.get(u, -1) for u in t.get_column("unit")], dtype=np.int32),
        keys={v.name: _keys(t.get_column(v.fields[0])) for v in variables if v.kernel == "keys"},
        mentions=_mentions(t) if any(v.kernel == "mention" for v in variables) else _no_pairs(),
    )


def _bits(
    column: pl.Series, v: int, variable: Variable, negative_of: set[str] | None = None
) -> list[tuple[Bit, npt.NDArray[np.uint8]]]:
    """One 0/1 column a value that occurs; single-valued codes seen once share one column that never agrees."""
    is_list = column.dtype == pl.List
    rows = pl.DataFrame({"row": np.arange(len(column)), "value": column})
    rows = (rows.explode("value") if is_list else rows).drop_nulls()
    if variable.vocabulary_direction:
        wanted = {
            n for n, i in indicators().items() if variable.vocabulary_direction in i.directions
        }
        rows = rows.filter(pl.col("value").is_in(sorted(wanted)))
    counts = Counter(rows.get_column("value").to_list())
    ranked = sorted(counts, key=lambda value: (-counts[value], value))[:MAX_VALUES]
    if negative_of is not None:
        ranked = [value for value in ranked if value in negative_of]
    elif not is_list:
        ranked = [value for value in ranked if counts[value] > 1]
    result = []
    for value in ranked:
        ones = np.zeros(len(column), dtype=np.uint8)
        ones[rows.filter(pl.col("value") == value).get_column("row").to_numpy()] = 1
        result.append((Bit(v, value, negative_of is not None), ones))
    if not is_list and negative_of is None and len(ranked) < len(counts):
        kept = rows.filter(~pl.col("value").is_in(ranked)).get_column("row").to_numpy()
        ones = np.zeros(len(column), dtype=np.uint8)
        ones[kept] = 1
        result.append((Bit(v, SEEN_ONCE), ones))
    return result


def _keys(column: pl.Series) -> Keys:
    rows = pl.DataFrame({"row": np.arange(len(column)), "value": column}).explode("value")
    rows = rows.drop_nulls().with_columns(
        pl.col("value").str.extract(r"^([^:]*):", 1).alias("role"),
        pl.col("value").str.replace(r"^[^:]*:", "").alias("key"),
    )
    frequent = rows.group_by("role").len().sort("len", "role").get_column("role").to_list()
    number = pl.DataFrame(
        {"role": frequent, "number": np.arange(len(frequent))},
        schema={"role": pl.String, "number": pl.Int64},
    )
    one = (
        rows.join(number, on="role")
        .group_by("row", "key")
        .agg(pl.col("number").max())
        .sort("row", "key")
    )
    names = one.get_column("key").unique().sort()
    index = one.select(pl.col("key").rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    start = np.searchsorted(one.get_column("row").to_numpy(), np.arange(len(column) + 1))
    return Keys(
        start.astype(np.int64),
        index.astype(np.int64),
        tuple(names.to_list()),
        one.get_column("number").to_numpy().astype(np.int64),
        tuple(frequent),
    )


def _no_pairs() -> IntArray:
    return np.zeros((0, 2), dtype=np.int64)


def _mentions(t: pl.DataFrame) -> IntArray:
    rows = t.select(pl.int_range(pl.len()).alias("row"), "case_id", "mentions_cases")
    named = rows.select("row", pl.col("mentions_cases")).explode("mentions_cases").drop_nulls()
    joined = named.join(
        rows.select(pl.col("row").alias("other"), "case_id"),
        left_on="mentions_cases",
        right_on="case_id",
    ).filter(pl.col("row") != pl.col("other"))
    pairs = joined.select("row", "other").sort("row", "other").to_numpy().astype(np.int64)
    return pairs if len(pairs) else _no_pairs()


def routinely_screened(value: str) -> bool:
    """Whether a substance not named in a report was probably looked for; False: not named means not tested."""
    entry = substances().get(value)
    return True if entry is None else entry.routine_screen
