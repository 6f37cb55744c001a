"""The door: signing in and out, too many tries, the first start, and headers that every answer carries."""

from __future__ import annotations

import logging
import socket
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from tests.web.conftest import ENVIRONMENT, PASSWORD, client
from typer.testing import CliRunner

from openverdict.cli import app as cli
from openverdict.decisions.accounts import change_user
from openverdict.errors import InputError
from openverdict.ledger.models import Event
from openverdict.web import links
from openverdict.web.in_use import marked
from openverdict.web.models import OneTimeLink
from openverdict.web.running import Options, start, stop
from openverdict.web.serving import first_links, work
from openverdict.web.sessions import BEGAN
from openverdict.web.settings import ABSOLUTE_S, LOCKED_AFTER


def sign_in(asking, name, password=PASSWORD):
    return asking.post("/account/login", {"login": name, "password": password})


def last_kinds(app, count):
    return list(app.store.rows(Event).order_by("-seq").values_list("kind", flat=True)[:count])


def test_a_person_with_an_account_and_its_password_comes_in(app):
    asking = client()
    answer = sign_in(asking, "reviewer")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert asking.get("/").status_code == 200
    assert last_kinds(app, 1) == ["signed_in"]
    asking.post("/account/logout")
    assert last_kinds(app, 1) == ["signed_out"]
    assert asking.get("/").status_code == 302


def test_a_wrong_password_is_refused_and_logged(app):
    answer = sign_in(client(), "reviewer", "wrong")
    assert answer.status_code == 200
    assert "Something has to be mended" in answer.text
    assert last_kinds(app, 1) == ["sign_in_failed"]


def test_what_somebody_types_as_a_name_that_nobody_has_is_not_logged(app):
    before = app.store.size()
    sign_in(client(), "my secret by mistake", "x")
    assert app.store.size() == before


def test_after_too_many_tries_even_the_right_password_waits(app):
    asking = client()
    for _ in range(LOCKED_AFTER):
        sign_in(asking, "reviewer", "wrong")
    answer = sign_in(asking, "reviewer")
    assert answer.status_code == 429
    assert "wait 15 minutes" in answer.text
    assert sign_in(client(), "reader").status_code == 302


def test_an_account_that_the_record_locked_is_out_at_once(app):
    asking = client("reviewer")
    with app.store.writing("root", "administration") as writer:
        change_user(app.store, writer, "reviewer", "locked")
    assert asking.get("/").status_code == 302
    assert sign_in(client(), "reviewer").status_code == 200
    assert last_kinds(app, 2) == ["sign_in_failed", "signed_out"]


def test_a_session_ends_after_its_longest_time(app):
    asking = client("reviewer")
    session = asking.session
    session[BEGAN] = time.time() - ABSOLUTE_S - 1
    session.save()
    assert asking.get("/").status_code == 302


def test_nobody_signs_themselves_up(app):
    for path in ("/account/signup", "/account/signup/", "/signup", "/account/password/reset/"):
        assert client().get(path).status_code == 404


def test_a_form_from_elsewhere_is_refused(app):
    asking = client("reviewer", enforce_csrf_checks=True)
    answer = asking.post("/looks", {"theme": "dark"})
    assert (answer.status_code, "too old" in answer.text) == (403, True)


def test_the_first_start_makes_one_administrator_by_a_link_that_works_once(empty_app):
    ((kind, name, link),) = first_links(empty_app)
    assert (kind, name) == ("first", "")
    path = link.removeprefix(empty_app.origin)
    answers = {"username": "root", "password": PASSWORD, "again": PASSWORD}
    assert client().post(path, {**answers, "again": "other"}).status_code == 422
    assert client().post(path, answers).headers["Location"] == "/account/login"
    assert client().post(path, {**answers, "username": "second"}).status_code in (404, 422)
    assert client().get(path).status_code == 404
    asking = client()
    assert sign_in(asking, "root").status_code == 302
    assert "administrator" in asking.get("/").text
    assert first_links(empty_app) == []


def test_a_link_stands_nowhere_in_the_database_and_ends(empty_app):
    token = links.make(links.FIRST)
    row = OneTimeLink.objects.get()
    assert token not in (row.token_sha256, row.kind)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert links.look_up(token) is None


def test_a_newer_link_puts_the_older_out_of_use(empty_app):
    old, new = links.make(links.FIRST), links.make(links.FIRST)
    assert links.look_up(old) is None
    assert links.look_up(new) is not None


