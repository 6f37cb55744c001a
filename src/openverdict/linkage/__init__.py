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
from openverdict.linkage.engine import ENGINES, check_engine, engine
from openverdict.linkage.job import Executor, Job, Local, Part, Task
from openverdict.linkage.memory import give_back
from openverdict.linkage.pairs import Ledger, Share, all_pairs
from openverdict.linkage.spark import Spark
from openverdict.linkage.spool import Spool, clear

__all__ = [
    "ENGINES",
    "Executor",
    "Job",
    "Ledger",
    "Local",
    "Part",
    "Share",
    "SlotTables",
    "Spark",
    "Spool",
    "Tables",
    "Task",
    "all_pairs",
    "check_engine",
    "clear",
    "compile_slots",
    "compile_tables",
    "engine",
    "from_units",
    "give_back",
    "to_units",
]
