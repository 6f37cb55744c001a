"""The keys of the pages: one table of what each does, as the person set them. None changes anything: a key follows a link or
moves the focus.

A page offers a key by `data-key="NAME"` on a link or a field. Keys rest in text fields, and a person can change each or
switch all of them off (WCAG 2.2, 2.1.4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ON, OFF = "on", "off"


@dataclass(frozen=True)
class Key:
    """One key. `name`: of the `data-key` that it is for; `usual`: where nobody changed it."""

    name: str
    usual: str
    words: str


KEYS = (
    Key("keys", "?", "Show the keys of this page"),
    Key("start", "g", "Go to the start page"),
    Key("search", "/", "To the search field"),
    Key("next", "n", "Next"),
    Key("previous", "p", "Previous"),
    Key("open", "o", "Open: go on where you left off, or begin with the first"),
    Key("facts", "f", "To the facts"),
    Key("evidence", "e", "To what the run found"),
    Key("map", "m", "To the map"),
    Key("view", "v", "To your first view"),
    Key("decide", "d", "To your decision"),
    Key("accept", "a", "To Accept"),
    Key("reject", "r", "To Reject"),
    Key("correct", "c", "Put it right"),
    Key("undo", "u", "Undo: asks first"),
)
NAMES = tuple(each.name for each in KEYS)


def is_key(text: str) -> bool:
    """Whether this can be a key: one sign that can be seen, so that Space, Enter and Tab stay what they are."""
    return len(text) == 1 and text.isprintable() and not text.isspace()


def set_by(preferences: Mapping[str, str]) -> dict[str, str]:
    """The key of each name, as a person set them."""
    try:
        told = json.loads(preferences["keys"])
    except ValueError:
        told = {}
    own = told if isinstance(told, dict) else {}
    return {each.name: str(own.get(each.name) or each.usual) for each in KEYS}


def for_page(preferences: Mapping[str, str]) -> dict[str, Any]:
    """What the script of a page gets."""
    keys = set_by(preferences)
    return {
        "on": preferences["single_keys"] == ON,
        "keys": [{"name": k.name, "key": keys[k.name], "words": k.words} for k in KEYS],
    }
