"""Django set up once, without a server, a settings module or an environment variable."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import Any

from openverdict.errors import MissingPartError
from openverdict.ledger.address import Address

# Rooms with tables. Those above this one are named, not imported: a store holds their tables as well as ours, and
# migrating or verifying it has to see them all.
ROOMS = ("openverdict.ledger", "openverdict.decisions", "openverdict.web")
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
    """Whether a store stands under this alias."""
    from django.db import connections

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
