"""Consultation of what no function of its own shows: lists, and pages about cases; and what is taken out of the app as a file.

Whoever lets somebody read calls these in the transaction before the answer leaves, once the table of roles was asked. So it
can be told, of every page that names a case, who consulted it, when and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from openverdict.decisions.models import About
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import CaseViewed, ListShown, PackDisclosed
from openverdict.ledger.writing import Writer

AS_SHOWN = "as_shown"  # the redaction of what is taken out: that of the page for who took it


def note_list(
    writer: Writer,
    page: str,
    rows: int,
    *,
    chosen: dict[str, Any] | None = None,
    cases: Sequence[str] = (),
) -> None:
    """That the writer's actor was shown a list. `page`: a code; `chosen`: what was searched for; `cases`: those on the page.

    What was searched for may name a person, so it stands behind a commitment.
    """
    told = {name: value for name, value in (chosen or {}).items() if value not in ("", [], None)}
    opening = commit({"chosen": told, "cases": list(cases)})
    writer.record(
        ListShown,
        page=page,
        rows_shown=rows,
        filters=opening.commitment,
        openings={"filters": opening},
    )


def note_case(writer: Writer, case: str, part: str) -> None:
    """That the writer's actor was shown a page about one case. `part`: which, as a code."""
    writer.record(CaseViewed, [About(case_id=case)], case=case, part=part)


def note_file(writer: Writer, kind: str, content: bytes, recipient: str, cases: int) -> None:
    """That a page left as a file for somebody. `kind`: csv, json, pdf; `cases`: how many rows or cases are in it."""
    writer.record(
        PackDisclosed,
        export=f"{kind}-{writer.size}",
        export_kind=kind,
        profile=AS_SHOWN,
        recipients=(recipient,),
        cases=cases,
        pairs=0,
        manifest_sha256=sha256(content).hexdigest(),
    )
