"""From a request to an answer, the same way for every route: who asks, may they, what did they send, and in which form.

Nothing that a view does can leave this order out: the rule is asked before the view is called, and the functions that the view
calls ask it again. What goes wrong becomes one page with one line: 400 for what the form has not, 403 with the rule, 404, 422
with the form as it was filled in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from openverdict.decisions.access import AccessError
from openverdict.decisions.guarding import ask as ask_rule
from openverdict.decisions.roles import Operation
from openverdict.errors import InputError
from openverdict.web import consulting, errors
from openverdict.web.addresses import address
from openverdict.web.answers import Download, Go, GoneError, Page, as_csv, as_json, plain
from openverdict.web.ask import Ask
from openverdict.web.forms import Filled, UnknownFieldError, begin, read, refuse_unknown
from openverdict.web.nav import followed
from openverdict.web.route import Gate, Route
from openverdict.web.running import current
from openverdict.web.signing_in import is_able, is_fresh

TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of a field)
POSTED_AS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")


class _RefusedError(Exception):
    """The answer is ready: sign in first, or a page that says what is wrong."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def answer(request: HttpRequest, route: Route, twin: str = "", **params: Any) -> HttpResponse:
    """Answer one request for a route. `twin`: html ("") , json or csv."""
    request.openverdict_twin = twin
    request.openverdict_route = route
    try:
        return _answer(request, route, twin, params)
    except _RefusedError as refused:
        return refused.response
    except AccessError as refusal:
        return errors.page(request, 403, str(refusal))
    except UnknownFieldError as error:
        return errors.page(request, 400, f"this page takes no field of this name: {error}")
    except GoneError as error:
        return errors.page(request, 404, str(error))
    except InputError as error:
        return errors.page(request, 400, str(error))


def foreign(request: HttpRequest, route: Route, **params: Any) -> HttpResponse:
    """Let a library answer, once it is certain that it is sent nothing but what it asks for."""
    request.openverdict_route = route
    if request.method not in route.methods:
        return _not_so(request, route)
    if route.operation is Gate.SIGNED_IN and _user(request) is None:
        return _to_sign_in(request, "")
    try:
        refuse_unknown([*request.POST, *request.FILES], [*route.posts, TOKEN])
    except UnknownFieldError as error:
        return errors.page(request, 400, f"this page takes no field of this name: {error}")
    assert route.foreign is not None  # noqa: S101  (routes.check)
    response: HttpResponse = route.foreign(request, **params)
    return response


def _answer(request: HttpRequest, route: Route, twin: str, params: dict[str, Any]) -> HttpResponse:
    if request.method not in route.methods:
        return _not_so(request, route)
    ask = Ask(request, route, current().store, _user(request), params, twin=twin)
    _let_in(ask)
    if request.method == "GET" and route.fresh and not is_fresh(request):
        return _again(request, twin)
    first = consulting.wanted(ask)
    if first is not None:
        return first
    posted = {name: [str(v) for v in values] for name, values in request.GET.lists()}
    ask.recipient = consulting.recipient(ask, posted)
    ask.query = read(route.query, posted, {}, ask)
    if ask.query.errors:
        raise InputError(ask.query.errors[0][1])
    if request.method == "POST":
        return _act(ask)
    return _form_of(ask, _view(ask))


def _let_in(ask: Ask) -> None:
    """Whether who asks may; else the answer is ready."""
    rule = ask.route.operation
    if rule is Gate.OPEN:
        return
    if ask.user is None:
        raise _RefusedError(_to_sign_in(ask.request, ask.twin))
    if isinstance(rule, Operation):
        ask_rule(ask.store, ask.user, rule, ask.route.about(ask.store, ask.params))


def _view(ask: Ask) -> Page | Go | Download:
    assert ask.route.view is not None  # noqa: S101  (routes.check)
    found: Page | Go | Download = ask.route.view(ask)
    if isinstance(found, Page) and found.filled is None and ask.route.form is not None:
        found.filled = begin(ask.route.form)
    return found


def _act(ask: Ask) -> HttpResponse:
    """POST: read by the form, acted on, or the page again with what is wrong."""
    assert ask.route.form is not None and ask.route.act is not None  # noqa: S101, PT018  (routes.check)
    posted, files = _posted(ask.request)
    filled = read(ask.route.form, posted, files, ask)
    if ask.route.fresh and not is_fresh(ask.request):
        return _again(ask.request, ask.twin)
    done: Page | Go | Download | None = None
    if not filled.errors:
        try:
            done = ask.route.act(ask, filled)
        except AccessError:
            raise
        except InputError as error:
            filled.error("", str(error))
    if done is None or filled.errors:
        if ask.twin:
            return _json(
                {"errors": [{"field": n or None, "error": t} for n, t in filled.errors]}, 422
            )
        done = _view(ask)
        if isinstance(done, Page):
            filled.raw |= begin(ask.route.form, done.renewed).raw
            done.filled, done.status = filled, 422
    return _form_of(ask, done)


