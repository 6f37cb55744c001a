"""Single sign-on as allauth does it, with what it leaves out: every signature verified, a nonce, named accounts only."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from requests import RequestException

from openverdict.decisions.access import has_account
from openverdict.errors import InputError
from openverdict.ledger.events import SignInFailed
from openverdict.web import errors, factors, signing_in
from openverdict.web import single_sign_on as sso
from openverdict.web.factors import BY_ISSUER
from openverdict.web.models import SignOn
from openverdict.web.running import current

BACK = "single_sign_on_back"
OFF = "single sign-on is not set up here; sign in with your password"
ANSWER_BYTES = 2**20  # of what the issuer answers


class Adapter(OpenIDConnectOAuth2Adapter):
    """Takes what the issuer says apart, and believes nothing that is not signed."""

    verifier = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The issuer's description of itself, once it names itself as it was named here."""
        found: dict[str, Any] = super().openid_config
        wanted = _config().issuer
        if found.get("issuer") != wanted:
            raise OAuth2Error("the issuer names itself otherwise than the setting does")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not sso.is_safe(found.get(name)):
                raise OAuth2Error(f"{name}: is no https address")
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where the issuer sends people back to."""
        return str(request.build_absolute_uri(reverse(BACK)))

    def get_access_token_data(self, *given: Any, **more: Any) -> Any:
        """As allauth has it; the secret of this sign-in is kept for the nonce."""
        self.verifier = more.get("pkce_code_verifier") or ""
        return super().get_access_token_data(*given, **more)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **more: Any) -> Any:
        """Who it is, by an ID token that holds."""
        signed = more["response"].get("id_token")
        if not signed or not self.verifier:
            raise OAuth2Error("no ID token came back")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = answer.json()
        told = sso.verified(
            signed,
            keys,
            issuer=_config().issuer,
            audience=app.client_id,
            nonce=sso.nonce_of(self.verifier),
        )
        return self.get_provider().sociallogin_from_response(request, {"id_token": told})


class Provider(OpenIDConnectProvider):
    """The issuer. What is sent to it is what is set here, whatever the address in the browser says."""

    oauth2_adapter_class = Adapter

    def get_pkce_params(self) -> dict[str, Any]:
        """PKCE, and the nonce that goes with it; the level that is asked for."""
        found: dict[str, Any] = super().get_pkce_params()
        found["nonce"] = sso.nonce_of(found["code_verifier"])
        if _config().acr:
            found["acr_values"] = _config().acr
        return found


class People(DefaultSocialAccountAdapter):
    """Whose account it is: as an administrator said. Nobody else comes in, and nothing of them is kept."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """No."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the account; answer at once where there is none."""
        told = sociallogin.account.extra_data["id_token"]
        name = _account_of(told)
        if name is None:
            line = "no account here is set up for you; ask an administrator"
            raise ImmediateHttpResponse(errors.page(request, 403, line))
        several = sso.asked_for_several(told, _config().acr)
        if _config().second_factor == sso.ISSUER and not several:
            signing_in.log(name, SignInFailed, method="single_sign_on", reason="one_factor")
            line = f"{_config().name} did not ask for a second factor; sign in there with one"
            raise ImmediateHttpResponse(errors.page(request, 403, line))
        if not has_account(current().store, name):
            signing_in.log(name, SignInFailed, method="single_sign_on", reason="refused")
        request.session[BY_ISSUER] = name if several else ""
        sociallogin.user, _ = get_user_model().objects.get_or_create(username=name)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_: Any) -> None:
        """One page, whatever went wrong; the reason is for the server's own log."""
        line = "the sign-in was not completed; begin again, or sign in with your password"
        raise ImmediateHttpResponse(errors.page(request, 403, line))

    def get_requests_session(self) -> Any:
        """Asks the issuer within seconds, and follows it nowhere else."""
        import requests

        session: Any = super().get_requests_session()
        ask = session.request

        def once(*given: Any, **more: Any) -> Any:
            answer = ask(*given, **{**more, "allow_redirects": False})
            if answer.is_redirect or len(answer.content) > ANSWER_BYTES:
                raise requests.RequestException("the issuer's answer is not taken")
            return answer

        session.request = once
        return session


class SecondFactorStage(AuthenticateStage):
    """The app's own second factor, unless it was handed to the issuer and the issuer asked for one."""

    def _should_handle(self, request: HttpRequest) -> bool:
        by = get_authentication_records(request, self.login.user)
        came = bool(by) and by[-1].get("method") == "socialaccount"
        if came and factors.by_issuer(request, self.login.user):
            return False
        return bool(super()._should_handle(request))


def begin(request: HttpRequest) -> HttpResponse:
    """Go to the issuer."""
    if settings.OPENVERDICT_SINGLE_SIGN_ON is None:
        return errors.page(request, 404, OFF)
    if request.user.is_authenticated:
        return HttpResponseRedirect("/")
    to = request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        to = "/"
    provider = get_adapter(request).get_provider(request, sso.ID)
    try:
        response: HttpResponse = provider.redirect(request, process="login", next_url=to)
    except (OAuth2Error, RequestException, InputError, ValueError):
        line = f"{_config().name} does not answer as it should; sign in with your password, or try later"
        return errors.page(request, 503, line)
    return response


def back(request: HttpRequest) -> HttpResponse:
    """Come back from the issuer."""
    if settings.OPENVERDICT_SINGLE_SIGN_ON is None:
        return errors.page(request, 404, OFF)
    adapter = Adapter(request, sso.ID)
    try:
        response: HttpResponse = OAuth2CallbackView.adapter_view(adapter)(request)
    except InputError as error:
        line = f"what came back is not believed: {error}; begin again, or ask an administrator"
        return errors.page(request, 403, line)
    except (OAuth2Error, RequestException, ValueError, KeyError):
        line = f"{_config().name} does not answer as it should; sign in with your password, or try later"
        return errors.page(request, 503, line)
    return response


def _account_of(told: dict[str, Any]) -> str | None:
    """The name of the account of this person, as an administrator said: by subject, or once by a verified e-mail address."""
    subject = str(told["sub"])
    row = SignOn.objects.filter(subject=subject).first()
    if row is not None:
        return str(row.username)
    mail = told.get("email")
    if not isinstance(mail, str) or told.get("email_verified") is not True:
        return None
    row = SignOn.objects.filter(email=mail.lower(), subject="").first()
    if row is None:
        return None
    # From here on it is this person, whatever becomes of their address.
    SignOn.objects.filter(id=row.id, subject="").update(subject=subject)
    return str(row.username)


def _config() -> sso.SingleSignOn:
    found: sso.SingleSignOn = settings.OPENVERDICT_SINGLE_SIGN_ON
    return found
