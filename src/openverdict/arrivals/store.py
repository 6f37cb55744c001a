"""A prepared register as one file: a header in JSON, then plain arrays, each with its SHA-256. Nothing in it can be run.

Layout: 8 bytes MAGIC; 8 bytes length of the header, little-endian; 32 bytes SHA-256 of the header; the header as UTF-8 JSON;
then the arrays, little-endian and C-ordered, each at a multiple of 64 bytes. The header names the format, the version that
wrote it, the hashes of register and model, the lists that code values, and for each array its type, shape, place and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from openverdict.arrivals.prepared import PreparedRegister
from openverdict.errors import InputError
from openverdict.evidence.encode import NO_PLACE, WIDTH_DAYS, Bit
from openverdict.evidence.frozen import Frozen, FrozenCases, FrozenKeys
from openverdict.evidence.rates import AGES
from openverdict.evidence.variables import Variable, model_hash
from openverdict.leads.setup import MODEL_VERSION

VERSION = version("openverdict")
MAGIC = b"OVPREP\x00\n"
FORMAT = 1
ALIGN = 64
LONGEST_HEADER = 64_000_000
TYPES = ("|u1", "<i2", "<i4", "<i8", "<u8", "<f8")
Array = npt.NDArray[Any]
SCALARS = (
    "type_names",
    "kind_names",
    "salt",
    "first_day",
    "radius_m",
    "mentions",
    "addresses",
    "copied",
    "alike",
)
AGAIN = "prepare the register again: openverdict prepare REGISTER --out FILE"


def save_prepared(prepared: PreparedRegister, path: Path | str) -> Path:
    """Write a prepared register to `path`, readable by its owner only: all of it, or none and the file before it stays.

    Raises:
        InputError: `path` is a folder or a file that is no prepared register, or cannot be written.
    """
    path = Path(path)
    check_target(path)
    arrays = {name: _plain(array) for name, array in _arrays(prepared.frozen)}
    entries, at = {}, 0
    for name, array in arrays.items():
        entries[name] = {
            "type": array.dtype.str,
            "shape": list(array.shape),
            "at": at,
            "sha256": hashlib.sha256(_bytes(array)).hexdigest(),
        }
        at += -(-array.nbytes // ALIGN) * ALIGN
    header = json.dumps(
        {**_header(prepared), "arrays": entries}, ensure_ascii=False, sort_keys=True
    ).encode()
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(
                os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                _write(file, header, arrays)
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); name another file") from error
    return path


def check_target(path: Path) -> None:
    """Refuse to replace what is no prepared register.

    Raises:
        InputError: `path` is a folder, or a file of another kind.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if path.exists() and not is_prepared(path):
        raise InputError(f"{path}: is no prepared register and would be replaced; name a new file")


def is_prepared(path: Path) -> bool:
    """Whether a file says that it is a prepared register."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def load_prepared(path: Path | str) -> PreparedRegister:
    """Read a prepared register; its arrays stay on disk and are mapped. Every hash is checked.

    Raises:
        InputError: the file is no prepared register, was written by another version, or was damaged.
    """
    path = Path(path)
    header, begin = read_header(path)
    try:
        whole: Array = np.memmap(path, dtype=np.uint8, mode="r")
        arrays = {name: _array(path, whole, begin, name, e) for name, e in header["arrays"].items()}
        return _rebuilt(header, arrays)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error}); name a prepared register") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: the header does not hold together ({error!r}); {AGAIN}"
        ) from None


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The header of a prepared register, and where its arrays begin.

    Raises:
        InputError: as `load_prepared`.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 40)
            length = int.from_bytes(start[8:16], "little")
            text = file.read(length) if length <= LONGEST_HEADER else b""
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error}); name a prepared register") from error
    if start[:8] != MAGIC:
        raise InputError(f"{path}: is no prepared register; {AGAIN}")
    if len(text) != length or hashlib.sha256(text).digest() != start[16:48]:
        raise InputError(f"{path}: the header was damaged or cut short; {AGAIN}")
    header: dict[str, Any] = json.loads(text)
    wrote = (header.get("format"), header.get("openverdict"), header.get("model_version"))
    if wrote != (FORMAT, VERSION, MODEL_VERSION):
        raise InputError(
            f"{path}: written by openverdict {wrote[1]} (format {wrote[0]}, model {wrote[2]}), this is"
            f" {VERSION} (format {FORMAT}, model {MODEL_VERSION}); {AGAIN}"
        )
    return header, -(-(len(MAGIC) + 40 + length) // ALIGN) * ALIGN


def _header(prepared: PreparedRegister) -> dict[str, Any]:
    frozen = prepared.frozen
    return {
        "format": FORMAT,
        "openverdict": VERSION,
        "model_version": MODEL_VERSION,
        "model_hash": prepared.model_hash,
        "register_hash": prepared.register_hash,
        "inputs": prepared.inputs,
        "known_on": prepared.known_on.isoformat() if prepared.known_on else None,
        "last_found": prepared.last_found.isoformat() if prepared.last_found else None,
        "simulated": prepared.simulated,
        "cases": len(prepared),
        "variables": [
            {f.name: getattr(v, f.name) for f in fields(Variable)} for v in frozen.variables
        ],
        "bits": [[b.variable, b.value, b.negative] for b in frozen.bit_list],
        "roles": {name: list(keys.roles) for name, keys in frozen.keys.items()},
        **{name: getattr(frozen, name) for name in SCALARS},
    }


def _arrays(frozen: Frozen) -> Iterator[tuple[str, Array]]:
    """Every array by its name: case.day, key.persons.index, share."""
    for field in fields(FrozenCases):
        yield f"case.{field.name}", getattr(frozen.cases, field.name)
    for name, keys in sorted(frozen.keys.items()):
        for field in fields(FrozenKeys):
            if field.name != "roles":
                yield f"key.{name}.{field.name}", getattr(keys, field.name)
    for field in fields(Frozen):
        value = getattr(frozen, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value


def _plain(array: Array) -> Array:
    """Little-endian and C-ordered."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _bytes(array: Array) -> memoryview:
    """What an array holds, not copied."""
    return array.reshape(-1).view(np.uint8).data


