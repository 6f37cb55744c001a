"""What is ours about second factors: secrets encrypted where they lie, who has one, and whether everybody must."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest

from openverdict.web.single_sign_on import ISSUER

BY_ISSUER = (
    "several_factors_by_issuer"  # key of a session: whose second factor the issuer asked for
)
FREE = ("/account/", "/static/", "/looks", "/help", "/health")  # where people without one get


class Adapter(DefaultMFAAdapter):
    """The secrets of authenticator apps lie encrypted under a key made from the app's own secret; nobody is sent e-mail."""

    def encrypt(self, text: str) -> str:
        """The text, encrypted and signed (Fernet)."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text back."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def send_notification_mail(self, *given: Any, **more: Any) -> None:
        """None is sent."""


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the signed-in person has an app or a key."""
    from allauth.mfa.utils import is_mfa_enabled

    return bool(is_mfa_enabled(request.user))


def by_issuer(request: HttpRequest, user: Any) -> bool:
    """Whether this person's second factor is that of single sign-on: it was handed to the issuer, who says it asked for one."""
    found = getattr(settings, "OPENVERDICT_SINGLE_SIGN_ON", None)
    if found is None or found.second_factor != ISSUER:
        return False
    return request.session.get(BY_ISSUER) == str(user.get_username())


def must_add_one(request: HttpRequest) -> bool:
    """Whether the person has to add a second factor before anything else."""
    if not getattr(settings, "OPENVERDICT_SECOND_FACTOR", False):
        return False
    if request.path_info == "/" or not request.path_info.startswith(FREE):
        return not has_second_factor(request) and not by_issuer(request, request.user)
    return False


def methods(request: HttpRequest) -> str:
    """By what the person signed in, as the log names it: password, password_code, password_key, key, recovery_code."""
    used = [
        each.get("method", "") for each in request.session.get("account_authentication_methods", ())
    ]
    by = {"password"} if "password" in used else set()
    for each in request.session.get("account_authentication_methods", ()):
        kind = each.get("type")
        if each.get("method") == "mfa" and kind:
            by.add(
                {"totp": "code", "webauthn": "key", "recovery_codes": "recovery_code"}.get(
                    kind, str(kind)
                )
            )
        elif each.get("method") == "socialaccount":
            by.add("single_sign_on")
    order = ("password", "single_sign_on", "code", "key", "recovery_code")
    return "_and_".join(name for name in order if name in by) or "password"


def _fernet() -> Fernet:
    key = HKDF(SHA256(), 32, None, b"openverdict second factor").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))
