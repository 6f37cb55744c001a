"""Every error that openverdict raises on purpose. Each message is one line: what, where, and the mend.

OpenverdictError
├── InputError            the call or the input cannot be used (exit code 2)
│   ├── FieldError        one value of one field cannot be read; the row goes to the rejects
│   └── MappingError      a mapping file does not fit the table it is meant for
├── EngineError           what runs the work could not be started, or gave up (exit code 2)
├── MissingPartError      an optional part is not installed; the message names the extra
└── RecordError           the record does not hold together: a signature, proof or entry is not what it should be
"""

from __future__ import annotations


class OpenverdictError(Exception):
    """Base of every error raised on purpose; `str(error)` is one line fit to show a user."""


class InputError(OpenverdictError):
    """The call or the input cannot be used. Says what, where, and what to do."""


class FieldError(InputError):
    """One value of one field cannot be read."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class MappingError(InputError):
    """A mapping file does not fit the table it is meant for."""


class EngineError(OpenverdictError):
    """What runs the work could not be started, or gave up. Says what was tried, and what to do."""


class MissingPartError(OpenverdictError):
    """An optional part is not installed."""

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(
            f"{part} is not installed; add it with: pip install 'openverdict[{extra}]'"
        )


class RecordError(OpenverdictError):
    """The record does not hold together: a signature, a proof or an entry is not what it should be."""