def test_where_another_program_listens_no_store_is_made_and_no_link_printed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        words = ["serve", "--store", str(tmp_path / "new.db"), "--port", str(port)]
        told = CliRunner().invoke(cli, words)
    assert told.exit_code == 2
    assert f"--port {port}" in told.output
    assert "begin/" not in told.output
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_served_already_is_said_to_be(app):
    with marked(app) as beside, marked(app) as second:
        assert (beside, second) == ("", "http://127.0.0.1:8000/")
    with marked(app) as beside:
        assert beside == ""
    assert [path for path in app.store.address.path.parent.iterdir() if "served" in path.name] == []


def test_a_link_for_a_person_sets_that_persons_password_alone(app):
    token = links.make(links.PASSWORD, "reader")
    with pytest.raises(InputError, match="used, or its time is over"):
        links.use(app.store, token, "root", "another password altogether")
    links.use(app.store, token, "reader", "another password altogether")
    assert sign_in(client(), "reader", "another password altogether").status_code == 302


@pytest.mark.parametrize("path", ["/account/login", "/", "/none", "/cases.json", "/help"])
def test_every_answer_carries_the_headers(app, path):
    headers = client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_behind_a_proxy_cookies_travel_by_https_alone(app_template):
    with start(
        str(app_template),
        Options(behind_proxy=True, names=("review.example",)),
        environment=ENVIRONMENT,
    ) as running:
        assert running.origin == "https://review.example"
        answer = client().get("/account/login", secure=True)
        cookie = answer.cookies[settings.CSRF_COOKIE_NAME]
        assert cookie.key.startswith("__Host-")
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
        assert "max-age" in answer.headers["Strict-Transport-Security"]
    with pytest.raises(InputError, match="--name"):
        start(str(app_template), Options(behind_proxy=True), environment=ENVIRONMENT)


def test_another_host_name_is_refused(app):
    assert client().get("/help", headers={"host": "evil.example"}).status_code == 400


def test_the_record_holds_no_password_and_no_session(app):
    from django.db import connections

    tables = set(connections[app.store.alias].introspection.table_names())
    assert not {
        name
        for name in tables
        if name.startswith(("auth_", "django_session", "axes_", "web_", "account_"))
    }
    assert app.database.path is not None
    assert app.database.path.stat().st_mode & 0o077 == 0


def test_the_record_is_whole_after_the_app_has_used_it(app):
    from openverdict.ledger.verdict import Outcome
    from openverdict.ledger.verifying import verify

    client("reviewer").get("/cases/A")
    assert verify(app.store).outcome is Outcome.INTACT


def test_the_app_stands_on_postgresql_too(cluster, filled_postgresql):
    cluster.execute(f"CREATE DATABASE web_app TEMPLATE {filled_postgresql}")
    running = start(cluster.url("web_app"), environment=ENVIRONMENT)
    try:
        ((_, _, link),) = first_links(running)
        answers = {"username": "root", "password": PASSWORD, "again": PASSWORD}
        assert client().post(link.removeprefix(running.origin), answers).status_code == 303
        assert sign_in(client(), "root").status_code == 302
        from django.db import connections

        assert "auth_user" not in connections[running.store.alias].introspection.table_names()
    finally:
        stop()


def test_the_worker_does_what_was_put_in_its_queue(app):
    from openverdict.web.tasks import tidy

    links.make(links.FIRST)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    put = tidy.enqueue()
    work(until_input_ends=False, batch=True)
    put.refresh()
    assert (put.return_value or 0) >= 1


def test_a_theme_is_kept_for_the_person(app):
    asking = client("reader")
    assert (
        asking.post("/looks", {"theme": "dark", "next": "https://elsewhere.example/"}).headers[
            "Location"
        ]
        == "/"
    )
    assert 'data-theme="dark"' in asking.get("/").text
    assert 'data-theme="system"' in client("reviewer").get("/").text


def test_no_log_holds_the_secret_of_a_link(app, caplog):
    asking = client()
    with caplog.at_level(logging.DEBUG):
        asking.get("/begin/a-secret-nobody-may-read")
        asking.post("/begin/a-secret-nobody-may-read", {"username": "a.b", "password": "short"})
    assert "/begin/…" in caplog.text
    assert "a-secret" not in caplog.text
