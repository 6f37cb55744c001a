"""Facts, cases, registers and the words for them.

What comes in: values already read (intake) or made (simulate). What goes out: `Register`, the one table every other room
reads, the field dictionary and the vocabularies. This room never touches a file outside the package, a clock or the
network, and the equality record stands apart in `cases.equality`, which evidence, triage and leads may not import.
"""

from openverdict.cases.fact import NONE_WORD, Fact, Status
from openverdict.cases.fields import Field, FieldType, dictionary, table_schema, template_fields
from openverdict.cases.register import (
    FACTS_SCHEMA,
    REJECTS_SCHEMA,
    STATUS_SCHEMA,
    Register,
    facts_frame,
)
from openverdict.cases.vocabulary import Check, Indicator, Substance, checks, indicators, substances

__all__ = [
    "FACTS_SCHEMA",
    "NONE_WORD",
    "REJECTS_SCHEMA",
    "STATUS_SCHEMA",
    "Check",
    "Fact",
    "Field",
    "FieldType",
    "Indicator",
    "Register",
    "Status",
    "Substance",
    "checks",
    "dictionary",
    "facts_frame",
    "indicators",
    "substances",
    "table_schema",
    "template_fields",
]