def _write(file: BinaryIO, header: bytes, arrays: dict[str, Array]) -> None:
    file.write(MAGIC + len(header).to_bytes(8, "little") + hashlib.sha256(header).digest())
    file.write(header)
    for array in arrays.values():
        file.write(bytes(-file.tell() % ALIGN))
        file.write(_bytes(array))
    file.write(bytes(-file.tell() % ALIGN))
    file.flush()
    os.fsync(file.fileno())


def _array(path: Path, whole: Array, begin: int, name: str, entry: dict[str, Any]) -> Array:
    """One array of the file, mapped, its hash checked."""
    shape, at = tuple(int(k) for k in entry["shape"]), begin + int(entry["at"])
    if entry["type"] not in TYPES or min(shape, default=0) < 0 or at % ALIGN:
        raise ValueError(name)
    dtype = np.dtype(entry["type"])
    size = math.prod(shape) * dtype.itemsize
    raw = whole[at : at + size]
    if len(raw) != size or hashlib.sha256(_bytes(raw)).hexdigest() != entry["sha256"]:
        raise InputError(f"{path}: {name} was damaged or cut short; {AGAIN}")
    array: Array = raw.view(np.ndarray).view(dtype).reshape(shape)
    return array


def _rebuilt(header: dict[str, Any], arrays: dict[str, Array]) -> PreparedRegister:
    variables = tuple(_variable(entry) for entry in header["variables"])
    if model_hash(variables) != header["model_hash"]:
        raise ValueError("model_hash")
    keys = {
        name: FrozenKeys(
            roles=tuple(roles),
            **{
                field.name: arrays[f"key.{name}.{field.name}"]
                for field in fields(FrozenKeys)
                if field.name != "roles"
            },
        )
        for name, roles in header["roles"].items()
    }
    cases = FrozenCases(**{f.name: arrays[f"case.{f.name}"] for f in fields(FrozenCases)})
    scalars: dict[str, Any] = {name: header[name] for name in SCALARS}
    scalars |= {name: tuple(scalars[name]) for name in ("type_names", "kind_names")}
    rest: dict[str, Any] = {name: array for name, array in arrays.items() if "." not in name}
    frozen = Frozen(
        variables=variables,
        bit_list=tuple(Bit(v, value, negative) for v, value, negative in header["bits"]),
        cases=cases,
        keys=keys,
        **scalars,
        **rest,
    )
    _check(frozen, int(header["cases"]))
    return PreparedRegister(
        frozen,
        header["register_hash"],
        header["inputs"],
        _day(header["known_on"]),
        _day(header["last_found"]),
        header["simulated"],
    )


def _check(frozen: Frozen, n: int) -> None:
    """Every number that a loop looks something up by lies where it should: hashes prove the bytes, not the sense.

    Raises:
        ValueError: one does not.
    """
    cases, kinds = frozen.cases, len(frozen.kind_names)
    columns = len(frozen.bit_list) + len(frozen.coded) + len(frozen.sparse)
    shapes = {
        "xyz_m": (n, 3),
        "words": (n, -(-columns // 8)),
        "id_start": (n + 1,),
        "id_text": cases.id_text.shape,
    }
    for field in fields(FrozenCases):
        if getattr(cases, field.name).shape != shapes.get(field.name, (n,)):
            raise ValueError(field.name)
    within: list[tuple[Array, int, int]] = [
        (cases.width, 0, len(WIDTH_DAYS)),
        (cases.precision, 0, NO_PLACE + 1),
        (cases.kind, -1, kinds),
        (cases.spot, -1, len(frozen.spot_name)),
        (cases.age, -1, AGES),
        (cases.id_order, 0, n),
        (frozen.unmet_row, 0, n),
        (frozen.feature_bit, -1, len(frozen.bit_list)),
    ]
    for keys in frozen.keys.values():
        if keys.start.shape != (n + 1,) or (np.diff(keys.start) < 0).any():
            raise ValueError("start")
        within += [(keys.index, 0, len(keys.name)), (keys.role, 0, len(keys.roles))]
    for array, low, high in within:
        if array.size and not (low <= int(array.min()) and int(array.max()) < high):
            raise ValueError("out of range")
    if any(not 0 <= bit.variable < len(frozen.coded) for bit in frozen.bit_list):
        raise ValueError("bits")


def _variable(entry: dict[str, Any]) -> Variable:
    pairs = tuple(tuple(pair) for pair in entry["mixture"])
    return Variable(
        **{
            **entry,
            "fields": tuple(entry["fields"]),
            "beta": tuple(entry["beta"]),
            "mixture": pairs,
        }
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
