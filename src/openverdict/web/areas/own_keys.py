"""A person's own keys: each can be another sign, and all of them can be switched off."""

from __future__ import annotations

import json

from openverdict.web import keys
from openverdict.web.answers import Go, Page
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind, begin
from openverdict.web.preferences import prefer, preferences
from openverdict.web.route import Gate, Route

PREFIX = "key_"


def show_keys(ask: Ask) -> Page:
    """The keys as they are for the person."""
    now = preferences(ask.who)
    own = keys.set_by(now)
    first = {f"{PREFIX}{name}": key for name, key in own.items()}
    first |= {"single": "yes"} if now["single_keys"] == keys.ON else {}
    rows = [{"key": own[each.name], "does": each.words, "usual": each.usual} for each in keys.KEYS]
    return Page(
        {"single_keys": now["single_keys"] == keys.ON, "keys": rows}, filled=begin(FORM, first)
    )


def set_keys(ask: Ask, filled: Filled) -> Go | None:
    """Keep the keys, or go back to the usual ones."""
    usual = {each.name: each.usual for each in keys.KEYS}
    chosen = usual if filled["usual"] else {n: filled[f"{PREFIX}{n}"] for n in keys.NAMES}
    seen: dict[str, str] = {}
    for each in keys.KEYS:
        key, field = chosen[each.name], f"{PREFIX}{each.name}"
        if not keys.is_key(key):
            filled.error(field, f"{each.words}: one sign that can be seen; not {key!r}")
        elif key in seen:
            filled.error(field, f"{each.words}: {key} is the key of “{seen[key]}”; choose another")
        seen.setdefault(key, each.words)
    if filled.errors:
        return None
    prefer(ask.who, "keys", json.dumps({n: k for n, k in chosen.items() if k != usual[n]}))
    prefer(ask.who, "single_keys", keys.ON if filled["single"] else keys.OFF)
    return Go(ask.to("house.keys"), "Your keys are kept.")


FORM = Form(
    (
        Field("single", "Single keys do something", Kind.FLAG, required=False,
              hint="Leave it out to switch all of them off. In text fields they rest in any case."),
        *(Field(f"{PREFIX}{each.name}", each.words, longest=1) for each in keys.KEYS),
        Field("usual", "Go back to the usual keys", Kind.FLAG, required=False),
    ),
    button="Keep these keys",
)  # fmt: skip
ROUTES: tuple[Route, ...] = (
    Route("keys", "house.keys", show_keys, operation=Gate.SIGNED_IN, title="Keys", csv="keys",
          form=FORM, act=set_keys, template="layout/form.html", crumbs=("house.home",)),
)  # fmt: skip
