"""How files come in: straight into the app's own folder, and only from people who are signed in, on pages that take files."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler

from openverdict.web import spool


class SpooledFile(TemporaryUploadedFile):
    """A file that is written where uploads stand; gone when the request is over, unless it was moved."""

    def __init__(self, name: str, kind: str, size: int, charset: str, extra: Any = None) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".part", dir=spool.folder())  # noqa: SIM115  (kept open)
        UploadedFile.__init__(self, file, name, kind, size, charset, extra)


class SpoolHandler(TemporaryFileUploadHandler):
    """Takes files for pages that have a field for them, from whoever is signed in; others are read past."""

    def new_file(self, *given: Any, **more: Any) -> None:
        """A file begins."""
        super(TemporaryFileUploadHandler, self).new_file(*given, **more)
        request = self.request
        match = getattr(request, "resolver_match", None)
        route = match.func.keywords.get("route") if match is not None else None
        takes = route is not None and route.form is not None and route.form.has_file
        user = getattr(request, "user", None)
        if not takes or user is None or not user.is_authenticated:
            raise SkipFile
        self.file = SpooledFile(
            self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )
