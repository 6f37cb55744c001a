"""Database fields of the record's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models


class RowNumber(models.BigIntegerField):
    """The number of a row, given by the writer: on SQLite the row's own number, which takes no second index."""

    def db_type(self, connection: Any) -> str:
        """The type of the column; 64 bits on either engine."""
        return "integer" if connection.vendor == "sqlite" else "bigint"

    def rel_db_type(self, connection: Any) -> str:
        """The type of a column that refers to this one."""
        return self.db_type(connection)


class PlainText(models.TextField):
    """Text that sorts and compares by its code points on either engine, whatever the language of the database."""

    if TYPE_CHECKING:  # an instance of a model has the text, not the field

        def __get__(self, instance: Any, owner: Any) -> Any: ...

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """With the collation of PostgreSQL that does so; SQLite's own does."""
        found = dict(super().db_parameters(connection))
        if connection.vendor == "postgresql":
            found["collation"] = "C"
        return found
