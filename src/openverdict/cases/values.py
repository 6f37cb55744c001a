"""Text to value, one field at a time: what intake and facts files agree on."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from openverdict.cases.fact import NONE_WORD, Status
from openverdict.cases.fields import Field, FieldType
from openverdict.cases.vocabulary import checks, closest, indicators, substance_code
from openverdict.errors import FieldError

DAY_S = 86_400
_SAID_IN_WORDS = {status.value: status for status in Status if status is not Status.RECORDED}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)
_EITHER_WAY = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})\b.*", re.ASCII | re.DOTALL)
_DAY_NUMBER = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def status_word(text: str) -> Status | None:
    """The status that a cell says in words (`unknown`, `not_tested` …), or None when it holds a value."""
    return _SAID_IN_WORDS.get(text.strip().lower())


def parse_time(field: str, text: str) -> tuple[datetime, int, bool]:
    """ISO 8601 text to (start, span in seconds, whether it carried an offset).

    A date alone spans its day; a time spans nothing. A time with an offset is turned into UTC.

    Raises:
        FieldError: the text is not an ISO 8601 date or time.
    """
    text = text.strip()
    span = DAY_S if _DATE.fullmatch(text) else 0
    if not span and not _TIME.fullmatch(text):
        raise FieldError(field, text, _why_no_time(text))
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment, span, False
        return moment.astimezone(UTC).replace(tzinfo=None), span, True
    except (ValueError, OverflowError):
        raise FieldError(field, text, "no such day or time of day") from None


def _why_no_time(text: str) -> str:
    if _EITHER_WAY.fullmatch(text):
        return "day and month may be either way round; write 2015-04-03, or declare the format in a mapping"
    if _DAY_NUMBER.fullmatch(text):
        return "a spreadsheet's day number; give the cell a date format, or write 2014-06-19"
    return "not an ISO 8601 date or time; write 2014-06-19 or 2014-06-19T04:18"


def parse_number(field: Field, text: str) -> float:
    """Decimal text to a finite number within the field's limits.

    Raises:
        FieldError: not a number, or outside the limits.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise FieldError(field.name, text, "not a number; use digits and a decimal point")
    number = float(text)
    unit = f" {field.unit}" if field.unit else ""
    if not math.isfinite(number):
        raise FieldError(field.name, text, "not a finite number")
    if field.minimum is not None and number < field.minimum:
        raise FieldError(field.name, text, f"below {field.minimum:g}{unit}")
    if field.maximum is not None and number > field.maximum:
        raise FieldError(field.name, text, f"above {field.maximum:g}{unit}")
    return number


def parse_code(field: Field, text: str) -> str:
    """A coded value: the code it stands for in the dictionary or its vocabulary, as written otherwise.

    Raises:
        FieldError: not in the list of a closed field.
    """
    text = text.strip()
    code = re.sub(r"[\s/,-]+", "_", text.lower())
    if field.vocabulary == "substances":
        return substance_code(text) or code
    if field.vocabulary:
        names = indicators() if field.vocabulary == "indicators" else checks()
        if code in names:
            return code
        raise FieldError(field.name, text, f"not in the {field.vocabulary}; {closest(code, names)}")
    if code in field.values:
        return code
    if not field.open:
        raise FieldError(field.name, text, f"not one of: {', '.join(field.values)}")
    return text


def parse_list(field: Field, text: str) -> list[str]:
    """A `;`-separated cell to its sorted distinct values; `none` (looked for and absent) gives an empty list.

    Raises:
        FieldError: an unknown code of a closed list, a key without its role, or `none` or a status word beside a value.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    for part in parts:
        if status_word(part):
            raise FieldError(field.name, text, f"`{part}` stands beside other values")
    if any(part.lower() == NONE_WORD for part in parts):
        if len(parts) > 1:
            raise FieldError(field.name, text, f"`{NONE_WORD}` stands beside other values")
        return []
    if field.type is FieldType.KEYS:
        return sorted({_parse_key(field, part) for part in parts})
    return sorted({parse_code(field, part) for part in parts})


def _parse_key(field: Field, text: str) -> str:
    role, colon, key = text.partition(":")
    role, key = role.strip().lower(), key.strip()
    if not colon or not role or not key:
        raise FieldError(field.name, text, "write role:key, for example finder:P1")
    if not field.open and role not in field.values:
        raise FieldError(field.name, text, f"role not one of: {', '.join(field.values)}")
    return f"{role}:{key}"
