"""An index by who did what, so that a log of millions of entries is searched by people."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index of the log."""

    dependencies: ClassVar[list[tuple[str, str]]] = [("ledger", "0002_present")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor", "kind", "seq"], name="ledger_event_actor"),
        ),
    ]
