"""Single sign-on against a provider on this machine: who comes in, and what is refused."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings
from tests.web.conftest import ENVIRONMENT, client, unusable
from tests.web.issuer import CLIENT, SECRET, Issuer
from tests.web.test_second_factor import with_app

from openverdict.decisions.accounts import change_user
from openverdict.errors import InputError
from openverdict.ledger.models import Event
from openverdict.web import single_sign_on as sso
from openverdict.web.models import SignOn
from openverdict.web.running import start, stop


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def house(app, issuer, monkeypatch):
    """The app with single sign-on."""
    issuer.lie, issuer.claims = "", {"sub": "person-1"}
    issuer.asked.clear()
    _use(monkeypatch, issuer)
    SignOn.objects.create(username="reviewer", subject="person-1")
    return app


def _use(monkeypatch, issuer, **more):
    found = sso.SingleSignOn(issuer.url, CLIENT, SECRET, **more)
    monkeypatch.setattr(settings, "OPENVERDICT_SINGLE_SIGN_ON", found)
    monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", sso.providers(found))


def come(asking, to="/account/single"):
    """Go to the issuer and back, as a browser does; the last answer of the app."""
    answer = asking.get(to)
    assert answer.status_code == 302, answer.text
    sent = httpx.get(answer.headers["Location"])
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://localhost/account/single/back"
    return asking.get(f"{back.path}?{back.query}")


def last(app):
    row = app.store.rows(Event).order_by("-seq").first()
    return row.kind, row.actor, json.loads(row.body)["data"]


def test_who_was_named_comes_in_by_subject(house, issuer):
    asking = client()
    answer = come(asking, "/account/single?next=/cases")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cases")
    assert asking.get("/cases").status_code == 200
    kinds = house.store.rows(Event).filter(kind="signed_in").order_by("-seq").first()
    assert (kinds.actor, json.loads(kinds.body)["data"]["method"]) == ("reviewer", "single_sign_on")
    assert issuer.asked.count("/token") == 1
    assert "/keys" in issuer.asked


def test_what_is_sent_to_the_issuer_is_bound_to_this_sign_in_and_not_to_the_address(house):
    told = []
    for _ in range(2):
        answer = client().get(
            "/account/single?scope=admin&auth_params=prompt%3Dnone&process=connect"
        )
        told.append(parse_qs(urlsplit(answer.headers["Location"]).query))
    assert set(told[0]) == {
        "client_id", "redirect_uri", "scope", "response_type", "state", "code_challenge",
        "code_challenge_method", "nonce",
    }  # fmt: skip
    assert "admin" not in told[0]["scope"][0]
    for name in ("state", "nonce", "code_challenge"):
        assert told[0][name] != told[1][name]


@pytest.mark.parametrize(
    "lie",
    ["signature", "unknown key", "unsigned", "secret as key", "audience", "two audiences", "nonce",
     "no nonce", "old", "iss"],
)  # fmt: skip
def test_what_does_not_hold_is_refused(house, issuer, lie):
    issuer.lie = lie
    asking = client()
    answer = come(asking)
    assert answer.status_code == 403, answer.text
    assert "is not believed" in answer.text
    assert asking.get("/cases").status_code == 302


def test_an_issuer_that_names_itself_otherwise_is_not_asked(house, issuer):
    issuer.lie = "issuer"
    assert client().get("/account/single").status_code == 503
    assert "/token" not in issuer.asked


def test_a_person_nobody_named_is_refused_and_nothing_is_kept_of_them(house, issuer):
    from allauth.socialaccount.models import SocialAccount
    from django.contrib.auth import get_user_model

    people = get_user_model().objects.count()
    issuer.claims = {"sub": "person-2", "email": "reviewer@example.org", "email_verified": True}
    answer = come(client())
    assert (answer.status_code, "No account here is set up for you" in answer.text) == (403, True)
    assert (get_user_model().objects.count(), SocialAccount.objects.count()) == (people, 0)
    assert client().get("/account/signup").status_code == 404


def test_an_e_mail_address_counts_once_and_only_when_verified(house, issuer):
    SignOn.objects.create(username="reader", email="a.reader@example.org")
    issuer.claims = {"sub": "person-3", "email": "A.Reader@example.org", "email_verified": False}
    assert come(client()).status_code == 403
    issuer.claims["email_verified"] = True
    assert come(client()).status_code == 302
    assert SignOn.objects.get(username="reader").subject == "person-3"
    issuer.claims = {"sub": "person-4", "email": "a.reader@example.org", "email_verified": True}
    assert come(client()).status_code == 403, "the address is another person's now"


def test_a_locked_account_stays_out(house):
    with house.store.writing("root", "administration") as writer:
        change_user(house.store, writer, "reviewer", "locked")
    asking = client()
    assert come(asking).status_code == 403
    assert last(house)[0] == "sign_in_failed"
    assert asking.get("/cases").status_code == 302


def test_an_answer_that_was_asked_for_by_another_browser_is_refused(house):
    answer = client().get("/account/single")
    back = urlsplit(httpx.get(answer.headers["Location"]).headers["Location"])
    asking = client()
    assert asking.get(f"{back.path}?{back.query}").status_code == 403
    assert asking.get("/cases").status_code == 302
    assert asking.get("/account/single/back").status_code == 403
    assert asking.get("/account/single/back?error=access_denied&state=x").status_code == 403


def test_a_code_counts_once(house):
    asking = client()
    answer = asking.get("/account/single")
    back = urlsplit(httpx.get(answer.headers["Location"]).headers["Location"])
    to = f"{back.path}?{back.query}"
    assert asking.get(to).status_code == 302
    asking.post("/account/logout")
    assert asking.get(to).status_code == 403


def test_the_apps_own_second_factor_still_counts(house):
    with_app("reviewer")
    asking = client()
    assert come(asking).headers["Location"].startswith("/account/second/sign-in")
    assert asking.get("/cases").status_code == 302


def test_the_second_factor_can_be_the_issuers_who_has_to_say_so(house, issuer, monkeypatch):
    with_app("reviewer")
    monkeypatch.setattr(settings, "OPENVERDICT_SECOND_FACTOR", True)
    _use(monkeypatch, issuer, second_factor="issuer")
    answer = come(client())
    assert (answer.status_code, "second factor" in answer.text) == (403, True)
    assert last(house)[2] == {"method": "single_sign_on", "reason": "one_factor"}
    issuer.claims["amr"] = ["pwd", "mfa"]
    asking = client()
    assert come(asking).headers["Location"] == "/"
    assert asking.get("/cases").status_code == 200
    # A password in the same browser asks for the app's own again.
    asking.post("/account/logout")
    answer = asking.post(
        "/account/login", {"login": "reviewer", "password": "correct horse battery staple"}
    )
    assert answer.headers["Location"].startswith("/account/second/sign-in")


def test_it_is_off_unless_somebody_set_it_up(app):
    assert client().get("/account/single").status_code == 404
    assert client().get("/account/single/back?code=x&state=y").status_code == 404
    assert "sign-on of your house" not in client().get("/account/login").text


def test_an_administrator_says_who_somebody_is(app):
    to = "/people/account/reader/sign-on"
    assert client("administrator").post(to, {"subject": "x"}).status_code == 401
    assert client("administrator").get(to).headers["Location"].startswith("/account/again")
    asking = client("administrator", fresh=True)
    to = "/people/account/reader/sign-on"
    assert asking.post(to, {"email": "A.Reader@Example.org"}).status_code == 303
    assert SignOn.objects.get(username="reader").email == "a.reader@example.org"
    assert last(app)[2] == {"user": "reader", "change": "single_sign_on"}
    other = asking.post("/people/account/reviewer/sign-on", {"email": "a.reader@example.org"})
    assert other.status_code == 422
    assert asking.post(to, {"subject": "", "email": ""}).status_code == 303
    assert not SignOn.objects.exists()
    assert client("supervisor").post(to, {"subject": "me"}).status_code == 403


GIVEN = {
    "OPENVERDICT_OIDC_ISSUER": "https://sso.example.org",
    "OPENVERDICT_OIDC_CLIENT_ID": "openverdict",
    "OPENVERDICT_OIDC_SECRET": "s",
}


def test_it_is_set_up_by_the_environment_or_a_file_that_nobody_else_reads(tmp_path):
    assert sso.read({}) is None
    found = sso.read({**GIVEN, "OPENVERDICT_OIDC_NAME": "County sign-on"})
    assert found == sso.SingleSignOn(
        "https://sso.example.org", "openverdict", "s", "County sign-on"
    )
    file = tmp_path / "oidc.toml"
    file.write_text('issuer = "https://sso.example.org"\nclient_id = "openverdict"\nsecret = "s"\n')
    file.chmod(0o644)
    with pytest.raises(InputError, match="others can read it"):
        sso.read({sso.FILE: str(file)})
    file.chmod(0o600)
    assert sso.read({sso.FILE: str(file)}) == sso.read(GIVEN)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"OPENVERDICT_OIDC_ISSUER": "http://sso.example.org"}, "https"),
        ({"OPENVERDICT_OIDC_SECRET": ""}, "missing: secret"),
        ({"OPENVERDICT_OIDC_SECOND_FACTOR": "none"}, "here or issuer"),
        ({sso.FILE: "/none/such.toml"}, "can't be read"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(changed, words):
    with pytest.raises(InputError, match=words):
        sso.read({**GIVEN, **changed})


def test_a_start_with_an_issuer_shows_the_way_in(app_template):
    stop()
    with start(str(app_template), environment={**ENVIRONMENT, **GIVEN}):
        page = client().get("/account/login").text
        assert "/account/single" in page
    assert settings.OPENVERDICT_SINGLE_SIGN_ON is not None
    with start(str(app_template), environment=ENVIRONMENT):
        assert settings.OPENVERDICT_SINGLE_SIGN_ON is None


def test_everybody_can_use_the_pages_of_single_sign_on(house, browse):
    assert unusable(browse(), "/account/login") == []
    assert unusable(browse("administrator", fresh=True), "/people/account/reader/sign-on") == []
