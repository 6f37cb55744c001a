"""Forms: the fields that a page takes, each named and typed. What is not named is refused, and no error is a guess.

A form is data: the page is made from it, what is posted is read by it, and so are the description of the API and the query part
of an address (filters are a form, too).
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

DAY = re.compile(r"([0-9]{1,2})[ ./-]+([0-9]{1,2}|[A-Za-z]+)[ .,/-]+([0-9]{4})", re.ASCII)
Choices = tuple[tuple[str, str], ...]  # value, label


class Kind(StrEnum):
    """How a field is asked for and what its value becomes."""

    LINE = "line"  # str, one line
    WORDS = "words"  # str, several lines
    SECRET = "secret"  # str, not shown and not stripped  # noqa: S105
    NUMBER = "number"  # int
    DECIMAL = "decimal"  # float
    DATE = "date"  # date
    FLAG = "flag"  # bool
    CHOICE = "choice"  # str, radio buttons
    PICK = "pick"  # str, a list to pick from
    CHOICES = "choices"  # tuple of str, check boxes
    EACH = "each"  # tuple of str: one for each of a list of things, in their order; "" where one is left open
    FILE = "file"  # Django's UploadedFile
    FILES = "files"  # tuple of them
    HIDDEN = "hidden"  # str


@dataclass(frozen=True)
class Field:
    """One field. `choices`: fixed, or a function of who asks (`ask.Ask`).

    `longest`: in characters. `least`, `most`: of numbers. `autocomplete`: the HTML token (username, new-password, off …).
    """

    name: str
    label: str
    kind: Kind = Kind.LINE
    required: bool = True
    hint: str = ""
    choices: Choices | Callable[[Any], Choices] = ()
    longest: int = 500
    least: float | None = None
    most: float | None = None
    autocomplete: str = "off"

    def options(self, ask: Any) -> Choices:
        """The choices as they are for who asks."""
        return self.choices(ask) if callable(self.choices) else self.choices


@dataclass(frozen=True)
class Form:
    """The fields of a page, and the words on its button. `danger`: the button says that this can't be undone in one stroke."""

    fields: tuple[Field, ...]
    button: str = "Continue"
    danger: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(each.name for each in self.fields)

    @property
    def has_file(self) -> bool:
        """Whether it is posted in parts."""
        return any(each.kind in (Kind.FILE, Kind.FILES) for each in self.fields)


@dataclass
class Filled:
    """A form as somebody filled it in. `values`: typed, by name; `raw`: as it came; `errors`: (name or "", what is wrong)."""

    form: Form
    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, list[str]] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def error(self, name: str, text: str) -> None:
        """Say what is wrong with a field, or with the form as a whole (name "")."""
        self.errors.append((name, text))

    def error_of(self, name: str) -> str:
        """What is wrong with a field, if anything is; without the field's label, below which it stands."""
        text = next((text for each, text in self.errors if each == name), "")
        label = next((each.label for each in self.form.fields if each.name == name), "")
        said = text.removeprefix(f"{label} " if label.endswith("?") else f"{label}: ")
        return said[:1].upper() + said[1:]

    def shown(self, each: Field) -> str:
        """What stands in a field's input."""
        if each.kind is Kind.SECRET:
            return ""
        text = next(iter(self.raw.get(each.name, ())), "")
        return _day_words(text) if each.kind is Kind.DATE else text

    def is_chosen(self, each: Field, value: str) -> bool:
        """Whether a choice is ticked."""
        return value in self.raw.get(each.name, ())


class UnknownFieldError(Exception):
    """Somebody sent a field that the page has not."""


