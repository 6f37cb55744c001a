"""Django's settings for the app: what never changes from one start to the next. What does, is set in `running`."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from openverdict.errors import InputError, MissingPartError
from openverdict.ledger.configuring import ROOMS, configure
from openverdict.web.single_sign_on import providers

IDLE_S = 30 * 60  # a session that is not used ends
ABSOLUTE_S = 12 * 3600  # and so does one that is
LOCKED_AFTER, LOCKED_FOR = 5, timedelta(minutes=15)
YEAR_S = 365 * 24 * 3600
NEEDED = (
    "allauth",
    "axes",
    "csp",
    "django_htmx",
    "leaflet",
    "django_tasks_db",
    "waitress",
    "whitenoise",
)
_SELF, _NONE = "'self'", "'none'"

SETTINGS: dict[str, Any] = {
    "DEBUG": False,
    "DEFAULT_IS_THE_APPS": True,  # Django's alias "default" is never a store: see ledger.configuring
    "DATABASE_ROUTERS": ["openverdict.web.appdb.Router"],
    "INSTALLED_APPS": [
        *ROOMS,
        "openverdict.web",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "allauth",
        "allauth.account",
        "allauth.mfa",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
        "axes",
        "csp",
        "django_htmx",
        "django_tasks",
        "django_tasks_db",
        "leaflet",
    ],
    "MIDDLEWARE": [
        "openverdict.web.headers.HeadersMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "csp.middleware.CSPMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "openverdict.web.signing_in.SessionMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
        "allauth.account.middleware.AccountMiddleware",
        "axes.middleware.AxesMiddleware",
    ],
    "ROOT_URLCONF": "openverdict.web.urls",
    "APPEND_SLASH": False,
    "USE_TZ": True,
    "TIME_ZONE": "UTC",
    "USE_I18N": False,
    "LANGUAGE_CODE": "en-gb",
    "LOGGING_CONFIG": None,
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "TEMPLATES": [
        {
            # Ours first, so that a page of allauth's that we have is ours; what we have not, it renders itself.
            "BACKEND": "django.template.backends.jinja2.Jinja2",
            "DIRS": [],
            "OPTIONS": {
                "environment": "openverdict.web.templating.environment",
                "context_processors": ["openverdict.web.templating.layout"],
            },
        },
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        },
    ],
    # Accounts: names and passwords here, roles in the record. Nobody signs themselves up.
    "AUTHENTICATION_BACKENDS": [
        "axes.backends.AxesStandaloneBackend",
        "openverdict.web.signing_in.RecordBackend",
    ],
    "LOGIN_URL": "/account/login",
    "LOGIN_REDIRECT_URL": "/",
    "ACCOUNT_ADAPTER": "openverdict.web.signing_in.AccountAdapter",
    "ACCOUNT_FORMS": {"login": "openverdict.web.signing_in.LoginForm"},
    "ACCOUNT_LOGIN_METHODS": {"username"},
    "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*", "password2*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_PRESERVE_USERNAME_CASING": True,
    "ACCOUNT_SESSION_REMEMBER": False,
    "ACCOUNT_RATE_LIMITS": {"login": False, "login_failed": False},  # axes counts failures
    "ACCOUNT_LOGOUT_REDIRECT_URL": "/account/login",
    # Single sign-on: off unless `running` is told of an issuer; accounts have to be there
    "OPENVERDICT_SINGLE_SIGN_ON": None,
    "SOCIALACCOUNT_ADAPTER": "openverdict.web.single_sign_on_flow.People",
    "SOCIALACCOUNT_PROVIDERS": providers(None),
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
    "SOCIALACCOUNT_STORE_TOKENS": False,
    # A second factor: an app, a key or passkey; recovery codes for when both are lost
    "MFA_ADAPTER": "openverdict.web.factors.Adapter",
    "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
    "MFA_PASSKEY_LOGIN_ENABLED": True,
    "MFA_TOTP_ISSUER": "Openverdict",
    "MFA_TOTP_TOLERANCE": 1,  # clocks that differ by half a minute, as RFC 6238 advises
    "MFA_RECOVERY_CODES_SHOW_ONCE": True,
    "OPENVERDICT_SECOND_FACTOR": False,  # whether everybody must have one: see running.Options
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "PASSWORD_HASHERS": [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ],
    "AUTH_PASSWORD_VALIDATORS": [
        {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
        for name, options in (
            ("UserAttributeSimilarityValidator", {}),
            ("MinimumLengthValidator", {"min_length": 12}),
            ("CommonPasswordValidator", {}),
        )
    ]
    + [
        {"NAME": "openverdict.web.passwords.HouseWordsValidator"},
        {"NAME": "openverdict.web.passwords.StolenValidator"},
    ],
    "AXES_FAILURE_LIMIT": LOCKED_AFTER,
    "AXES_COOLOFF_TIME": LOCKED_FOR,
    "AXES_LOCKOUT_PARAMETERS": ["username"],  # behind a proxy everybody has one address
    "AXES_RESET_ON_SUCCESS": True,
    "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
    "AXES_LOCKOUT_CALLABLE": "openverdict.web.signing_in.locked_out",
    "AXES_USERNAME_FORM_FIELD": "username",
    "AXES_ENABLE_ADMIN": False,
    "AXES_VERBOSE": False,
    # Sessions
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "SESSION_COOKIE_AGE": IDLE_S,
    "SESSION_SAVE_EVERY_REQUEST": True,
    "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_HTTPONLY": True,
    "CSRF_COOKIE_SAMESITE": "Strict",
    "CSRF_FAILURE_VIEW": "openverdict.web.errors.csrf_failed",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    # Headers: no other host, no inline script, no inline style
    "CONTENT_SECURITY_POLICY": {
        "DIRECTIVES": {
            "default-src": [_NONE],
            "script-src": [_SELF],
            "style-src": [_SELF],
            "img-src": [_SELF],
            "connect-src": [_SELF],
            "font-src": [_SELF],
            "manifest-src": [_SELF],
            "form-action": [_SELF],
            "base-uri": [_NONE],
            "frame-ancestors": [_NONE],
            "object-src": [_NONE],
        }
    },
    "SECURE_REFERRER_POLICY": "same-origin",
    "SECURE_CONTENT_TYPE_NOSNIFF": True,
    "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
    # Static files: from this package and from those that carry htmx and leaflet, nothing to collect
    "STATIC_URL": "/static/",
    "STATIC_ROOT": None,
    "WHITENOISE_USE_FINDERS": True,
    "WHITENOISE_AUTOREFRESH": False,
    "WHITENOISE_MAX_AGE": YEAR_S,  # addresses carry a hash of the file: templating.static
    "STATICFILES_FINDERS": ["django.contrib.staticfiles.finders.AppDirectoriesFinder"],
    # Uploads
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 5 * 2**20,
    "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2_000,
    "FILE_UPLOAD_PERMISSIONS": 0o600,
    "FILE_UPLOAD_HANDLERS": ["openverdict.web.uploading.SpoolHandler"],
    # Long runs
    "TASKS": {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}},
}


def configure_app(**more: Any) -> None:
    """Set Django up for the app. `more`: further settings, for whoever comes first.

    Raises:
        MissingPartError: the extra `web` is not installed.
        InputError: Django was set up before for the record alone, or with DEBUG.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingPartError("The review app", "web")
    configure(**{**SETTINGS, **more})
    from django.conf import settings

    if not getattr(settings, "DEFAULT_IS_THE_APPS", False):
        raise InputError(
            "the app can't be added to a program that has opened a store; start it on its own"
        )
    if settings.DEBUG:
        raise InputError("DEBUG is on; the app shows nobody its inside: switch it off")
