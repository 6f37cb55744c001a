"""What a password may not be: made of words that everybody here would try first, or one that is known to have been stolen.

Length and the list of common passwords are Django's. Stolen passwords are looked up in a file that the house gives
(`OPENVERDICT_STOLEN_PASSWORDS`): SHA-1 hashes in hexadecimal, one in a line, sorted, with or without `:count` after each, as
collections of them are published. Nothing is sent anywhere.
"""

from __future__ import annotations

import os
import re
from hashlib import sha1
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

STOLEN = "OPENVERDICT_STOLEN_PASSWORDS"
# Words of this work and of those who do it: docs/security/asvs.md names them as the list of the house.
WORDS = (
    "openverdict", "verdict", "inquest", "coroner", "police", "constable", "sergeant", "detective", "inspector", "reviewer",
    "supervisor", "auditor", "administrator", "password", "passphrase", "review", "register", "death", "unexplained", "welcome",
    "letmein", "secret",
)  # fmt: skip
SHORTEST = 12  # as the rule on length has it
LEFT = 8  # letters and digits that have to be there beside these words
LINE = 200  # bytes that a line of the file has at most


class HouseWordsValidator:
    """Refuses a password that is hardly more than words of the house, the person's name, digits and signs."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where too little is left; one that is too short is refused for that alone."""
        if len(password) < SHORTEST:
            return
        name = str(user.get_username()).lower() if user is not None else ""
        words = sorted({*WORDS, *re.split(r"[^a-z]+", name)} - {""}, key=len, reverse=True)
        left = password.lower()
        for word in (each for each in words if len(each) > 2):
            left = left.replace(word, "")
        if len(set(re.sub(r"[\W\d_]+", "", left))) < LEFT // 2 or len(left) < LEFT:
            raise ValidationError(
                "It is too easy to guess here: hardly more than words that others would try. Add words of your own.",
                code="house_words",
            )

    def get_help_text(self) -> str:
        """What is asked for."""
        return "It may not be made of words of this house alone."


class StolenValidator:
    """Refuses a password that stands in the file of stolen ones, where the house gives one."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where it was stolen before."""
        given = os.environ.get(STOLEN)
        if given and is_stolen(password, Path(given)):
            raise ValidationError(
                "It is among passwords that were stolen elsewhere; choose another.", code="stolen"
            )

    def get_help_text(self) -> str:
        """What is asked for."""
        return "It may not be one that was stolen elsewhere."


def is_stolen(password: str, path: Path) -> bool:
    """Whether a sorted file of SHA-1 hashes holds that of a password; by halves, so that its size hardly matters."""
    wanted = sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, os.SEEK_END)
        while low < high:
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline(LINE)  # what is left of the line that was met
            line = file.readline(LINE)[:40].upper()
            if line and line < wanted:
                low = middle + 1
            else:
                high = middle
        file.seek(low)
        if low:
            file.readline(LINE)
        return file.readline(LINE)[:40].upper() == wanted or _begins(file, wanted)


def _begins(file: Any, wanted: bytes) -> bool:
    file.seek(0)
    return bool(file.readline(LINE)[:40].upper() == wanted)
