"""What the server's own log may say: addresses, but never the secret of a one-time link."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"(/begin/)[^/\s?#]+")


class WithoutTokens(logging.Filter):
    """Strikes out what stands behind `/begin/` in a record, in its words and in what is put into them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record stays, without the secret."""
        record.msg = _struck(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_struck(each) for each in record.args)
        return True


def _struck(value: object) -> object:
    return _TOKEN.sub(r"\1…", value) if isinstance(value, str) else value


def keep_tokens_out() -> None:
    """Let no logger of requests print the secret of a link. May be called again."""
    for name in ("django.request", "django.security.csrf", "django.server", "waitress"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, WithoutTokens) for each in logger.filters):
            logger.addFilter(WithoutTokens())
