"""The table that work lists are read from: where each lead stands at present. Worked out from the record (`ledger.derived`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from openverdict.ledger.fields import PlainText, RowNumber


class LeadNow(models.Model):
    """Where a lead stands at present. `id`: that of the lead; `state`: `standing.State`; `first_by`, `second_by`: who decided.

    `assignee`: who was given it and has not decided; `due`: the first day by which something about it is waited for.
    `units`: the units of its cases, in order, with the unit separator between them; empty where a case has none, null where a
    case has several. `reopened` (1): decided before one of its cases was reopened.
    """

    id = RowNumber(primary_key=True)
    run = models.BigIntegerField()
    rank = models.BigIntegerField()
    state = PlainText()
    assignee = PlainText(null=True)
    due = PlainText(null=True)
    first_by = PlainText(null=True)
    second_by = PlainText(null=True)
    reopened = models.SmallIntegerField()
    units = PlainText(null=True)

    class Meta:
        indexes: ClassVar = [
            # In the order of the lists, and with all that they are chosen by.
            models.Index(
                fields=[
                    "run",
                    "rank",
                    "state",
                    "assignee",
                    "due",
                    "first_by",
                    "second_by",
                    "reopened",
                    "units",
                ],
                name="decisions_leadnow_list",
            )
        ]
