"""Toxicology results: what was measured, in what, how, and what a level of GHB can and cannot say.

What comes in: tables with one row a result (CSV, XLSX, Parquet), or results handed over by another reader. What goes
out: `Result`s, the facts that they make for a register, and the class of each GHB result with the reason and the source of
every step. This room never turns a gap into a negative: not tested, pending and unclear add no substance to either list. It
says nothing about who gave a substance to whom, and no class raises a suspicion by itself.
"""

from openverdict.toxicology.facts import Facts, make_facts, with_register
from openverdict.toxicology.ghb import Assessment, CaseAssessment, assess, assess_case
from openverdict.toxicology.model import Circumstances, Outcome, Result
from openverdict.toxicology.other_names import Listed, Meaning, installed_list, look_up
from openverdict.toxicology.outputs import check_folder, results_table, write_results
from openverdict.toxicology.panels import Panel, load_panels
from openverdict.toxicology.read import ReadResults, read_results
from openverdict.toxicology.rules import GhbRules, load_ghb_rules
from openverdict.toxicology.template import write_results_template
from openverdict.toxicology.units import Level, convert

__all__ = [
    "Assessment",
    "CaseAssessment",
    "Circumstances",
    "Facts",
    "GhbRules",
    "Level",
    "Listed",
    "Meaning",
    "Outcome",
    "Panel",
    "ReadResults",
    "Result",
    "assess",
    "assess_case",
    "check_folder",
    "convert",
    "installed_list",
    "load_ghb_rules",
    "load_panels",
    "look_up",
    "make_facts",
    "read_results",
    "results_table",
    "with_register",
    "write_results",
    "write_results_template",
]
