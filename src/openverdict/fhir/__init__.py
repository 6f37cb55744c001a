"""HL7 FHIR (R4) of medicolegal death investigation: toxicology messages and case documents in, case documents out.

What comes in: JSON bundles of the MDI profiles. What goes out: toxicology `Result`s or facts of one case, with a list of
what the register has no field for; and a document of one case that validates against the FHIR models. This room fetches
nothing, reads no names and addresses, and refuses what is not R4. A specimen that was never analysed is not tested, never
negative.
"""

from openverdict.fhir.bundle import Bundle, read_bundle
from openverdict.fhir.document import Document, read_document
from openverdict.fhir.message import Message, read_message
from openverdict.fhir.write import HELD, write_document

__all__ = [
    "HELD",
    "Bundle",
    "Document",
    "Message",
    "read_bundle",
    "read_document",
    "read_message",
    "write_document",
]
