"""Who is at the door: passwords by Django and allauth, whether an account counts by the record, and the log of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as BaseLoginForm
from allauth.account.signals import authentication_step_completed, password_changed
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from openverdict.decisions.access import has_account
from openverdict.ledger.events import SignedIn, SignedOut, SignInFailed, UserChanged
from openverdict.ledger.store import Store
from openverdict.web import errors, factors
from openverdict.web.running import current
from openverdict.web.sessions import BEGAN, end_sessions
from openverdict.web.settings import ABSOLUTE_S, LOCKED_FOR

PURPOSE = "administration"


def is_able(store: Store, name: str) -> bool:
    """Whether the record has an account of this name that is neither locked nor closed."""
    return has_account(store, name)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person said within the last minutes who they are."""
    from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate

    return bool(did_recently_reauthenticate(request))


class RecordBackend(ModelBackend):
    """A password is not enough: the record has to know the account, and not to have locked it."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> Any:
        """The person, or None."""
        found = super().authenticate(request, username=username, password=password)
        if found is None or not is_able(current().store, str(found.get_username())):
            return None
        return found

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Never: what people may do stands in the record alone."""
        return False


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """Whichever way somebody comes: the record has to know the account, and not to have locked it."""
        if not is_able(current().store, str(user.get_username())):
            return errors.page(
                request, 403, "this account is locked or closed; an administrator opens it"
            )
        found: HttpResponse | None = super().pre_login(request, user, **more)
        return found

    def get_login_stages(self) -> list[str]:
        """What is asked after a password: a second factor, unless single sign-on has it."""
        ours = "openverdict.web.single_sign_on_flow.SecondFactorStage"
        return [
            ours if each == "allauth.mfa.stages.AuthenticateStage" else each
            for each in super().get_login_stages()
        ]


class LoginForm(BaseLoginForm):
    """Name and password, with errors that say what to do."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for field in self.fields.values():
            field.error_messages["required"] = "fill this in"


class SessionMiddleware:
    """Ends a session after its longest time, however much it is used, and that of an account that counts no more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the session, then answer."""
        if not request.path_info.startswith("/static/") and request.user.is_authenticated:
            began = request.session.setdefault(BEGAN, time.time())
            over = time.time() - began > ABSOLUTE_S
            if over or not is_able(current().store, str(request.user.get_username())):
                request.openverdict_left = "time_ran_out" if over else "account_locked"
                logout(request)
            elif factors.must_add_one(request):
                return HttpResponseRedirect(reverse("mfa_index"))
        return self.get_response(request)


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """Too many failures under one name."""
    minutes = int(LOCKED_FOR.total_seconds() // 60)
    return errors.page(
        request,
        429,
        f"too many tries under this name; wait {minutes} minutes, or ask an administrator for a new link",
    )


def set_password(username: str, password: str) -> Any:
    """The app's account of a person, made if there is none, with this password."""
    user, _ = get_user_model().objects.get_or_create(username=username)
    user.set_password(password)
    user.save()
    return user


def listen() -> None:
    """Write into the log who signed in, who did not, and who left."""
    user_logged_in.connect(_signed_in, dispatch_uid="openverdict.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="openverdict.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="openverdict.failed")
    password_changed.connect(_password_changed, dispatch_uid="openverdict.password")
    authentication_step_completed.connect(_again, dispatch_uid="openverdict.again")
    authenticator_added.connect(_factor_added, dispatch_uid="openverdict.factor_added")
    authenticator_removed.connect(_factor_removed, dispatch_uid="openverdict.factor_removed")


def _signed_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    request.session[BEGAN] = time.time()
    log(str(user.get_username()), SignedIn, method=factors.methods(request))


def _signed_out(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        reason = getattr(request, "openverdict_left", "signed_out")
        log(str(user.get_username()), SignedOut, reason=reason)


def _failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Only under a name that the record has: what else people type there may be a password."""
    name = str(credentials.get("username") or "")
    if name and has_account(current().store, name, in_any_state=True):
        locked = bool(getattr(request, "axes_locked_out", False))
        log(name, SignInFailed, method="password", reason="locked_out" if locked else "refused")


def _password_changed(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    _changed(user, "password")


def _factor_added(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    _changed(user, "second_factor_added")
    _end_others(request, user)


def _factor_removed(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    _changed(user, "second_factor_removed")
    _end_others(request, user)


def _end_others(request: HttpRequest, user: Any) -> None:
    end_sessions(str(user.get_username()), request.session.session_key)


def _again(sender: Any, request: HttpRequest, **more: Any) -> None:
    """Who has said again who they are goes on under another number of the session."""
    if more.get("reauthenticated"):
        request.session.cycle_key()


def _changed(user: Any, what: str) -> None:
    name = str(user.get_username())
    log(name, UserChanged, user=name, change=what)


def log(actor: str, kind: Any, **fields: Any) -> None:
    """One entry about the door, in somebody's name."""
    with current().store.writing(actor, PURPOSE) as writer:
        writer.record(kind, **fields)
