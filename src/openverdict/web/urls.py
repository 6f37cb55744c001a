"""What Django's resolver reads: the table of routes, and pages for what went wrong."""

from __future__ import annotations

from openverdict.web.routes import patterns

urlpatterns = patterns()
handler400 = "openverdict.web.errors.bad_request"
handler403 = "openverdict.web.errors.forbidden"
handler404 = "openverdict.web.errors.not_found"
handler500 = "openverdict.web.errors.server_error"
