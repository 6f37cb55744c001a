"""Triage of single cases and series of similar ones: ranked leads with reasons, the innocent reading and the chance rate.

What comes in: a `Register`. What goes out: a `Review` of frozen objects that reports, the app and the command line read. A
lead puts something in front of a person; it decides nothing and names nobody. This room never reads the equality record.
"""

from openverdict.leads.pipeline import explain, review
from openverdict.leads.results import Lead, Link, Reason, Review, Triage
from openverdict.leads.setup import Settings, settings
from openverdict.leads.triage import triage

__all__ = [
    "Lead",
    "Link",
    "Reason",
    "Review",
    "Settings",
    "Triage",
    "explain",
    "review",
    "settings",
    "triage",
]
