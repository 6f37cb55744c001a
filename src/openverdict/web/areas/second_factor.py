"""The second factor: an authenticator app, security keys and passkeys, recovery codes. allauth works; the pages are ours."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys

from openverdict.web.route import Gate, Route

AT = "account/second"


def _page(
    path: str, name: str, view: Any, title: str, *posts: str, gate: Gate = Gate.SIGNED_IN
) -> Route:
    """One page of allauth's. Those without fields are posted to none the less."""
    at = f"{AT}/{path}" if path else AT
    return Route(at, f"mfa_{name}", operation=gate, title=title, foreign=view, posts=posts)


ROUTES: tuple[Route, ...] = (
    _page("", "index", base.index, "Second factor"),
    _page(
        "sign-in",
        "authenticate",
        base.authenticate,
        "Second factor",
        "code",
        "credential",
        gate=Gate.OPEN,
    ),
    _page("again", "reauthenticate", base.reauthenticate, "Say again who you are", "code", "next"),
    _page("app/add", "activate_totp", totp.activate_totp, "Add an authenticator app", "code"),
    _page("app/remove", "deactivate_totp", totp.deactivate_totp, "Stop using the app", "next"),
    _page("codes", "view_recovery_codes", codes.view_recovery_codes, "Recovery codes"),
    _page(
        "codes/new", "generate_recovery_codes", codes.generate_recovery_codes, "New codes", "next"
    ),
    _page("keys", "list_webauthn", keys.list_webauthn, "Security keys"),
    _page(
        "keys/add",
        "add_webauthn",
        keys.add_webauthn,
        "Add a key",
        "name",
        "passwordless",
        "credential",
    ),
    _page(
        "keys/again",
        "reauthenticate_webauthn",
        keys.reauthenticate_webauthn,
        "Say again who you are",
        "credential",
        "next",
    ),
    _page(
        "keys/sign-in",
        "login_webauthn",
        keys.login_webauthn,
        "Sign in by a key",
        "credential",
        "next",
        gate=Gate.OPEN,
    ),
    _page("keys/<number:pk>/rename", "edit_webauthn", keys.edit_webauthn, "Rename a key", "name"),
    _page(
        "keys/<number:pk>/remove", "remove_webauthn", keys.remove_webauthn, "Remove a key", "next"
    ),
)
