"""The second factor: an app's codes (computed here from RFC 6238), recovery codes, a passkey, and who must have one."""

from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import time
from hashlib import sha1

import pytest
from django.conf import settings
from tests.web.conftest import PASSWORD, client, unusable

from openverdict.ledger.models import Event
from openverdict.web.factors import Adapter


def code_of(secret: str, at: float | None = None) -> str:
    """The code of an authenticator app (RFC 6238: HMAC-SHA-1 of the half minute, six digits)."""
    step = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), step, sha1).digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def signed_in(name: str):
    asking = client()
    asking.post("/account/login", {"login": name, "password": PASSWORD})
    asking.post(
        "/account/again", {"password": PASSWORD}
    )  # what is to change the door asks once more
    return asking


def with_app(name: str):
    """A signed-in person who has added an app; the client, the secret, and the recovery codes shown once."""
    asking = signed_in(name)
    page = asking.get("/account/second/app/add").text
    (secret,) = re.findall(r"<dt>Secret</dt><dd>([A-Z2-7]+)</dd>", page)
    answer = asking.post("/account/second/app/add", {"code": code_of(secret)})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/second/codes"
    codes = re.findall(r"<code>(\S+)</code>", asking.get("/account/second/codes").text)
    return asking, secret, codes


def last(app) -> Event:
    return app.store.rows(Event).order_by("-seq").first()


def test_the_code_computed_here_is_that_of_the_standard():
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert [code_of(secret, at) for at in (59, 1111111109, 2000000000)] == [
        "287082",
        "081804",
        "279037",
    ]


def test_a_password_is_not_enough_once_an_app_was_added(app):
    _, secret, _ = with_app("reviewer")
    asking = client()
    answer = asking.post("/account/login", {"login": "reviewer", "password": PASSWORD})
    assert answer.headers["Location"].startswith("/account/second/sign-in")
    assert asking.get("/").status_code == 302
    wrong = asking.post("/account/second/sign-in", {"code": "000000"})
    assert "Something has to be mended" in wrong.text
    later = code_of(secret, time.time() + 30)  # a code counts once; the next one counts already
    answer = asking.post("/account/second/sign-in", {"code": later})
    assert answer.headers["Location"] == "/"
    assert asking.get("/").status_code == 200
    assert (last(app).kind, json.loads(last(app).body)["data"]["method"]) == (
        "signed_in",
        "password_and_code",
    )


def test_a_recovery_code_opens_once(app):
    _, _, codes = with_app("reviewer")
    assert len(codes) == 10
    for expected in (302, 200):
        asking = client()
        asking.post("/account/login", {"login": "reviewer", "password": PASSWORD})
        answer = asking.post("/account/second/sign-in", {"code": codes[0]})
        assert answer.status_code == expected


def test_the_secret_of_an_app_lies_encrypted(app):
    from allauth.mfa.models import Authenticator

    _, secret, codes = with_app("reviewer")
    kept = [str(each.data) for each in Authenticator.objects.all()]
    assert len(kept) == 2
    assert not any(secret in text or codes[0] in text for text in kept)
    adapter = Adapter()
    assert adapter.decrypt(adapter.encrypt("words")) == "words"


def test_who_changes_the_door_says_the_password_again(app):
    asking = client()
    asking.post("/account/login", {"login": "reviewer", "password": PASSWORD})
    answer = asking.get("/account/second/app/add")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/again")


def test_where_everybody_must_have_one_nothing_else_opens_before(app, monkeypatch):
    monkeypatch.setattr(settings, "OPENVERDICT_SECOND_FACTOR", True)
    asking = signed_in("reader")
    for path in ("/", "/cases", "/cases.json"):
        answer = asking.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/account/second")
    page = asking.get("/account/second").text
    assert "asks everybody for a second factor" in page
    free, _, _ = with_app("supervisor")
    assert free.get("/cases").status_code == 200


def test_a_passkey_that_the_browser_keeps_signs_in_alone(browse):
    window = browse()
    window.origin = window.origin.replace("127.0.0.1", "localhost")  # keys belong to names
    page = window.open("/account/login")
    page.fill("#id_login", "reviewer")
    page.fill("#id_password", PASSWORD)
    page.click("button:text-is('Sign in')")
    page.wait_for_url(f"{window.origin}/")
    window.open("/account/second/keys/add")
    page.fill("input[type=password]", PASSWORD)
    page.click("button:text-is('Go on')")
    page.wait_for_url("**/account/second/keys/add")
    session = window.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options | able})
    page.check("#id_passwordless")
    page.click("button:text-is('Add the key')")
    page.wait_for_url("**/account/second/codes")
    assert page.locator(".codes li").count() == 10
    page.click("button:text-is('Sign out')")
    page.wait_for_url("**/account/login*")
    page.click("button:text-is('Sign in with a passkey')")
    page.wait_for_url(f"{window.origin}/")
    assert page.locator(".who strong").text_content() == "reviewer"
    assert unusable(window, "/account/second", "/account/second/keys") == []


def test_the_pages_of_an_app_can_be_used_by_everybody(browse, app):
    window = browse("reviewer")
    page = window.open("/account/again?next=/account/second/app/add")
    page.fill("input[type=password]", PASSWORD)
    page.click("button:text-is('Go on')")
    page.wait_for_url("**/account/second/app/add*")
    assert page.locator(".qr svg").count() == 1
    assert unusable(window, "/account/second", "/account/second/app/add") == []


@pytest.mark.parametrize(
    "path", ["/account/second/keys/99/rename", "/account/second/keys/99/remove"]
)
def test_nobody_reaches_another_persons_key(app, path):
    assert signed_in("reader").get(path).status_code == 404
