"""A started app: the store, the app's own database, and the settings that differ from start to start. One in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openverdict.errors import InputError
from openverdict.ledger.address import Address
from openverdict.ledger.configuring import DEFAULT, disconnect
from openverdict.ledger.store import Store, open_store
from openverdict.reports.figures import Ring, read_outline
from openverdict.web import single_sign_on as sso
from openverdict.web.appdb import open_app_database, secret_key
from openverdict.web.logs import keep_tokens_out
from openverdict.web.settings import configure_app

LOCAL = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  (compared with, not bound to)
HSTS_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Options:
    """How the app is reached. `names`: host names by which it is; `behind_proxy`: a proxy serves it by https;
    `second_factor`: nobody gets in without one; `outline_file`: GeoJSON outlines for the maps of its pages.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    behind_proxy: bool = False
    second_factor: bool = False
    threads: int = 8
    outline_file: Path | None = None


@dataclass(frozen=True)
class Running:
    """The app of this process. `url`: the address as it was given, for the worker beside it."""

    url: str
    store: Store
    database: Address
    options: Options
    outline: tuple[Ring, ...] = ()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        stop()

    @property
    def origin(self) -> str:
        """Where people find it, for what is printed."""
        options = self.options
        if options.behind_proxy:
            return f"https://{options.names[0]}"
        host = options.names[0] if options.names else options.host
        shown = "127.0.0.1" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
        return f"http://{shown}:{options.port}"


_now: list[Running] = []


def start(
    url: str,
    options: Options | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    **opening: Any,
) -> Running:
    """Open a store and the app's own database, and set what differs from start to start.

    Raises:
        InputError: the store or the database can't be opened, an option does not fit, or an app runs in this process.
    """
    configure_app()
    keep_tokens_out()
    if _now:
        raise InputError("an app runs in this process; stop it first")
    options = _checked(options or Options())
    outline = () if options.outline_file is None else read_outline(options.outline_file)
    single_sign_on = sso.read(environment)
    store = open_store(url, environment=environment, **opening)
    try:
        database = open_app_database(store.address)
        _set(options, secret_key(store.address, environment), single_sign_on)
    except BaseException:
        disconnect(DEFAULT, forget=True)
        store.close()
        raise
    _now.append(Running(url, store, database, options, outline))
    return _now[0]


def current() -> Running:
    """The app of this process."""
    if not _now:
        raise InputError("no app runs in this process; start one")
    return _now[0]


def stop() -> None:
    """Close what this thread has open."""
    while _now:
        _now.pop().store.close()
    disconnect(DEFAULT, forget=True)


def _checked(options: Options) -> Options:
    if options.behind_proxy and not options.names:
        raise InputError("--behind-proxy: say with --name by which host name people reach it")
    if options.host in EVERYWHERE and not options.names:
        raise InputError(
            f"--host {options.host}: say with --name by which host name people reach it"
        )
    return options


def _set(options: Options, secret: str, single_sign_on: sso.SingleSignOn | None) -> None:
    from django.conf import settings

    secure = options.behind_proxy
    prefix = "__Host-" if secure else ""
    own = () if options.host in EVERYWHERE else (options.host,)
    found: dict[str, Any] = {
        "SECRET_KEY": secret,
        "ALLOWED_HOSTS": [*LOCAL, *own, *options.names],
        "CSRF_TRUSTED_ORIGINS": [f"https://{name}" for name in options.names] if secure else [],
        "SESSION_COOKIE_NAME": f"{prefix}openverdict_session",
        "CSRF_COOKIE_NAME": f"{prefix}openverdict_csrf",
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_SECURE": secure,
        "OPENVERDICT_SECOND_FACTOR": options.second_factor,
        "OPENVERDICT_SINGLE_SIGN_ON": single_sign_on,
        "SOCIALACCOUNT_PROVIDERS": sso.providers(single_sign_on),
        "SECURE_HSTS_SECONDS": HSTS_S if secure else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": secure,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if secure else "http",
    }
    for name, value in found.items():
        setattr(settings, name, value)
