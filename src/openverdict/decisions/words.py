"""The vocabulary of decisions: what can be concluded, and the reason codes with what each needs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Conclusion(StrEnum):
    """What a person may conclude on a pair, a lead or a case."""

    SIMILAR = "similar"
    POSSIBLY = "possibly"
    NOT_SIMILAR = "not_similar"
    NOT_ENOUGH = "not_enough_information"


CONCLUSION_WORDS = {
    Conclusion.SIMILAR: "similar, and needs enquiry",
    Conclusion.POSSIBLY: "possibly similar",
    Conclusion.NOT_SIMILAR: "not similar",
    Conclusion.NOT_ENOUGH: "not enough information",
}

# By itself a case has nothing to be similar to: the question is whether it needs enquiry.
ALONE_WORDS = {
    Conclusion.SIMILAR: "needs enquiry",
    Conclusion.POSSIBLY: "may need enquiry",
    Conclusion.NOT_SIMILAR: "needs no enquiry",
    Conclusion.NOT_ENOUGH: "not enough information",
}


def conclusion_words(code: str, cases: int) -> str:
    """A conclusion on so many cases, in words."""
    return (ALONE_WORDS if cases == 1 else CONCLUSION_WORDS)[Conclusion(code)]


@dataclass(frozen=True)
class Reason:
    """A reason code: which conclusions it may support, whether on one case too, and the artefact verified for it."""

    code: str
    label: str
    supports: tuple[Conclusion, ...]
    of_one: bool = False
    needs: str | None = None
    needs_values: tuple[str, ...] = ()
    missing: str = ""


@cache
def reasons() -> dict[str, Reason]:
    """Every reason by its code, in the order of the vocabulary."""
    text = (files("openverdict.decisions") / "data" / "reasons.toml").read_text("utf-8")
    return {
        code: Reason(
            code,
            entry["label"],
            tuple(Conclusion(word) for word in entry["for"]),
            entry.get("of_one", False),
            entry.get("needs"),
            tuple(entry.get("is", ())),
            entry.get("missing", ""),
        )
        for code, entry in tomllib.loads(text).items()
    }


def reasons_table() -> str:
    """The vocabulary as a Markdown table, for the documentation."""
    rows = [
        f"| `{r.code}` | {r.label} | {'; '.join(CONCLUSION_WORDS[c] for c in r.supports)} | "
        f"{'yes' if r.of_one else 'no'} | {_needs(r)} |"
        for r in reasons().values()
    ]
    return (
        "\n".join(
            [
                "| Code | Means | May support | Of one case, too | Needs |",
                "|---|---|---|---|---|",
                *rows,
            ]
        )
        + "\n"
    )


def _needs(reason: Reason) -> str:
    return f"`{reason.needs}`: {', '.join(reason.needs_values)}" if reason.needs else ""
