"""Links that work once: the first administrator's, and those by which people set a password. Only a hash of each is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from openverdict.decisions.access import active, has_account, in_use
from openverdict.decisions.accounts import found as make_first_account
from openverdict.decisions.roles import Role
from openverdict.errors import InputError
from openverdict.ledger.itself import HOUSEKEEPING, PROGRAM
from openverdict.ledger.store import Store
from openverdict.web.models import OneTimeLink
from openverdict.web.signing_in import set_password

FIRST, PASSWORD = "first", "password"
LASTS = timedelta(hours=24)


def make(kind: str, username: str = "") -> str:
    """A new link of this kind; earlier ones for the same end. Its token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        OneTimeLink.objects.filter(kind=kind, username=username, used_at=None).delete()
        OneTimeLink.objects.create(
            token_sha256=_hash(token),
            kind=kind,
            username=username,
            expires_at=timezone.now() + LASTS,
        )
    return token


def look_up(token: str) -> OneTimeLink | None:
    """The link of a token, while it works."""
    return OneTimeLink.objects.filter(
        token_sha256=_hash(token), used_at=None, expires_at__gt=timezone.now()
    ).first()


def use(store: Store, token: str, username: str, password: str) -> None:
    """Use a link up: the account has this password, and is made in the record where it is the first.

    Raises:
        InputError: the link does not work any more, or is another person's.
    """
    with transaction.atomic():
        link = look_up(token)
        if link is None or link.username not in ("", username):
            raise InputError("this link has been used, or its time is over; ask for a new one")
        taken = OneTimeLink.objects.filter(id=link.id, used_at=None).update(used_at=timezone.now())
        if not taken:
            raise InputError("this link has just been used; ask for a new one")
        set_password(username, password)
        if link.kind == FIRST:
            with store.writing(PROGRAM, HOUSEKEEPING) as writer:
                make_first_account(store, writer, username)
        elif not has_account(store, username):
            raise InputError(
                f"the account {username} is locked or closed; an administrator opens it"
            )


def wanted_at_start(store: Store, link_for: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(kind, name) of the links that a start prints: where nobody could sign in otherwise, or whom it is asked for."""
    from django.contrib.auth import get_user_model

    for name in link_for:
        if not has_account(store, name):
            raise InputError(
                f"--link-for {name}: there is no such account, or it is locked or closed"
            )
    if link_for:
        return [(PASSWORD, name) for name in link_for]
    if not in_use(store):
        return [(FIRST, "")]
    if any(user.has_usable_password() for user in get_user_model().objects.all()):
        return []
    at = store.clock()
    from openverdict.decisions.models import Grant

    names = sorted(
        set(store.rows(Grant).filter(role=Role.ADMINISTRATOR).values_list("user", flat=True))
    )
    return [
        (PASSWORD, name)
        for name in names
        if active(store, name, at).filter(role=Role.ADMINISTRATOR).exists()
    ]


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
