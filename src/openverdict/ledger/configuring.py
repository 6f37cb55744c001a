"""Django set up once, without a server, a settings module or an environment variable."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import Any

from openverdict.errors import MissingPartError
from openverdict.ledger.address import Address

# Rooms whose tables a store holds. Those above this one are named, not imported: migrating or verifying a store has to see
# them all. Whatever else is installed (the review app and its accounts) has a database of its own.
ROOMS = ("openverdict.ledger", "openverdict.decisions")
LABELS = tuple(room.rpartition(".")[2] for room in ROOMS)
DEFAULT = "default"
_lock = threading.RLock()


def configure(**more: Any) -> None:
    """Set Django up unless somebody did so before; `more` are further settings, for whoever comes first.

    Raises:
        MissingPartError: Django is not installed.
    """
    try:
        import django
        from django.apps import apps
        from django.conf import settings
    except ImportError:
        raise MissingPartError("The store (Django)", "store") from None
    with _lock:
        if not settings.configured:
            given: dict[str, Any] = {
                "INSTALLED_APPS": [room for room in ROOMS if _has_tables(room)],
                "DATABASES": {},
                "USE_TZ": True,
                "TIME_ZONE": "UTC",
                "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
                "LOGGING_CONFIG": None,
            }
            settings.configure(**{**given, **more})
        if not apps.ready:
            django.setup()


def _has_tables(room: str) -> bool:
    return find_spec(room) is not None and find_spec(f"{room}.models") is not None


def connect(address: Address, alias: str) -> Any:
    """This thread's Django connection to the store, under `alias`; it is opened when first used."""
    from django.db import connections

    with _lock:
        disconnect(alias)
        known = {**connections.settings, alias: address.database}
        connections.settings = connections.configure_settings(known)
    return connections[alias]


def is_taken(alias: str) -> bool:
    """Whether a store stands under this alias, or it is kept for the review app's own database."""
    from django.conf import settings
    from django.db import connections

    if alias == DEFAULT and getattr(settings, "DEFAULT_IS_THE_APPS", False):
        return True

    found = connections.settings.get(alias, {})
    return not found.get("ENGINE", "django.db.backends.dummy").endswith("dummy")


def disconnect(alias: str, *, forget: bool = False) -> None:
    """Close this thread's connection to a store; with `forget`, let the alias be used for another."""
    from django.db import connections

    with _lock:
        if hasattr(connections._connections, alias):
            connections[alias].close()
            del connections[alias]
        if forget and alias in connections.settings:
            known = {key: value for key, value in connections.settings.items() if key != alias}
            known.setdefault(DEFAULT, {})  # Django asks for one of this name, if only as a dummy
            connections.settings = connections.configure_settings(known)
