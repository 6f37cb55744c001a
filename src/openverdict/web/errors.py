"""Pages for what went wrong: a heading, one line with the mend, and the way back. As JSON where JSON was asked for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from openverdict.web.answers import as_json

TITLES = {
    400: "This could not be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "There is no such page",
    405: "Not this way",
    428: "Say first why",
    429: "Too many tries",
    500: "Something broke on our side",
}


def page(request: HttpRequest, status: int, line: str) -> HttpResponse:
    """One line, as a page or as JSON."""
    line = line[:1].upper() + line[1:]
    if getattr(request, "openverdict_twin", "") or request.path_info.endswith(".json"):
        told = {"status": status, "error": line}
        return HttpResponse(as_json(told), content_type="application/json", status=status)
    context = {
        "title": TITLES.get(status, TITLES[400]),
        "line": line,
        "status": status,
        "crumbs": [],
        "data": {},
    }
    return render(request, "layout/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What Django refuses before any view."""
    return HttpResponse(
        "Bad request: this could not be read.\n", content_type="text/plain", status=400
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What a library refuses."""
    return page(request, 403, "this was refused; go back and try again, or ask an administrator")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address that no route has."""
    return page(
        request, 404, "there is no page at this address; check it, or begin at the start page"
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or from one that is too old."""
    return page(
        request,
        403,
        "this form is too old, or did not come from this app; load the page again and repeat",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Anything else. Made without the store or a template: what broke may be either."""
    text: Any = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Something broke on our side - Openverdict</title>"
        "<h1>Something broke on our side</h1><p>Nothing of what you were doing was half written: an act is recorded whole or "
        'not at all. Look whether it stands, then repeat it. <a href="/">To the start page</a></p></html>'
    )
    return HttpResponse(text, status=500)
