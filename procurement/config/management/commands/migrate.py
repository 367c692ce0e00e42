"""`manage.py migrate`: Django's, which makes an empty database's tables several times as fast.

Django renders every model that is related to a changed one again, after each operation, and here all are related to
all. That is what making a hundred tables took its time for; the statements that reach the database are the same.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class SwiftState(ProjectState):
    """Renders again the changed model alone. Whoever runs Python in a migration still gets all of them afresh."""

    before: SwiftState | None = None  # the state before the operation under way

    def clone(self) -> SwiftState:
        """Django asks for it before each operation."""
        self.before = swift(super().clone())
        return self.before

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        """Other models know the old class of this one, which matters to them only where their keys point at it."""
        if "apps" not in self.__dict__:  # nothing was rendered yet
            return
        room = self.apps.all_models[app_label]
        known = room.get(model_name)
        self._reload({(app_label, model_name)})  # type: ignore[attr-defined]
        self.is_delayed = True
        if known and not _keys(known) <= _keys(room[model_name]):
            for state in filter(None, (self, self.before)):
                state.__dict__.pop("apps", None)  # rendered as a whole when it is next asked for


def swift(state: ProjectState) -> SwiftState:
    """The same state, rendered more cheaply from now on."""
    state.__class__ = SwiftState
    assert isinstance(state, SwiftState)  # noqa: S101 - for the type checker
    return state


def _keys(model: type[models.Model]) -> set[tuple[str, str | None, str | None]]:
    """What the keys of other models can point at: name, column and type."""
    unique = [field for field in model._meta.local_fields if field.unique]
    return {(field.name, field.column, field.db_type(connection)) for field in unique}


class SwiftExecutor(MigrationExecutor):
    """Starts from a swift state where nothing has been migrated yet."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state: ProjectState = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]
        return state if self.loader.applied_migrations else swift(state)


class Command(migrate.Command):
    """Only for an empty database; where somebody's rows are, Django's own way is taken."""

    def handle(self, *args: Any, **options: Any) -> None:
        """As Django does it, with our executor."""
        names = vars(migrate)  # Django's command looks its executor up there, and leaves no other way
        usual, names["MigrationExecutor"] = names["MigrationExecutor"], SwiftExecutor
        try:
            super().handle(*args, **options)
        finally:
            names["MigrationExecutor"] = usual
