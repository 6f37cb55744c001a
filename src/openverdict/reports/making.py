"""What is written down of a report that was made: which, about what, for whom, and the hash of its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from openverdict.decisions.models import About
from openverdict.ledger.events import ReportMade
from openverdict.ledger.writing import Writer


def log_report(
    writer: Writer,
    report: str,
    subject_kind: str,
    subject: str,
    files: Sequence[bytes],
    *,
    cases: Sequence[str] = (),
) -> None:
    """One event for each file that the writer's actor gets. `cases`: whom it is about, where it is about some cases only."""
    for data in files:
        writer.record(
            ReportMade,
            [About(case_id=case) for case in cases],
            report=report,
            subject_kind=subject_kind,
            subject=subject,
            sha256=sha256(data).hexdigest(),
        )
