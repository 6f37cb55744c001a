"""Splink on DuckDB or Spark, held so that no name gets out: nothing is logged, written to disk or repeated in an error."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

from openverdict.errors import EngineError, MissingPartError, OpenverdictError

if TYPE_CHECKING:
    import polars as pl

_OURS = (
    "openverdict_identity",
    "__splink__",
)  # what tables and views of ours and of Splink begin with
_NUMBERS = count()


def check_splink() -> None:
    """Refuse at once what could not run later.

    Raises:
        MissingPartError: Splink is not installed.
    """
    if find_spec("splink") is None or find_spec("duckdb") is None:
        raise MissingPartError("Splink, which compares records of persons,", "identity")


@contextmanager
def _silent() -> Iterator[None]:
    """Splink's loggers say nothing, and errors of the engine name their kind alone: its messages may quote a cell."""
    logger = logging.getLogger("splink")
    before = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (OpenverdictError, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise EngineError(
            f"comparing the records failed ({type(error).__name__}); what it said is kept back, since it may hold names: "
            "try with fewer records, and if it persists say so with the version and the model's hash"
        ) from None
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]


@contextmanager
def duckdb_api(threads: int | None = None) -> Iterator[Any]:
    """Splink's way to a DuckDB in memory that spills nothing to disk, reads no file and fetches nothing."""
    check_splink()
    with _silent():
        import duckdb
        from splink import DuckDBAPI

        settings: dict[str, Any] = {
            "threads": threads or len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else threads or os.cpu_count() or 1,
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            yield DuckDBAPI(connection=connection)
        finally:
            connection.close()


@contextmanager
def spark_api(session: Any) -> Iterator[Any]:
    """Splink's way to a running Spark session; what it keeps for a while stays in the executors' memory."""
    check_splink()
    with _silent():
        from splink import SparkAPI

        made: Any = SparkAPI  # has no types
        api = made(spark_session=session, break_lineage_method="persist")
        try:
            session.sql("select jaro_sim('a', 'a'), damerau_levenshtein('a', 'a')").collect()
        except Exception:
            raise EngineError(
                "this session of Spark lacks Splink's functions; start it with spark.jars set to the file that "
                "splink.backends.spark.similarity_jar_location() names"
            ) from None
        try:
            yield api
        finally:
            for view in session.catalog.listTables():
                if view.isTemporary and view.name.startswith(_OURS):
                    session.catalog.dropTempView(view.name)


def spark_settings(master: str) -> dict[str, str]:
    """What a session for this room needs beyond others: Splink's functions, local files encrypted, few parts on one machine."""
    check_splink()
    with _silent():
        from splink.backends.spark import similarity_jar_location

        settings = {"spark.jars": similarity_jar_location(), "spark.io.encryption.enabled": "true"}
        return settings | (
            {"spark.sql.shuffle.partitions": "4"} if master.startswith("local") else {}
        )


def linker(api: Any, frame: pl.DataFrame, settings: dict[str, Any], name: str) -> Any:
    """Splink's linker over a table of records."""
    from splink import Linker, SettingsCreator

    return Linker(
        register(api, frame, name),
        SettingsCreator.from_path_or_dict(settings),
        log_level=None,
        validate_settings=False,
    )


def register(api: Any, frame: pl.DataFrame, name: str) -> Any:
    """A table under a name of its own, which a session that goes on keeps apart from earlier ones."""
    from polars import CompatLevel

    # The older forms of Arrow are read by every engine.
    table = frame.to_arrow(compat_level=CompatLevel.oldest())
    return api.register(table, table_name=f"{_OURS[0]}_{name}_{next(_NUMBERS)}")
