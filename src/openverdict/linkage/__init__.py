"""Every pair scored: the model compiled to integer tables, and the loop that walks all n(n-1)/2 pairs.

What comes in: a `Model`. What goes out: a `Ledger`, the pairs at or above the floor and the count of the rest. This room
knows nothing of fields or words.
"""

from openverdict.linkage.compile import (
    SlotTables,
    Tables,
    compile_slots,
    compile_tables,
    from_units,
    to_units,
)
from openverdict.linkage.job import Executor, Job, Local, Part, Task
from openverdict.linkage.pairs import Ledger, all_pairs

__all__ = [
    "Executor",
    "Job",
    "Ledger",
    "Local",
    "Part",
    "SlotTables",
    "Tables",
    "Task",
    "all_pairs",
    "compile_slots",
    "compile_tables",
    "from_units",
    "to_units",
]
