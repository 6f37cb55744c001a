"""Draft to Polars: numbers become the words of the field dictionary, in one pass a column."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa

from openverdict.simulate.background import POOL_KEYS
from openverdict.simulate.city import NEIGHBOURHOODS, Ints, to_degrees
from openverdict.simulate.draft import NONE, Bits, Draft, Flags
from openverdict.simulate.recording import Recording
from openverdict.simulate.spec import CitySpec
from openverdict.simulate.types import CODE_FIELDS, Words, death_types, words

DAY_S = 86_400
# What a routine screen looks for; the GHB family is looked for only when somebody asks.
PANEL = (
    "amphetamine", "cocaine", "codeine", "diazepam", "ethanol", "heroin", "ketamine", "mdma",
    "methadone", "methamphetamine", "morphine", "tramadol",
)  # fmt: skip
GHB = "ghb"
_MERSENNE = 2_147_483_647
MOST_KEYS = _MERSENNE - 1  # numbers of persons that are scattered to numbers of their own
_SPOT_PRIME = 999_983


def register_table(
    spec: CitySpec,
    draft: Draft,
    recording: Recording,
    unit: Ints,
    case_ids: pl.Series,
) -> pl.DataFrame:
    """The register's table, one row a case in the order of the draft."""
    gone = recording.missing
    lat, lon = to_degrees(recording.x, recording.y, spec.origin)
    home_lat, home_lon = to_degrees(draft.home_x, draft.home_y, spec.origin)
    columns: dict[str, pl.Series | pl.Expr] = {
        "case_id": case_ids,
        "kind": _pick(["death", "incident"], _kind_number(draft)),
        **_times(spec.start, draft, recording),
        "found_lat": _floats(lat, gone["place"], 6),
        "found_lon": _floats(lon, gone["place"], 6),
        "found_precision_m": _floats(recording.precision_m, gone["place"], 0),
        "found_place": _pick(
            [f"simulated {spec.label}district {d + 1:02d}" for d in range(unit.max() + 1)], unit
        ),
        "micro_place": _spots(spec.label, draft.spot, gone["micro_place"]),
        "home_lat": _floats(home_lat, gone["home"], 2),
        "home_lon": _floats(home_lon, gone["home"], 2),
        "home_area": _pick(
            _areas(spec.label, draft), np.where(gone["home_area"], NONE, draft.home_area)
        ),
        "age_years": _floats(draft.age, gone["age_years"], 0),
        **_toxicology(draft, gone["substances"]),
        "unit": _pick([f"{spec.label}U{d + 1:02d}" for d in range(unit.max() + 1)], unit),
    }
    for name in CODE_FIELDS:
        code = np.where(gone[name], NONE, draft.codes[name])
        columns[name] = _pick(list(words()[name].values), code)
    for name, bits in draft.items.items():
        if name != "substances":
            columns[name] = _lists(words()[name], bits, gone[name])
    columns["note_verified"] = _note_verified(draft, gone["note_present"])
    columns["persons"] = _keys(spec, draft.persons, gone["persons"], "K")
    columns["identifiers"] = _keys(spec, draft.identifiers, gone["identifiers"], "H")
    return pl.DataFrame([series.alias(name) for name, series in columns.items()])


def statuses(case_ids: pl.Series, draft: Draft, recording: Recording) -> pl.DataFrame:
    """What is said in words about empty cells: toxicology not done, last seen alive unknown."""
    said = {
        ("substances_detected", "not_tested"): ~draft.tested & ~recording.missing["substances"],
        ("last_known_alive_at", "unknown"): recording.missing["last_known_alive_at"]
        & recording.alive_date_only,
    }
    frames = [
        pl.DataFrame({"case_id": case_ids.filter(pl.Series(flags))}).with_columns(
            pl.lit(field).alias("field"), pl.lit(status).alias("status")
        )
        for (field, status), flags in said.items()
    ]
    return pl.concat(frames)


def case_numbers(prefix: str, found: Ints) -> pl.Series:
    """Case numbers in the order of the days found, for the rows of a draft."""
    rank = np.empty(len(found), np.int64)
    rank[np.argsort(found, kind="stable")] = np.arange(1, len(found) + 1)
    width = max(6, len(str(len(found))))
    return (
        pl.Series(rank).cast(pl.String).str.zfill(width).str.replace("^", prefix).alias("case_id")
    )


