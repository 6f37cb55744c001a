"""The templates' environment, what the layout needs on every page, and addresses of static files with the hash of the file."""

from __future__ import annotations

from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openverdict import __version__
from openverdict.reports.render import environment as of_reports
from openverdict.web.addresses import address
from openverdict.web.keys import for_page
from openverdict.web.nav import may_follow, navigation
from openverdict.web.preferences import preferences
from openverdict.web.words import form_words, moment_words, step_words


def environment(**options: Any) -> Environment:
    """Jinja: everything is escaped, a name that is not there is an error; the reports' filters and templates can be used."""
    reports = of_reports()
    options.pop("loader", None)
    made = Environment(
        loader=ChoiceLoader([PackageLoader("openverdict.web", "templates"), reports.loader]),  # type: ignore[list-item]
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(reports.filters)
    made.filters["moment"] = moment_words
    made.filters["bare_svg"] = bare_svg
    made.filters["dateform"] = form_words
    made.filters["stepwords"] = step_words
    made.globals.update(
        address=address, static=static, query_pairs=query_pairs, version=__version__
    )
    return made


def layout(request: HttpRequest) -> dict[str, Any]:
    """What the layout needs: who is signed in, where they may go, what was just done, how they like it to look."""
    user = getattr(request, "user", None)
    name = str(user.get_username()) if user is not None and user.is_authenticated else None
    chosen = preferences(name)
    return {
        "user_name": name,
        "navigation": navigation(request, name),
        "may_follow": partial(may_follow, name),
        "flashes": list(get_messages(request)) if name is not None else [],
        "preferences": chosen,
        "keys": for_page(chosen),
        "second_factor_required": settings.OPENVERDICT_SECOND_FACTOR,
        "path": request.get_full_path(),
        "single_sign_on": getattr(settings.OPENVERDICT_SINGLE_SIGN_ON, "name", ""),
    }


def query_pairs(to: str) -> list[tuple[str, str]]:
    """The names and values in the query part of an address."""
    return parse_qsl(urlsplit(to).query, keep_blank_values=True)


def bare_svg(text: str) -> Markup:
    """A picture that a library made as a document of its own, as an element of a page."""
    return Markup(text[text.index("<svg") :])  # noqa: S704  (made by allauth from a secret that it made)


@cache
def static(name: str) -> str:
    """The address of a static file; another one whenever the file is."""
    found = finders.find(name)
    if not found:
        raise LookupError(f"no static file {name}")
    mark = sha256(Path(str(found)).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"
