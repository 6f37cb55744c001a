"""What makes a table append-only in the database itself: triggers that refuse UPDATE, DELETE and whatever replaces a row.

A migration names its tables (`append_only(...)`); `verify` compares what stands in the database with what these texts say. They
stop mistakes and other programs. Who owns the database can drop them: that is what the log is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connections, migrations, models

_REFUSE = "ledger_refuse"
_REFUSE_UNLESS_ERASED = "ledger_refuse_unless_erased"
_SAYS_UPDATE = "is append-only: nothing in it is updated; append a correction"
_SAYS_DELETE = (
    "is append-only: nothing in it is deleted, but personal content that an erasure names"
)

FUNCTIONS = {
    _REFUSE: f"""
CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION '% {_SAYS_UPDATE}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$body$
""",
    _REFUSE_UNLESS_ERASED: f"""
CREATE OR REPLACE FUNCTION {_REFUSE_UNLESS_ERASED}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_erasure WHERE target = OLD.event_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% {_SAYS_DELETE}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$body$
""",
}


def sqlite_triggers(
    table: str, unique: Iterable[tuple[str, ...]], *, erasable: bool
) -> dict[str, str]:
    """The triggers of one table by name. `unique`: sets of columns by which an INSERT OR REPLACE could push a row out."""
    same = " OR ".join(
        "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")"
        for columns in unique
    )
    unless = (
        " WHEN NOT EXISTS (SELECT 1 FROM ledger_erasure WHERE target = OLD.event_id)"
        if erasable
        else ""
    )
    bodies = {
        "update": f"BEFORE UPDATE ON {table}{_abort(table, _SAYS_UPDATE)}",
        "delete": f"BEFORE DELETE ON {table}{unless}{_abort(table, _SAYS_DELETE)}",
        "replace": f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
        f"{_abort(table, _SAYS_UPDATE)}",
    }
    return {
        f"{table}_no_{what}": f"CREATE TRIGGER {table}_no_{what} {body}"
        for what, body in bodies.items()
    }


def _abort(table: str, says: str) -> str:
    return f" BEGIN SELECT RAISE(ABORT, '{table} {says}'); END"


def postgresql_triggers(table: str, *, erasable: bool) -> dict[str, str]:
    """The triggers of one table by name. A delete that an erasure allows is the only change there is."""
    refuse_delete = _REFUSE_UNLESS_ERASED if erasable else _REFUSE
    bodies = {
        "update": f"BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {_REFUSE}()",
        "delete": f"BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {refuse_delete}()",
        "truncate": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {_REFUSE}()",
    }
    return {
        f"{table}_no_{what}": f"CREATE TRIGGER {table}_no_{what} {body}"
        for what, body in bodies.items()
    }


def unique_sets(model: type[models.Model]) -> tuple[tuple[str, ...], ...]:
    """The sets of columns by which no two rows of a model may agree."""
    meta = model._meta
    key = tuple(field.column for field in meta.pk_fields)
    alone = [
        (field.column,) for field in meta.concrete_fields if field.unique and not field.primary_key
    ]
    together = [
        tuple(meta.get_field(name).column for name in constraint.fields)
        for constraint in meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    ]
    return (key, *alone, *together)


def append_only(app: str, *names: str) -> migrations.RunPython:
    """A migration's operation: make these models' tables append-only, on either engine."""

    def protect(apps: Any, editor: Any) -> None:
        vendor = editor.connection.vendor
        if vendor == "postgresql":
            for text in FUNCTIONS.values():
                editor.execute(text, None)
        for name in names:
            model = apps.get_model(app, name)
            real = _erasable(app, name)
            table = model._meta.db_table
            made = (
                postgresql_triggers(table, erasable=real)
                if vendor == "postgresql"
                else sqlite_triggers(table, unique_sets(model), erasable=real)
            )
            for trigger, text in made.items():
                editor.execute(f"DROP TRIGGER IF EXISTS {trigger}{_on(vendor, table)}")
                editor.execute(text, None)
                if vendor == "postgresql":
                    # Also where a session calls itself a replica, which would silence ordinary triggers.
                    editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")

    def unprotect(apps: Any, editor: Any) -> None:
        vendor = editor.connection.vendor
        for name in names:
            table = apps.get_model(app, name)._meta.db_table
            for what in ("update", "delete", "replace", "truncate"):
                editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{what}{_on(vendor, table)}")

    return migrations.RunPython(protect, unprotect)


def _erasable(app: str, name: str) -> bool:
    """Whether the model of today is erasable: migrations' own models know columns only."""
    from django.apps import apps

    return bool(getattr(apps.get_model(app, name), "erasable", False))


def _on(vendor: str, table: str) -> str:
    return f" ON {table}" if vendor == "postgresql" else ""


def faults(alias: str, models_guarded: Iterable[type[models.Model]]) -> Iterator[str]:
    """What is wrong with the triggers that stand in the database: missing, changed, switched off, or not ours."""
    connection = connections[alias]
    is_sqlite = connection.vendor == "sqlite"
    read = _present_sqlite if is_sqlite else _present_postgresql
    tables = {str(model._meta.db_table): model for model in models_guarded}
    found = read(alias)
    for table, model in sorted(tables.items()):
        erasable = bool(getattr(model, "erasable", False))
        wanted = (
            sqlite_triggers(table, unique_sets(model), erasable=erasable)
            if is_sqlite
            else _enabled(table, erasable=erasable)
        )
        for name, text in wanted.items():
            there = found.pop((table, name), None)
            if there is None:
                yield f"{table}: the trigger {name} that refuses changes is missing"
            elif there != text:
                yield f"{table}: the trigger {name} that refuses changes was changed or switched off"
    for table, name in sorted(found):
        if table in tables:
            yield f"{table}: has a trigger {name} that is not ours"
    if not is_sqlite:
        yield from _function_faults(alias)


def _rows(alias: str, query: str) -> list[tuple[Any, ...]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _present_sqlite(alias: str) -> dict[tuple[str, str], str]:
    found = _rows(alias, "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {(table, name): sql for table, name, sql in found}


# pg_trigger.tgtype: for each row 1, before 2, delete 8, update 16, truncate 32.
_TYPES = {"update": 19, "delete": 11, "truncate": 34}


def _enabled(table: str, *, erasable: bool) -> dict[str, str]:
    """How the triggers of a table stand in PostgreSQL's catalogue: what they call, when, and that they always fire."""
    calls = dict.fromkeys(_TYPES, _REFUSE)
    if erasable:
        calls["delete"] = _REFUSE_UNLESS_ERASED
    return {f"{table}_no_{what}": f"{calls[what]} {_TYPES[what]} A" for what in _TYPES}


def _present_postgresql(alias: str) -> dict[tuple[str, str], str]:
    found = _rows(
        alias,
        "SELECT c.relname, t.tgname, p.proname || ' ' || t.tgtype || ' ' || t.tgenabled::text FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND n.nspname = current_schema()",
    )
    return {(table, name): said for table, name, said in found}


def _function_faults(alias: str) -> Iterator[str]:
    found = dict(
        _rows(
            alias,
            "SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema()",
        )
    )
    for name, text in FUNCTIONS.items():
        if found.get(name) != text.split("$body$")[1]:
            yield f"the function {name}, by which changes are refused, is missing or was changed"