def _posted(request: HttpRequest) -> tuple[dict[str, list[str]], Mapping[str, Any]]:
    kind = (request.content_type or "").lower()
    if kind not in POSTED_AS:
        raise InputError(f"posted as {kind or 'nothing'}; send one of: {', '.join(POSTED_AS)}")
    if kind != "application/json":
        found = {name: [str(v) for v in values] for name, values in request.POST.lists()}
        found.pop(TOKEN, None)
        return found, request.FILES
    try:
        told = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise InputError("the body is no JSON; send an object of fields") from None
    if not isinstance(told, dict):
        raise InputError("the body is no object; send an object of fields")
    return {
        str(name): _texts(str(name), value) for name, value in told.items() if value is not None
    }, {}


def _texts(name: str, value: Any) -> list[str]:
    """A value of JSON as a form would have sent it."""
    if isinstance(value, bool):
        return ["yes"] if value else []
    if isinstance(value, list):
        return [text for item in value for text in _texts(name, item)]
    if isinstance(value, dict):
        raise InputError(
            f"{name}: is an object; give text, a number, a truth value or a list of them"
        )
    return [str(value)]


def _form_of(ask: Ask, found: Page | Go | Download) -> HttpResponse:
    if isinstance(found, Go):
        if ask.twin:
            return _json({"done": found.message, "location": found.to}, 200)
        if found.message:
            messages.success(ask.request, found.message)
        response: HttpResponse = HttpResponseRedirect(found.to)
        response.status_code = 303
        return response
    if isinstance(found, Page):
        consulting.note(ask, found)
    if isinstance(found, Download):
        consulting.note_file(ask, found, found.content)
        response = HttpResponse(found.content, content_type=found.kind)
        response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        return response
    if ask.twin == "json":
        content = as_json(found.data)
        consulting.note_file(ask, found, content)
        return HttpResponse(content, content_type="application/json", status=found.status)
    if ask.twin == "csv":
        content = as_csv(found.data, found.csv or ask.route.csv)
        consulting.note_file(ask, found, content)
        response = HttpResponse(
            content, content_type="text/csv; charset=utf-8", status=found.status
        )
        name = ask.route.name.replace(".", "-")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return response
    return _html(ask, found)


def _html(ask: Ask, page: Page) -> HttpResponse:
    route = ask.route
    query = {key: value for key, value in ask.request.GET.lists() if key in route.query.names}
    twins = [(each, address(route.name, query, each, **ask.params)) for each in route.twins]
    context = {
        "data": plain(page.data),
        "title": page.title or route.title,
        "crumbs": [
            *(
                (label_of(name), address(name))
                for name in followed(ask.request, ask.user, route.crumbs)
            ),
            *page.crumbs,
        ],
        "form": page.filled,
        "twins": twins,
        "leaves": consulting.leaves(route),
        "purpose": ask.purpose if consulting.offered(ask) and consulting.shows_cases(route) else "",
        "ask": ask,
        **page.layout,
    }
    return render(ask.request, page.template or route.page, context, status=page.status)


def label_of(name: str) -> str:
    """The title of a route."""
    from openverdict.web.routes import by_name

    return by_name(name).title


def _json(data: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(as_json(data), content_type="application/json", status=status)


def _user(request: HttpRequest) -> str | None:
    """Who asks: signed in, and with an account that the record has and has not locked or closed."""
    user = request.user
    if not user.is_authenticated:
        return None
    name = str(user.get_username())
    return name if is_able(current().store, name) else None


def _to_sign_in(request: HttpRequest, twin: str) -> HttpResponse:
    if twin:
        return errors.page(
            request, 401, "sign in first: this address answers only to people it knows"
        )
    if request.method != "GET":
        return HttpResponseRedirect(settings.LOGIN_URL)
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}")


def _again(request: HttpRequest, twin: str) -> HttpResponse:
    """Who asks has to say again who they are: what they ask for opens a door."""
    if twin or request.method != "GET":
        return errors.page(request, 401, "say again who you are: go to /account/again, then repeat")
    return HttpResponseRedirect(f"/account/again?next={quote(request.get_full_path())}")


def _not_so(request: HttpRequest, route: Route) -> HttpResponse:
    response = errors.page(request, 405, f"this page answers {' and '.join(route.methods)} only")
    response.headers["Allow"] = ", ".join(route.methods)
    return response


__all__ = ["Filled", "answer", "foreign", "label_of"]