def _times(start: date, draft: Draft, recording: Recording) -> dict[str, pl.Series]:
    found = _floor(draft.found_min, recording.found_date_only)
    alive = draft.found_min - np.round(draft.interval_h * 60).astype(np.int64)
    alive = _floor(alive, recording.alive_date_only)
    known = (draft.found_min // 1440 + recording.lag_days) * 1440
    closed = draft.found_min + recording.closed_after_min
    no_close = recording.closed_after_min == NONE
    no_alive = recording.missing["last_known_alive_at"]
    never = np.zeros(len(draft), np.bool_)
    closed_day = recording.found_date_only
    parts = {
        "found_at": (found, never, recording.found_date_only),
        "last_known_alive_at": (alive, no_alive, recording.alive_date_only),
        "known_from": (known, never, ~never),
        "closed_at": (_floor(closed, closed_day), no_close, closed_day),
    }
    columns: dict[str, pl.Series] = {}
    for name, (minutes, empty, date_only) in parts.items():
        columns[name] = moments(start, minutes, empty)
        span = pl.Series(np.where(date_only, DAY_S, 0))
        columns[f"{name}_span_s"] = _emptied(span, empty)
    return columns


def moments(start: date, minutes: Ints, empty: Flags) -> pl.Series:
    """Minutes from the first day to times."""
    stamps = np.datetime64(start, "us") + minutes * np.timedelta64(60_000_000, "us")
    return _emptied(pl.Series(stamps), empty)


def _floor(minutes: Ints, date_only: Flags) -> Ints:
    return np.where(date_only, minutes // 1440 * 1440, minutes)


def _emptied(series: pl.Series, empty: Flags) -> pl.Series:
    return pl.select(pl.when(pl.Series(~empty)).then(series)).to_series()


def _floats(values: np.ndarray, empty: Flags, digits: int) -> pl.Series:
    return _emptied(pl.Series(np.round(values, digits).astype(np.float64)), empty)


def _pick(values: list[str], number: np.ndarray) -> pl.Series:
    """The value at each number; null at NONE."""
    table = pl.Series([*values, None], dtype=pl.String)
    return table.gather(pl.Series(np.where(number == NONE, len(values), number)))


def _kind_number(draft: Draft) -> Ints:
    incident = np.array([kind.kind == "incident" for kind in death_types().values()])
    return incident[draft.type].astype(np.int64)


def _areas(label: str, draft: Draft) -> list[str]:
    return [
        f"{label}area {a // NEIGHBOURHOODS + 1:02d}-{a % NEIGHBOURHOODS + 1}"
        for a in range(int(draft.home_area.max(initial=0)) + 1)
    ]


def _spots(label: str, spot: Ints, gone: Flags) -> pl.Series:
    number = (spot + 1) * 48_271 % _SPOT_PRIME  # scattered: the label tells nothing about the spot
    names = pl.Series(number).cast(pl.String).str.zfill(6).str.replace("^", f"{label}spot-")
    return _emptied(names, gone | (spot == NONE))


def _lists(vocabulary: Words, bits: Bits, empty: Flags) -> pl.Series:
    """Bit sets to lists; every distinct set is spelled out once."""
    distinct, inverse = np.unique(bits, return_inverse=True)
    spelled: list[list[str] | None] = [
        [word for place, word in enumerate(vocabulary.values) if int(mask) >> place & 1]
        for mask in distinct
    ]
    table = pl.Series([*spelled, None], dtype=pl.List(pl.String))
    return table.gather(pl.Series(np.where(empty, len(distinct), inverse)))


def _toxicology(draft: Draft, gone: Flags) -> dict[str, pl.Series]:
    """What was found, and what was looked for and not found, among what was looked for at all."""
    vocabulary = words()["substances"]
    ghb = np.uint64(vocabulary.mask([GHB]))
    found = np.where(draft.ghb_tested, draft.items["substances"], draft.items["substances"] & ~ghb)
    looked = np.uint64(vocabulary.mask([name for name in PANEL if name in vocabulary.values]))
    not_found = (looked | np.where(draft.ghb_tested, ghb, np.uint64(0))) & ~found
    empty = gone | ~draft.tested
    return {
        "substances_detected": _lists(vocabulary, found, empty),
        "substances_not_detected": _lists(vocabulary, not_found, empty),
    }


def _note_verified(draft: Draft, gone: Flags) -> pl.Series:
    note = draft.codes["note_present"] == words()["note_present"].number("yes")
    verified = (draft.found_min * 31 + draft.home_area) % 10 < 4
    return _pick(["not_tested", "verified"], np.where(note & ~gone, verified, NONE))


def _keys(spec: CitySpec, columns: dict[str, Ints], gone: Flags, letter: str) -> pl.Series:
    """role:key lists in the order of the roles; keys are scattered so that a number tells nothing about the person."""
    roles = sorted(columns)
    keys = np.stack([columns[role] for role in roles], axis=1)
    held = (keys != NONE) & ~gone[:, None]
    which = np.broadcast_to(np.arange(len(roles)), held.shape)[held]
    number = pl.Series(_scattered(spec, keys[held])).cast(pl.String).str.zfill(10)
    texts = pl.Series([f"{role}:{letter}" for role in roles]).gather(pl.Series(which)) + number
    count = held.sum(axis=1)
    ends = np.concatenate(([0], np.cumsum(count)))
    lists = pa.LargeListArray.from_arrays(
        pa.array(ends), texts.to_arrow(), mask=pa.array(count == 0)
    )
    return pl.Series(lists)


def _scattered(spec: CitySpec, keys: Ints) -> Ints:
    apart = np.where(keys >= POOL_KEYS, spec.key_offset, spec.pool_offset)
    return (keys + apart + 1) * 48_271 % _MERSENNE
