"""Single sign-on by OpenID Connect: who a service of the house says that somebody is, for accounts that were named.

Off unless somebody sets it up. Then, and only then, this app asks another host for something: the issuer that was named, and
what the issuer's own description names. allauth does the code flow with PKCE and keeps its state; beyond it, the signature
of what comes back is always verified, with the keys of the issuer, and so are issuer, audience, times and a nonce that is
bound to this browser's session. Nobody signs themselves up, and what people may do stays in the record.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openverdict.errors import InputError

FILE = "OPENVERDICT_OIDC_FILE"
PREFIX = "OPENVERDICT_OIDC_"
HERE, ISSUER = "here", "issuer"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
LEEWAY_S = 30  # between the issuer's clock and ours
MANY = ("mfa",)  # of `amr` (RFC 8176): the issuer asked for more than one factor
ID = "single-sign-on"


@dataclass(frozen=True)
class SingleSignOn:
    """Whom to ask. `name`: of the service, on the button. `second_factor`: here (the app's own rule), or issuer (it has to say
    by `amr` that it asked for several factors, or by `acr` that it reached the level in `acr`).
    """

    issuer: str
    client_id: str
    secret: str
    name: str = "Single sign-on"
    second_factor: str = HERE
    acr: str = ""


def read(environment: Mapping[str, str] | None = None) -> SingleSignOn | None:
    """What the environment or the file that it names says; None where nobody set it up.

    Raises:
        InputError: a setting is missing, unknown or unsafe, or others can read the file.
    """
    told = os.environ if environment is None else environment
    names = [field.name for field in fields(SingleSignOn)]
    given: dict[str, Any] = {}
    where = "the environment"
    if FILE in told:
        where = told[FILE]
        given = _file(Path(where))
    given |= {name: told[PREFIX + name.upper()] for name in names if PREFIX + name.upper() in told}
    if not given:
        return None
    odd = sorted(set(given) - set(names))
    left = [name for name in ("issuer", "client_id", "secret") if not given.get(name)]
    if odd or left or not all(isinstance(value, str) for value in given.values()):
        raise InputError(
            f"single sign-on: {where}: give issuer, client_id and secret as texts"
            + (
                f"; unknown: {', '.join(odd)}"
                if odd
                else f"; missing: {', '.join(left)}"
                if left
                else ""
            )
        )
    found = SingleSignOn(**given)
    if not is_safe(found.issuer) or found.issuer.endswith("/.well-known/openid-configuration"):
        raise InputError(
            f"single sign-on: issuer {found.issuer}: give its https address, as it names itself"
        )
    if found.second_factor not in (HERE, ISSUER):
        raise InputError(f"single sign-on: second_factor {found.second_factor!r}: here or issuer")
    return found


def is_safe(url: Any) -> bool:
    """Whether what is asked there can't be read on the way: https, or this machine."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def providers(found: SingleSignOn | None) -> dict[str, Any]:
    """The same as allauth has it."""
    apps = []
    if found is not None:
        told = {
            "server_url": found.issuer.rstrip("/"),
            "oauth_pkce_enabled": True,
            "fetch_userinfo": False,
            "scope": ["openid", "email"],
        }
        app = {"provider_id": ID, "name": found.name, "client_id": found.client_id}
        apps.append({**app, "secret": found.secret, "settings": told})
    provider = "openverdict.web.single_sign_on_flow.Provider"
    return {"openid_connect": {"provider_class": provider, "APPS": apps}}


def nonce_of(verifier: str) -> str:
    """The nonce of a sign-in: from the secret of its PKCE, which only this browser's session has."""
    return sha256(b"nonce " + verifier.encode()).hexdigest()


def verified(
    token: str, keys: Mapping[str, Any], *, issuer: str, audience: str, nonce: str
) -> dict[str, Any]:
    """What an ID token says, once everything about it was checked (OpenID Connect Core 1.0, 3.1.3.7).

    Raises:
        InputError: it says nothing that can be believed; why, without a word of what is in it.
    """
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise InputError("its signature is of a kind that is not taken")
        told: dict[str, Any] = jwt.decode(
            token,
            key=_key(keys, header.get("kid"), str(algorithm)),
            algorithms=[str(algorithm)],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"], "strict_aud": False},
        )
    except jwt.PyJWTError as error:
        raise InputError(f"it does not hold ({type(error).__name__})") from None
    several = isinstance(told["aud"], list) and len(told["aud"]) > 1
    if (several or "azp" in told) and told.get("azp") != audience:
        raise InputError("it is for another client")
    if told["nonce"] != nonce:
        raise InputError("it is not of this sign-in (nonce)")
    return told


def asked_for_several(told: Mapping[str, Any], acr: str) -> bool:
    """Whether the issuer says that it asked for more than one factor."""
    by = told.get("amr")
    return bool(
        (isinstance(by, list) and any(each in MANY for each in by))
        or (acr and told.get("acr") == acr)
    )


def _key(keys: Mapping[str, Any], kid: str | None, algorithm: str) -> Any:
    """The issuer's key that signed, and no other."""
    import jwt

    held = [each for each in keys.get("keys", ()) if each.get("use", "sig") == "sig"]
    named = [each for each in held if each.get("kid") == kid] if kid is not None else held
    if len(named) != 1 or named[0].get("alg", algorithm) != algorithm:
        raise InputError("it is signed by no key of the issuer")
    return jwt.PyJWK(named[0], algorithm=algorithm)


def _file(path: Path) -> dict[str, Any]:
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
        told = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        kind = type(error).__name__
        raise InputError(
            f"single sign-on: {path}: can't be read as TOML ({kind}); mend it"
        ) from None
    if os.name != "nt" and mode & 0o077:
        raise InputError(f"single sign-on: {path}: others can read it; chmod 600 {path}")
    return told
