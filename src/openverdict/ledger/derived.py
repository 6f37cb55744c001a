"""Tables worked out from the record, so that pages are fast: none of them is proven, each can be made anew from the record.

A room that has some names them in its app (`derived_tables`). They are kept up to date by whoever writes, in the same
transaction (`Keeper`); made anew where the rules by which they are made have changed; and compared with the record by `verify`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar, Protocol

from django.db import models

from openverdict.ledger import engine
from openverdict.ledger.fields import PlainText, RowNumber


class Derived(models.Model):
    """By which version of the rules a set of tables was made."""

    name = PlainText(primary_key=True)
    version = models.BigIntegerField()


class Present(models.Model):
    """What the facts of one case come to at present, in the fields by which cases are looked for. `id`: that of the case.

    Times and ages as the register has them; `found_at` is empty where it was erased. `unit` is the one said last; further units
    that stand are items. `revised` (1): some earlier day would have been answered otherwise than by leaving values out.
    """

    id = RowNumber(primary_key=True)
    case_id = PlainText()
    found_at = PlainText()
    kind = PlainText()
    found_place_kind = PlainText(null=True)
    age_years = models.FloatField(null=True)
    sex = PlainText(null=True)
    unit = PlainText(null=True)
    manner_police = PlainText(null=True)
    manner_pathologist = PlainText(null=True)
    manner_coroner = PlainText(null=True)
    category_police = PlainText(null=True)
    closed_at = PlainText(null=True)
    revised = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [
            # In the order in which cases are listed, and with all that they are chosen by: no list reads more than this.
            models.Index(
                fields=[
                    "found_at",
                    "case_id",
                    "kind",
                    "found_place_kind",
                    "age_years",
                    "sex",
                    "unit",
                    "manner_police",
                    "manner_pathologist",
                    "manner_coroner",
                    "category_police",
                    "closed_at",
                    "revised",
                ],
                name="ledger_present_found",
            ),
            models.Index(fields=["unit", "found_at", "case_id"], name="ledger_present_unit"),
        ]
        # Not `unique=True`: Django would give PostgreSQL a second index, for searches that nobody makes.
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case_id"], name="ledger_present_case")
        ]


class PresentItem(models.Model):
    """One item of a list of one case at present (`none` where it was looked for and absent), or a unit beside the first."""

    pk = models.CompositePrimaryKey("field", "item", "case")
    field = PlainText()
    item = PlainText()
    case = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case"], name="ledger_presentitem_case")]


class PresentBits(models.Model):
    """Which cases of a block have a value at present (`ledger.bits`). `bits`: packed, one a case."""

    pk = models.CompositePrimaryKey("field", "value", "block")
    field = PlainText()
    value = PlainText()
    block = models.BigIntegerField()
    bits = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["block"], name="ledger_presentbits_block")]


class LeadHead(models.Model):
    """The words of a lead with many pairs, but for pairs that no page shows in full. `id`: that of the lead; `words`: JSON."""

    id = RowNumber(primary_key=True)
    words = PlainText()


class LeadPair(models.Model):
    """One pair of such a lead, by its place in the order in which pairs are read. `words`: all that is said of it, packed."""

    pk = models.CompositePrimaryKey("lead", "place")
    lead = models.BigIntegerField()
    place = models.BigIntegerField()
    case_a = PlainText()
    case_b = PlainText()
    log10_lr = models.FloatField()
    mandatory = models.SmallIntegerField()
    words = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["lead", "place", "case_a", "case_b", "log10_lr", "mandatory"],
                name="ledger_leadpair_list",
            ),
            models.Index(fields=["lead", "case_a", "case_b"], name="ledger_leadpair_pair"),
        ]


class Keeper(Protocol):
    """What keeps a set of derived tables up to date within one transaction."""

    def take(self, model: type[models.Model], event: int, rows: Sequence[Sequence[Any]]) -> None:
        """Rows that are being recorded under an entry, each with its id and without the entry's number."""

    def gone(self, cases: Collection[str], entries: Collection[int]) -> None:
        """What these entries held was erased: facts of these cases, or the words of leads."""

    def settle(self) -> None:
        """All that was taken stands in the database now: bring the tables up to date."""


class Tables(Protocol):
    """A set of derived tables: its name, the version of the rules by which it is made, and its models."""

    @property
    def name(self) -> str:
        """Under which the version is kept."""

    @property
    def version(self) -> int:
        """Changes with the rules."""

    @property
    def models(self) -> tuple[type[models.Model], ...]:
        """Its tables."""

    def keeper(self, alias: str) -> Keeper:
        """For one transaction."""

    def make(self, alias: str) -> None:
        """Make the tables anew, within a transaction."""

    def faults(self, alias: str) -> Iterator[str]:
        """What in them is not what the record comes to."""


def every_table() -> tuple[Tables, ...]:
    """The derived tables of every room."""
    from django.apps import apps

    found: list[Tables] = []
    for app in apps.get_app_configs():
        if (named := getattr(app, "derived_tables", None)) is not None:
            found += named()
    return tuple(found)


def keepers(alias: str) -> tuple[Keeper, ...]:
    """What keeps all of them up to date, for one transaction."""
    return tuple(tables.keeper(alias) for tables in every_table())


def bring_up_to_date(alias: str) -> None:
    """Make those anew that were made by other rules than today's."""
    if not _outdated(alias):
        return
    with engine.writing(alias):
        make(alias, _outdated(alias))


def make(alias: str, wanted: Sequence[Tables] | None = None) -> None:
    """Make derived tables anew, within the transaction under way; all of them where none is named."""
    for tables in every_table() if wanted is None else wanted:
        tables.make(alias)
        Derived.objects.using(alias).filter(name=tables.name).delete()
        Derived.objects.using(alias).create(name=tables.name, version=tables.version)
    count(alias)


def count(alias: str) -> None:
    """Let the engine count the rows of derived tables, which came or went by many."""
    every = [str(model._meta.db_table) for tables in every_table() for model in tables.models]
    engine.analyse(alias, every)


def faults(alias: str) -> Iterator[str]:
    """What in derived tables is not what the record comes to."""
    if _outdated(alias) or Derived.objects.using(alias).count() != len(every_table()):
        yield (
            "the tables for lists were not made by this version's rules; any command that writes makes them anew"
        )
        return
    for tables in every_table():
        yield from tables.faults(alias)


def _outdated(alias: str) -> list[Tables]:
    made = dict(Derived.objects.using(alias).values_list("name", "version"))
    return [tables for tables in every_table() if made.get(tables.name) != tables.version]
