"""Files to a register: what can be read becomes a case, and what can't becomes a reject that says why.

What comes in: CSV, XLSX and Parquet tables in the layout of the template, tables of any other layout with a mapping,
and facts files as CSV or JSON. What goes out: an `Intake`, with the register, the equality record held apart, the
rejects, and a count in which every row read is a case or a rejected row. This room guesses nothing: a date that may be
either way round, half a place or a case number that stands twice is refused and named.
"""

from openverdict.intake.files import read_sheet
from openverdict.intake.mapping import Mapping, load_mapping, shipped_mappings
from openverdict.intake.outputs import check_outputs, write_intake
from openverdict.intake.read import read_register
from openverdict.intake.result import REJECTS_SCHEMA, Intake, Source
from openverdict.intake.suggest import suggest_mapping
from openverdict.intake.template import template_texts, write_template

__all__ = [
    "REJECTS_SCHEMA",
    "Intake",
    "Mapping",
    "Source",
    "check_outputs",
    "load_mapping",
    "read_register",
    "read_sheet",
    "shipped_mappings",
    "suggest_mapping",
    "template_texts",
    "write_intake",
    "write_template",
]