def begin(form: Form, values: Mapping[str, Any] | None = None) -> Filled:
    """A form as it is first shown, with what is known already."""
    raw = {
        name: [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
        for name, value in (values or {}).items()
        if value is not None
    }
    return Filled(form, dict(values or {}), raw)


def refuse_unknown(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise UnknownFieldError when a name is not among the known."""
    odd = sorted(set(names) - set(known))
    if odd:
        raise UnknownFieldError(", ".join(odd)[:200])


def read(form: Form, posted: Mapping[str, list[str]], files: Mapping[str, Any], ask: Any) -> Filled:
    """What was posted, checked field by field.

    Raises:
        UnknownFieldError: a field that the form has not.
    """
    refuse_unknown([*posted, *files], form.names)
    filled = Filled(form, raw={name: list(values) for name, values in posted.items()})
    for each in form.fields:
        try:
            if each.kind is Kind.FILE:
                filled.values[each.name] = _file(each, files.get(each.name))
            elif each.kind is Kind.FILES:
                filled.values[each.name] = _files(each, files)
            else:
                filled.values[each.name] = _value(each, posted.get(each.name, []), ask)
        except ValueError as error:
            filled.values[each.name] = None
            filled.error(each.name, _asked(each.label, str(error)))
    return filled


def _asked(label: str, text: str) -> str:
    """What is wrong, after a label that asks: "Why? Choose one", and not "Why?: choose one"."""
    if not label.endswith("?") or not text.startswith(f"{label}: "):
        return text
    said = text.removeprefix(f"{label}: ")
    return f"{label} {said[:1].upper()}{said[1:]}"


def _file(each: Field, given: Any) -> Any:
    if given is None and each.required:
        raise ValueError(f"{each.label}: choose a file")
    return given


def _files(each: Field, files: Mapping[str, Any]) -> tuple[Any, ...]:
    given = tuple(files.getlist(each.name)) if hasattr(files, "getlist") else ()
    if not given and each.required:
        raise ValueError(f"{each.label}: choose a file")
    return given


def _value(each: Field, given: list[str], ask: Any) -> Any:
    if each.kind is Kind.CHOICES:
        return _several(each, given, ask)
    if each.kind is Kind.EACH:
        known = {value for value, _ in each.options(ask)}
        for text in given:
            _plain(each, text)
        return tuple(_one_of(each, text, ask) if known and text else text for text in given)
    if len(given) > 1:
        raise ValueError(f"{each.label}: given several times; give it once")
    text = given[0] if given else ""
    if each.kind is not Kind.SECRET:
        text = text.replace("\r\n", "\n").strip()
    if each.kind is Kind.FLAG:
        return _flag(each, text)
    if not text:
        if each.required:
            verb = "choose one" if each.kind in (Kind.CHOICE, Kind.PICK) else "fill this in"
            raise ValueError(f"{each.label}: {verb}")
        return None
    _plain(each, text)
    if each.kind in (Kind.CHOICE, Kind.PICK):
        return _one_of(each, text, ask)
    if each.kind is Kind.NUMBER:
        return int(_number(each, text, whole=True))
    if each.kind is Kind.DECIMAL:
        return _number(each, text, whole=False)
    if each.kind is Kind.DATE:
        return _date(each, text)
    return text


def _plain(each: Field, text: str) -> None:
    allowed = "\n\t" if each.kind is Kind.WORDS else ""
    if len(text) > each.longest:
        raise ValueError(f"{each.label}: is longer than {each.longest:,} characters; shorten it")
    if any(ord(sign) < 32 and sign not in allowed for sign in text) or "\ufffd" in text:
        raise ValueError(f"{each.label}: holds signs that are no text; type it anew")


def _several(each: Field, given: list[str], ask: Any) -> tuple[str, ...]:
    if not given and each.required:
        raise ValueError(f"{each.label}: choose at least one")
    if len(set(given)) != len(given):
        raise ValueError(f"{each.label}: one was given twice; give each once")
    return tuple(_one_of(each, item, ask) for item in given)


def _one_of(each: Field, text: str, ask: Any) -> str:
    if text not in {value for value, _ in each.options(ask)}:
        raise ValueError(
            f"{each.label}: {text[:80]!r} is not among the choices; choose one of them"
        )
    return text


def _flag(each: Field, text: str) -> bool:
    if text not in ("", "yes"):
        raise ValueError(f"{each.label}: is ticked (yes) or left out")
    if each.required and not text:
        raise ValueError(f"{each.label}: tick the box to go on")
    return text == "yes"


def _number(each: Field, text: str, *, whole: bool) -> float:
    try:
        if len(text) > 18 or "_" in text:
            raise ValueError
        found = int(text) if whole else float(text)
    except ValueError:
        what = "a whole number" if whole else "a number"
        raise ValueError(f"{each.label}: {text[:80]!r} is not {what}") from None
    low, high = each.least, each.most
    if found != found or (low is not None and found < low) or (high is not None and found > high):
        limits = (
            f"{'' if low is None else f'from {low:g} '}{'' if high is None else f'up to {high:g}'}"
        )
        raise ValueError(f"{each.label}: has to be {limits.strip() or 'a number'}")
    return found


def _date(each: Field, text: str) -> date:
    """A day as people write it (28 8 2014, 28/8/2014, 28 August 2014), or as programs do (2014-08-28)."""
    try:
        typed = DAY.fullmatch(text)
        if typed is None:
            return date.fromisoformat(text)
        day, month, year = typed.groups()
        return date(int(year), int(month) if month.isdecimal() else _month(month), int(day))
    except ValueError:
        raise ValueError(
            f"{each.label}: {text[:80]!r} is no date; write day, month and year, as 28 8 2014"
        ) from None


def _month(word: str) -> int:
    """The month that a word of three letters or more begins. Raises ValueError where there is none."""
    found = [n for n, name in enumerate(month_name) if n and name.lower().startswith(word.lower())]
    if len(word) < 3 or not found:
        raise ValueError(word)
    return found[0]


def _day_words(text: str) -> str:
    """A day as it is typed; what is no day in ISO form, as it came."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day.month} {day.year}"
