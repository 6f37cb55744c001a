"""The review app: from a lead to a recorded decision, in a browser, offline.

What comes in: requests of people who signed in, and a store. What goes out: pages, and the same data as JSON and CSV under the
same address. This room has no logic of its own: a view asks `decisions`, `ledger` and `reports`, whose functions say who may
do what, and every page stands in one table of routes (`routes.ROUTES`), from which the addresses, the navigation, the
description of the API and the test of who may see what are made. It fetches nothing from another host (but from an issuer
of single sign-on that an administrator named), keeps passwords and
sessions in a database beside the record, and never in it, and runs no script that its own server did not send.

    with start("cases.db", Options(port=8000)) as running:   # the store, the app's own database, the settings
        serve(running)                                       # waitress, until Ctrl-C

It needs the extra `web`; what is named here is imported when first asked for. How to add a page: CONTRIBUTING.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_LATER = {"Options": "running", "serve": "serving", "start": "running"}
__all__ = [  # noqa: PLE0604  (made from the one list above)
    *_LATER
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'openverdict.web' has no attribute {name!r}")
    from openverdict.web.settings import configure_app

    configure_app()
    return getattr(import_module(f"openverdict.web.{_LATER[name]}"), name)
