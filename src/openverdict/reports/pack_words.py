"""What every disclosure pack says of itself, once: in its README and on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill


@dataclass(frozen=True)
class PackWords:
    """What every pack says of itself."""

    title: str
    files: Mapping[str, str]
    pseudonyms: str
    verify: str
    verify_by: str
    keys: str
    respect: str


WORDS = PackWords(
    title="What was considered, and what came of it",
    files={
        "pack.html": "the same for reading: decisions with their reasons, facts, runs and the files they rest on",
        "decisions.csv": "every decision on a pair, a lead or a case: those that were rejected or superseded, too",
        "contributions.csv": "what each thing that was compared added to the log10 ratio that was shown, and its direction",
        "facts.csv": "of these cases, the fields that the profile allows",
        "sources.csv": "the files that were taken in, by their SHA-256",
        "runs.json": "what was compared when, with which model, and by which rule of inclusion",
        "profile.json": "what may be in this pack, and how many decisions were withheld",
    },
    pseudonyms="Cases and people may stand under pseudonyms. They were made with a key that is not in this pack, for its"
    " recipient alone: two recipients who put their packs together can’t join them by a number.",
    verify="To verify, with Python and its package “cryptography”, and with nothing of the program that wrote this:",
    verify_by="python verify_openverdict.py FOLDER --key KEYS",
    keys="KEYS is the file of verifier keys that you got by another way.",
    respect="A decision may have been right on what was known that day. This was written with respect for those who died.",
)


def readme() -> str:
    """What is in a pack, and how to verify it, as plain text."""
    width = max(map(len, WORDS.files)) + 2
    names = "\n".join(f"{name:{width}}{holds}" for name, holds in WORDS.files.items())
    parts = [f"{WORDS.title}.", names, WORDS.pseudonyms, WORDS.verify, f"    {WORDS.verify_by}"]
    told = [
        part if "\n" in part else fill(part, 120)
        for part in (*parts, f"{WORDS.keys} {WORDS.respect}")
    ]
    return "\n\n".join(told) + "\n"
