"""Addresses: how a case number or the number of a row stands in one, and back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.urls import register_converter, reverse


class Key:
    """A case number in an address. What is no letter, digit, `-` or `_` is written `~` and its bytes in hexadecimal.

    So a number may hold a slash or a dot, and the endings `.json` and `.csv` belong to nobody else.
    """

    regex = r"(?:[^/.~\x00-\x1f]|~[0-9A-F]{2})+"

    def to_python(self, value: str) -> str:
        """The case number. Raises ValueError (404) where it is no text."""
        raw = re.sub(
            rb"~([0-9A-F]{2})",
            lambda found: bytes([int(found[1], 16)]),
            value.encode("utf-8", "strict"),
        )
        text = raw.decode("utf-8")
        if any(ord(sign) < 32 for sign in text) or len(text) > 200:
            raise ValueError("no case has such a number")
        return text

    def to_url(self, value: str) -> str:
        """The number as it stands in an address."""
        return "".join(
            sign
            if sign.isalnum() or sign in "-_"
            else "".join(f"~{byte:02X}" for byte in sign.encode())
            for sign in str(value)
        )


class Number:
    """The number of a row: short enough for every database."""

    regex = "[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(int(value))


register_converter(Key, "key")
register_converter(Number, "number")


def address(name: str, query: dict[str, Any] | None = None, twin: str = "", **params: Any) -> str:
    """The address of a route, with parameters of its path and of its query part; `twin`: json or csv."""
    found = str(reverse(f"{name}~{twin}" if twin else name, kwargs=params))
    left = {key: value for key, value in (query or {}).items() if value not in (None, "", ())}
    return f"{found}?{urlencode(left, doseq=True)}" if left else found
