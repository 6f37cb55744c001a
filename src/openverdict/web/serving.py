"""The server and the worker beside it: pages by waitress, long runs by a process that ends when the server does."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from openverdict.errors import InputError
from openverdict.ledger.configuring import DEFAULT
from openverdict.web import links, working
from openverdict.web.addresses import address
from openverdict.web.running import Running, current

UPLOAD_BYTES = 512 * 2**20
QUIT_S = 30  # that a worker gets to end a run in order
MOST_PAUSE_S = 60.0  # between workers that end at once


def application() -> Callable[..., Iterator[bytes]]:
    """The app as WSGI has it, once it is started."""
    from django.core.handlers.wsgi import WSGIHandler

    made: Callable[..., Iterator[bytes]] = WSGIHandler()
    return made


def first_links(running: Running, *link_for: str) -> list[tuple[str, str, str]]:
    """(kind, name, address) of the links that are printed at a start; each works once."""
    return [
        (kind, name, running.origin + address("house.begin", token=links.make(kind, name)))
        for kind, name in links.wanted_at_start(running.store, link_for)
    ]


def serve(running: Running, server: Any = None, *, worker: bool = True) -> None:
    """Answer requests until somebody ends it (Ctrl-C). `server`: of `server_of`, where one listens already."""
    server = server or server_of(running)
    _settle_memory()
    with worker_beside(running) if worker else _nothing():
        try:
            server.run()
        finally:
            server.close()


def _settle_memory() -> None:
    """Leave what is loaded by now out of the search for garbage, which would hold up every so many answers by it."""
    import openverdict.reports.subject_page
    import openverdict.web.routes  # noqa: F401  (with what it loads, most of what pages need)

    gc.collect()
    gc.freeze()


def server_of(running: Running, port: int | None = None) -> Any:
    """A server that listens, and does not answer yet."""
    from waitress.server import create_server

    options = running.options
    proxy = (
        {
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_headers": "x-forwarded-proto x-forwarded-for",
            "clear_untrusted_proxy_headers": True,
        }
        if options.behind_proxy
        else {"clear_untrusted_proxy_headers": True}
    )
    try:
        return create_server(
            application(),
            host=options.host,
            port=options.port if port is None else port,
            threads=options.threads,
            ident=None,
            max_request_body_size=UPLOAD_BYTES,
            **proxy,
        )
    except OSError as error:
        raise InputError(
            f"--port {options.port}: can't be listened on ({error.strerror or error}); end what uses it, or name another"
        ) from None


@contextmanager
def worker_beside(running: Running) -> Iterator[None]:
    """A worker in a process of its own. It ends when its input does, so that none is left behind a server that was killed.

    One that ends by itself (killed, or out of memory) is replaced, and what it was at is marked failed.
    """
    keeper = _Keeper(running)
    thread = threading.Thread(target=keeper.keep)
    thread.start()
    try:
        yield
    finally:
        keeper.end()
        thread.join()


class _Keeper:
    """Sees to it that there is a worker."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Start a worker, wait for its end, bury what it was at, and again."""
        pause = 1.0
        try:
            while not self._over.is_set():
                began = time.monotonic()
                with self._lock:
                    if self._over.is_set():
                        return
                    self._process = self._start()
                code = self._process.wait()
                name = working.worker_name(self._process.pid)
                working.bury(self._running.store, name, _why_ended(code))
                pause = min(2 * pause, MOST_PAUSE_S) if time.monotonic() - began < pause else 1.0
                self._over.wait(pause)
        finally:
            for alias in (DEFAULT, self._running.store.alias):
                connections[alias].close()

    def end(self) -> None:
        """Let the worker end its job at its next step, and itself."""
        self._over.set()
        with self._lock:
            process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(QUIT_S)
        except subprocess.TimeoutExpired:
            process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "openverdict", "serve", "--store", self._running.url]
        return subprocess.Popen([*command, "--only", "worker"], stdin=subprocess.PIPE)  # noqa: S603  (ourselves)


def _why_ended(code: int) -> str:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    more = "; the machine may have run out of memory" if code == -9 else ""
    return f"the process that did this ended before it was done ({how}{more})"


def work(*, until_input_ends: bool = True, batch: bool = False) -> None:
    """Take queued runs one by one, until the input ends; with `batch`, until none is left."""
    from django.utils.crypto import get_random_string
    from django_tasks_db.management.commands.db_worker import Worker

    working.bury(current().store)
    worker = Worker(
        queue_names=["*"],
        interval=1,
        batch=batch,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
    if until_input_ends:
        # Ctrl-C, and often SIGTERM, goes to server and worker alike; the worker ends its run first, and then with its input.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: _end(worker))
        threading.Thread(target=_wait_for_end, args=(worker,), daemon=True).start()
    worker.run()


def _wait_for_end(worker: Any) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    _end(worker)


def _end(worker: Any) -> None:
    """Let a worker end what it is at at its next step, and then itself."""
    worker.running = False
    working.end_all()


@contextmanager
def _nothing() -> Iterator[None]:
    yield
