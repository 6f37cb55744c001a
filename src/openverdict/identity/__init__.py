"""The same death in two systems, and the same person in several roles.

What comes in: tables of records of persons from several systems, with names, dates, places and numbers. What goes out:
proposals that two records are of one person, each with its probability, with what every field adds, and with what holds it
back; decisions of people on them; and keys for a register. What it never does: write a name, a date of birth or a number,
merge records, or join two that contradict each other without saying so. Comparisons are scored by Splink with a frozen model,
on DuckDB or Spark.
"""

from openverdict.identity.apply import Applied, basis_in_words, with_identities
from openverdict.identity.clusters import Clusters, Identity, Link, cluster
from openverdict.identity.decide import Action, Asked, Decision, append, in_force, read_decisions
from openverdict.identity.model import FrozenModel, read_model, write_model
from openverdict.identity.propose import Proposed, propose
from openverdict.identity.read import Records, make_records, read_persons
from openverdict.identity.run import Run, Standing, read_run, stand, write_run, write_standing
from openverdict.identity.secret import Secret, make_secret, read_secret
from openverdict.identity.template import write_persons_template
from openverdict.identity.weighed import Weighed, weighed

__all__ = [
    "Action",
    "Applied",
    "Asked",
    "Clusters",
    "Decision",
    "FrozenModel",
    "Identity",
    "Link",
    "Proposed",
    "Records",
    "Run",
    "Secret",
    "Standing",
    "Weighed",
    "append",
    "basis_in_words",
    "cluster",
    "in_force",
    "make_records",
    "make_secret",
    "propose",
    "read_decisions",
    "read_model",
    "read_persons",
    "read_run",
    "read_secret",
    "stand",
    "weighed",
    "with_identities",
    "write_model",
    "write_persons_template",
    "write_run",
    "write_standing",
]
