"""New cases against a prepared register: what was learned of it is kept in one file, and nothing of it is done anew.

What comes in: a register, once, to be prepared; then files of new cases, as often as they come. What goes out: a
`PreparedRegister`, saved and loaded whole or not at all, and `Arrivals`, the pairs of each new case at or above the floor with
every contribution, and the count of the rest. Each new case is the later one of its pairs. This room never changes what was
prepared, and takes no file that another version wrote or that was damaged.
"""

from openverdict.arrivals.compare import compare
from openverdict.arrivals.prepared import PreparedRegister, prepare_register
from openverdict.arrivals.results import Arrivals, write_arrivals
from openverdict.arrivals.store import load_prepared, save_prepared

__all__ = [
    "Arrivals",
    "PreparedRegister",
    "compare",
    "load_prepared",
    "prepare_register",
    "save_prepared",
    "write_arrivals",
]
