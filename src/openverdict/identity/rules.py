"""What holds a pair back whatever its probability: plain rules, each with its words.

A model of independent fields is wrong where it hurts most: twins share a surname, a day and a home; father and son a name and a
home; namesakes a name and, now and then, a day. So a probability alone never makes two records one person.
"""

from __future__ import annotations

import polars as pl

from openverdict.identity.blocking import sounds
from openverdict.identity.comparisons import DIFFERENT, MISSING
from openverdict.identity.template import DECEDENT

MOST_NUMBERS, MOST_HOMES = (
    4,
    10,
)  # with one name and day of birth, slips of the pen and a missing one included
# Code and words, in the order in which they are told.
REASONS = {
    "own_death": "in one case, and one of them is the dead person",
    "number_differs": "the person's numbers differ",
    "death_differs": "the dates of death differ",
    "sex_differs": "the sexes differ",
    "birth_differs": "the dates of birth differ",
    "forename_differs": "the forenames differ",
    "names_not_compared": "the names were not compared, or only one of them",
    "crowd": "many different numbers or addresses stand with this name and date of birth",
    "name_alone": "nothing agrees beyond name and date of birth",
}
# Such a pair is not merely unproven: its records say that they are two persons, and no chain may bring them together.
# Forenames are not among them: people go by names that no list knows.
CONTRADICTIONS = ("own_death", "number_differs", "death_differs", "sex_differs", "birth_differs")


def held_back(scores: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """For each scored pair, in their order, one Boolean column a reason of `REASONS`."""
    case, role = table.get_column("case_id"), table.get_column("role")
    many = crowded(table)
    left, right = scores.get_column("left"), scores.get_column("right")
    pairs = scores.with_columns(
        same_case=(case.gather(left) == case.gather(right))
        & (table.get_column("source").gather(left) == table.get_column("source").gather(right)),
        crowded=many.gather(left) | many.gather(right),
        one_dead=(role.gather(left) == DECEDENT) ^ (role.gather(right) == DECEDENT),
    )

    def level(name: str, *levels: str) -> pl.Expr:
        return pl.col(f"level_{name}").is_in(levels)

    number = level("number", "same")
    compared = ~level("forename", MISSING) & ~level("surname", MISSING) | level(
        "surname", "swapped"
    )
    beyond = (
        level("home", "same", "sector", "town")
        | level("ids", "shared")
        | level("number", "same", "digit")
        | level("death", "same", "near")
        | level("middle", "same", "nearly_same")
    )
    birth_differs, forename_differs = level("birth", DIFFERENT), level("forename", DIFFERENT)
    conditions = {
        "own_death": (pl.col("same_case") & pl.col("one_dead")).fill_null(False),
        "number_differs": level("number", DIFFERENT),
        "death_differs": level("death", DIFFERENT),
        # The same number bears out one of these, not several at once.
        "sex_differs": level("sex", DIFFERENT) & ~(number & ~birth_differs & ~forename_differs),
        "birth_differs": birth_differs & ~(number & ~forename_differs),
        "forename_differs": forename_differs & ~(number & ~birth_differs),
        "names_not_compared": ~(compared | number),
        "crowd": pl.col("crowded") & ~number,
        "name_alone": ~beyond,
    }
    return pairs.select(**{name: conditions[name] for name in REASONS})


def crowded(table: pl.DataFrame) -> pl.Series:
    """Records whose name and day of birth stand with many different numbers or postcodes: they tell nobody apart there.

    Names count as one that sound the same and may stand for the same formal name.
    """
    who = table.select(
        sounds(table).get_column("surname_sound"),
        "dob",
        "number",
        "postcode",
        first=pl.col("formal").list.first(),
    )
    key = ("surname_sound", "first", "dob")
    many = (pl.col("number").n_unique() > MOST_NUMBERS) | (
        pl.col("postcode").n_unique() > MOST_HOMES
    )
    known = pl.all_horizontal(pl.col(key).is_not_null())
    return who.select(crowded=known & many.over(key)).to_series()
