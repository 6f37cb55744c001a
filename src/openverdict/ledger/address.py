"""Where a store is: a path or a URL, read into what Django's database settings need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from openverdict.errors import InputError, MissingPartError

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# What survives a power cut, by mode. `full`: everything acknowledged. `normal`: a store that is whole, but perhaps
# without what was acknowledged in the last moments before.
DURABILITY = ("full", "normal")
_SYNCHRONOUS = {"full": "FULL", "normal": "NORMAL"}  # SQLite
_COMMIT = {"full": "on", "normal": "off"}  # PostgreSQL, synchronous_commit
BUSY_S = 60


@dataclass(frozen=True)
class Address:
    """One store: its engine, what people are shown of it (never a password), and Django's settings for it."""

    engine: str
    shown: str
    database: dict[str, Any]
    path: Path | None = None
    durability: str = "full"


def read_address(url: str | Path) -> Address:
    """An address from a path, `sqlite:PATH` or `postgresql://…`; `?durability=normal` may end a URL.

    Raises:
        InputError: empty, another kind of URL, an unknown durability, or an address that PostgreSQL can't read.
        MissingPartError: PostgreSQL is asked for and its driver is not installed.
    """
    text = str(url).strip()
    if not text:
        raise InputError("--store is empty; give a path, or postgresql://user@host/database")
    scheme = text.partition(":")[0].lower() if ":" in text else ""
    if scheme in ("postgres", "postgresql"):
        return _postgresql(*_durability(text))
    if scheme == "sqlite":
        bare, durability = _durability(text)
        rest = bare.partition(":")[2]
        # sqlite:///relative and sqlite:////absolute, as other tools write it; sqlite:path is plain.
        return _sqlite(Path(rest[3:] if rest.startswith("///") else rest), durability)
    if "://" in text:
        raise InputError(
            f"--store {scheme}://…: no such kind of store; give a path, or postgresql://…"
        )
    return _sqlite(Path(text), "full")


def _durability(url: str) -> tuple[str, str]:
    """The URL without our own setting, and the setting."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    mode = dict(query).get("durability", "full")
    if mode not in DURABILITY:
        raise InputError(f"--store …?durability={mode}: one of: {', '.join(DURABILITY)}")
    kept = [(key, value) for key, value in query if key != "durability"]
    if parts.scheme == "sqlite":
        return url.partition("?")[0], mode
    return urlunsplit(parts._replace(query=urlencode(kept))), mode


def _sqlite(path: Path, durability: str) -> Address:
    if path in (Path(), Path("/")):
        raise InputError(
            "--store names no file; give the path of a SQLite file, or postgresql://user@host/database"
        )
    pragmas = (
        "journal_mode=WAL",
        f"synchronous={_SYNCHRONOUS[durability]}",
        "recursive_triggers=ON",  # so that INSERT OR REPLACE meets the triggers that refuse deletion
        "trusted_schema=OFF",
        "secure_delete=ON",  # what is erased does not stay in free pages
        "cache_size=-65536",
    )
    return Address(
        SQLITE,
        str(path),
        {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": {
                "timeout": BUSY_S,
                "transaction_mode": "IMMEDIATE",
                "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
            },
        },
        path=path,
        durability=durability,
    )


def _postgresql(url: str, durability: str) -> Address:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise MissingPartError("psycopg, which speaks to PostgreSQL,", "store") from None
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except ProgrammingError as error:
        said = " ".join(str(error).split())
        raise InputError(
            f"--store: not an address PostgreSQL can read ({said}); write postgresql://user@host:5432/database"
        ) from None
    if not given.get("dbname"):
        raise InputError("--store names no database; write postgresql://user@host:5432/database")
    named = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    database: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql"}
    database |= {named[key]: value for key, value in given.items() if key in named}
    options = {key: value for key, value in given.items() if key not in named}
    # Set for the session, so that the server's own default can't weaken what this command promised.
    ours = f"-c synchronous_commit={_COMMIT[durability]} -c lock_timeout={BUSY_S}s"
    options["options"] = f"{options.get('options', '')} {ours}".strip()
    options["application_name"] = options.get("application_name", "openverdict")
    database["OPTIONS"] = options
    user = f"{given['user']}@" if given.get("user") else ""
    port = f":{given['port']}" if given.get("port") else ""
    shown = f"postgresql://{user}{given.get('host', '')}{port}/{given['dbname']}"
    return Address(POSTGRESQL, shown, database, durability=durability)
