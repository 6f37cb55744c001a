"""Applying migrations as Django's command does it, but without drawing every model anew for each table that is made.

Between two steps Django keeps the models as classes, and when a table comes in makes all classes anew that are related to it:
here all of them, since nearly every table names the entry that wrote it. No class can refer to a table that was not there
before, so that the new class is enough. What reaches the database is the same; a new store is made in a quarter of the time.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState


class _State(ProjectState):
    """Django's state of all models between two migrations, with models added one by one."""

    def add_model(self, model_state: ModelState) -> None:
        is_new = (model_state.app_label, model_state.name_lower) not in self.models
        drawn: Any = self.__dict__.pop("apps", None) if is_new else None
        super().add_model(model_state)  # which draws the related ones anew where there are classes
        if drawn is not None:
            self.__dict__["apps"] = drawn
            drawn.render_multiple([model_state])


class _Executor(MigrationExecutor):
    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state = super()._create_project_state(with_applied_migrations)
        return _State(state.models, state.real_apps)


def apply_all(alias: str, label: str) -> None:
    """Apply every migration of one room that this database has not had yet, and those that they depend on."""
    executor = _Executor(connections[alias])
    executor.loader.check_consistent_history(connections[alias])
    executor.migrate(executor.loader.graph.leaf_nodes(label))
