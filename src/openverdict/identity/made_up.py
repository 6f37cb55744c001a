"""Made-up records of made-up persons in several systems, with the truth beside them: to try things on and to measure with.

Each person stands in some records, and each record is spoilt in the manner of its source: typing errors, short forms, initials,
swapped fields, moved homes, married names, missing dates. Beside them live those who are easily taken for them: twins, parents
of the same name, couples with one telephone, and on request namesakes born the same day. Nobody in them exists.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl

COLUMNS = (
    "record_id",
    "source",
    "case_id",
    "role",
    "forenames",
    "surname",
    "date_of_birth",
    "sex",
    "postcode",
    "place",
    "person_number",
    "identifiers",
    "date_of_death",
)
FIRST, LAST = date(1925, 1, 1), date(2004, 12, 31)
PER_PERSON = (0.42, 0.28, 0.16, 0.09, 0.05)  # persons with one record, two, three …
_LETTERS = "ABCDEFGHJLMNPRSTUWXYZ"
_BESIDE = ("Upper", "Lower", "Great", "Little", "New", "Old", "North", "South")
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True)
class Source:
    """How one system records persons: shares of what is there, and of what is wrong with it."""

    share: float
    there: dict[str, float]
    wrong: dict[str, float]
    roles: tuple[str, ...]


# Set by judgement, not measured on any real system: what is recorded for whom, and how badly.
SOURCES = {
    "coroner": Source(
        0.3,
        {"middle": 0.75, "dob": 0.97, "sex": 0.99, "postcode": 0.94, "place": 0.97, "number": 0.65, "phone": 0.15},
        {"short": 0.03, "initial": 0.005, "typo": 0.03, "swapped": 0.005, "year_only": 0.01},
        ("decedent", "decedent", "decedent", "witness", "relative"),
    ),
    "hospital": Source(
        0.25,
        {"middle": 0.4, "dob": 0.99, "sex": 0.99, "postcode": 0.95, "place": 0.9, "number": 0.93, "phone": 0.6},
        {"short": 0.04, "initial": 0.0, "typo": 0.03, "swapped": 0.01, "year_only": 0.0},
        ("decedent", "decedent", "incapacitated", "relative"),
    ),
    "police": Source(
        0.35,
        {"middle": 0.3, "dob": 0.9, "sex": 0.97, "postcode": 0.88, "place": 0.9, "number": 0.06, "phone": 0.8},
        {"short": 0.14, "initial": 0.01, "typo": 0.05, "swapped": 0.015, "year_only": 0.02},
        ("caller", "finder", "host", "witness", "last_seen_with", "decedent", "named_in_report"),
    ),
    "ambulance": Source(
        0.1,
        {"middle": 0.05, "dob": 0.82, "sex": 0.95, "postcode": 0.8, "place": 0.85, "number": 0.45, "phone": 0.35},
        {"short": 0.12, "initial": 0.03, "typo": 0.07, "swapped": 0.02, "year_only": 0.05},
        ("incapacitated", "decedent", "caller"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class MadeUp:
    """`records` in `COLUMNS`, all text; `person` of each record, by number, and `names` which stock its names are of."""

    records: pl.DataFrame
    person: np.ndarray[Any, np.dtype[np.int64]]
    stock: list[str]


@dataclass
class _Person:
    number: int
    stock: str
    sex: str
    forename: str
    middle: str
    surname: str
    born: date
    home: tuple[str, str]
    nhs: str
    phones: list[str] = field(default_factory=list)
    died: date | None = None
    later_surname: str | None = None
    later_home: tuple[str, str] | None = None
    spoilt: bool = True  # whether names and day of birth may be written wrongly


def made_up(
    records: int,
    seed: int = 1,
    *,
    namesakes: int = 0,
    crowd: int = 0,
    spoilt: bool = False,
    noise: float = 1.0,
) -> MadeUp:
    """About so many records of made-up persons, with the truth.

    `namesakes`: so many persons more, in twos of one name and one day of birth that differ in everything else, one record
    each; `crowd`: so many persons more of one name and one day of birth. Their names and days stand in the records as they
    are, or as badly as anybody's when `spoilt`. `noise`: how many times as much is missing and wrong in every source.
    """
    return _Maker(np.random.default_rng(seed), noise).make(records, namesakes, crowd, spoilt)


@cache
def _lists() -> dict[str, Any]:
    text = files("openverdict.identity").joinpath("data/made_up_names.toml").read_text("utf-8")
    return tomllib.loads(text)


class _Maker:
    """Draws persons and their records from one generator of random numbers."""

    def __init__(self, rng: np.random.Generator, noise: float) -> None:
        self.rng = rng
        self.noise = noise
        lists = _lists()
        self.groups = list(lists["groups"])
        self.shares = np.cumsum([lists["groups"][g]["share"] for g in self.groups])
        rare = lists["rarer"]
        self.rare = [b + e for b in rare["beginnings"] for e in rare["endings"]]
        self.rare_share = rare["share"]
        self.towns = self._make_towns()
        self.numbers = 0

    def make(self, records: int, namesakes: int, crowd: int, spoilt: bool) -> MadeUp:
        rows: list[tuple[str, ...]] = []
        people: list[int] = []
        stocks: list[str] = []
        number = 0
        pool: list[_Person] = []
        while len(rows) < records:
            pool = self._household(number)
            number += len(pool)
            for person in pool:
                for row in self._records(person):
                    rows.append(row)
                    people.append(person.number)
                    stocks.append(person.stock)
        rows, people, stocks = rows[:records], people[:records], stocks[:records]
        for person in self._namesakes(number, namesakes, crowd, spoilt):
            rows.append(self._record(person, 0))
            people.append(person.number)
            stocks.append("namesake")
        order = self.rng.permutation(len(rows))
        table = pl.DataFrame(
            [rows[k] for k in order], schema=dict.fromkeys(COLUMNS[1:], pl.String), orient="row"
        )
        ids = pl.Series("record_id", [f"R{k:07d}" for k in range(len(rows))])
        table = table.with_columns(ids).select(COLUMNS)
        table = table.with_columns(pl.when(pl.all() != "").then(pl.all()).name.keep())
        return MadeUp(table, np.array(people, dtype=np.int64)[order], [stocks[k] for k in order])

    # -- persons ---------------------------------------------------------------------------------------------------------

    def _make_towns(self) -> list[tuple[str, str, list[str]]]:
        """Towns with their area letters and their streets' postcodes, the larger ones with more."""
        towns = []
        for k in range(180):
            name = f"{self.rng.choice(_BESIDE)} {self.rng.choice(self.rare)}"
            area = "".join(self.rng.choice(list(_LETTERS), 2))
            codes = []
            for _ in range(max(40, int(6000 / (k + 2)))):
                unit = "".join(self.rng.choice(list(_LETTERS), 2))
                codes.append(f"{area}{self.rng.integers(1, 20)} {self.rng.integers(0, 10)}{unit}")
            towns.append((name, area, codes))
        return towns

    def _home(self) -> tuple[str, str]:
        k = int(self.rng.exponential(35.0)) % len(self.towns)
        name, _, codes = self.towns[k]
        return name, codes[int(self.rng.integers(len(codes)))]

    def _pick(self, names: list[str], spread: float) -> str:
        """One of a list, the first the more often."""
        return names[int(self.rng.exponential(spread * len(names))) % len(names)]

    def _surname(self, stock: str) -> str:
        group = _lists()["groups"][stock]
        if stock == "british" and self.rng.random() < self.rare_share:
            name = self._pick(self.rare, 0.4)
        else:
            name = self._pick(group["surnames"], 0.35)
        if stock == "british" and self.rng.random() < 0.02:
            name += "-" + self._pick(group["surnames"], 0.35)
        return name

    def _person(self, number: int) -> _Person:
        rng = self.rng
        stock = self.groups[
            min(int(np.searchsorted(self.shares, rng.random())), len(self.groups) - 1)
        ]
        sex = "male" if rng.random() < 0.58 else "female"
        names = _lists()["groups"][stock][sex]
        born = FIRST + timedelta(days=int(rng.integers((LAST - FIRST).days)))
        person = _Person(
            number,
            stock,
            sex,
            self._pick(names, 0.3),
            self._pick(names, 0.3),
            self._surname(stock),
            born,
            self._home(),
            self._nhs(),
        )
        person.phones = [self._phone() for _ in range(1 + int(rng.random() < 0.4))]
        if rng.random() < 0.45:
            person.died = date(2012, 1, 1) + timedelta(days=int(rng.integers(4000)))
        if rng.random() < (0.06 if sex == "female" else 0.005):
            person.later_surname = self._surname(stock)
        if rng.random() < 0.12:
            person.later_home = self._home()
        return person

    def _household(self, number: int) -> list[_Person]:
        """One person, and at times somebody who is easily taken for them."""
        one = self._person(number)
        chance = self.rng.random()
        if chance >= 0.16:
            return [one]
        other = self._person(number + 1)
        other.home = one.home
        other.phones[0] = one.phones[0] if self.rng.random() < 0.3 else other.phones[0]
        other.surname, other.stock = one.surname, one.stock
        if chance < 0.01:  # twins, half of them of one sex
            other.born = one.born
            other.later_home = one.later_home
        elif chance < 0.03:  # a parent and a child of one name
            other.sex, other.forename, other.died = one.sex, one.forename, None
            other.born = one.born + timedelta(days=int(self.rng.integers(20 * 365, 38 * 365)))
        elif chance < 0.09:  # brothers and sisters
            other.born = one.born + timedelta(days=int(self.rng.integers(400, 3000)))
        else:  # a couple
            other.born = one.born + timedelta(days=int(self.rng.normal(0, 1200)))
            other.phones[0] = one.phones[0]
        return [one, other]

    def _namesakes(self, number: int, namesakes: int, crowd: int, spoilt: bool) -> list[_Person]:
        """Persons of one name and one day of birth whose homes, numbers, telephones and deaths all differ."""
        found: list[_Person] = []
        for k in range(namesakes + crowd):
            fresh = self._person(number + k)
            like = found[-1] if (k % 2 if k < namesakes else k > namesakes) else None
            if like is not None:
                fresh.stock, fresh.sex, fresh.forename, fresh.surname, fresh.born = (
                    like.stock, like.sex, like.forename, like.surname, like.born
                )  # fmt: skip
                while fresh.home[0] == like.home[0]:
                    fresh.home = self._home()
                while fresh.middle == like.middle:
                    fresh.middle = self._pick(_lists()["groups"][fresh.stock][fresh.sex], 0.3)
                if like.died and fresh.died and abs((like.died - fresh.died).days) < 10:
                    fresh.died = fresh.died + timedelta(days=30)
            fresh.later_home = fresh.later_surname = None
            fresh.spoilt = spoilt
            found.append(fresh)
        return found

    def _nhs(self) -> str:
        """Ten digits with a check digit by modulus 11, as national numbers have."""
        while True:
            digits = self.rng.integers(0, 10, 9)
            check = 11 - int((digits * np.arange(10, 1, -1)).sum()) % 11
            if check != 10:
                return "".join(map(str, digits)) + str(check % 11)

    def _phone(self) -> str:
        return f"phone:{int(self.rng.integers(2**48)):012x}"

    # -- records ---------------------------------------------------------------------------------------------------------

    def _records(self, person: _Person) -> list[tuple[str, ...]]:
        """The rows of one person: at most one death in a system, any number of other roles."""
        count = 1 + int(np.searchsorted(np.cumsum(PER_PERSON), self.rng.random()))
        return [self._record(person, k) for k in range(min(count, len(PER_PERSON)))]

    def _record(self, person: _Person, turn: int) -> tuple[str, ...]:
        rng = self.rng
        name = str(rng.choice(list(SOURCES), p=[s.share for s in SOURCES.values()]))
        source = SOURCES[name]
        role = str(rng.choice(source.roles))
        if role == "decedent" and person.died is None:
            role = "witness" if name != "ambulance" else "incapacitated"
        # A death is one case in a system; everything else is a case of its own.
        self.numbers += 1
        case = (
            f"{name[0].upper()}D{person.number}"
            if role == "decedent"
            else f"{name[0].upper()}{self.numbers}"
        )
        forename, surname = self._names(person, source, turn)
        there = {
            what: rng.random() > (1 - share) * self.noise for what, share in source.there.items()
        }
        home = (
            person.later_home if turn and person.later_home and rng.random() < 0.5 else person.home
        )
        return (
            name,
            case,
            role,
            forename
            + (f" {person.middle}" if there["middle"] and forename not in ("", "Unknown") else ""),
            surname,
            self._born(person, source) if there["dob"] or not person.spoilt else "",
            {"male": "M", "female": "F"}[person.sex if rng.random() > 0.003 else "male"]
            if there["sex"]
            else "",
            self._postcode(home[1]) if there["postcode"] else "",
            home[0] if there["place"] else "",
            self._number(person.nhs) if there["number"] else "",
            str(rng.choice(person.phones)) if there["phone"] else "",
            self._died(person) if role == "decedent" else "",
        )

    def _names(self, person: _Person, source: Source, turn: int) -> tuple[str, str]:
        rng = self.rng
        wrong = {what: share * self.noise for what, share in source.wrong.items()}
        forename, surname = person.forename, person.surname
        if not person.spoilt:
            return forename, surname
        short = _lists()["short_forms"].get(forename)
        if short and rng.random() < 2.5 * wrong["short"]:  # of those who have one
            forename = self._pick(short, 0.4)
        elif rng.random() < wrong["initial"]:
            forename = forename[0]
        elif rng.random() < 0.005 * self.noise:
            forename = person.middle
        if turn and person.later_surname and rng.random() < 0.5:
            surname = person.later_surname
        if "-" in surname and rng.random() < 0.4:
            surname = surname.split("-")[int(rng.integers(2))]
        forename = self._typo(forename) if rng.random() < wrong["typo"] else forename
        surname = self._typo(surname) if rng.random() < 1.2 * wrong["typo"] else surname
        if rng.random() < 0.003 * self.noise:
            return str(rng.choice(["", "Unknown"])), surname
        return (surname, forename) if rng.random() < wrong["swapped"] else (forename, surname)

    def _typo(self, text: str) -> str:
        """One slip: a neighbouring key, a letter left out, doubled, or two exchanged."""
        if len(text) < 3:
            return text
        k = int(self.rng.integers(1, len(text) - 1))
        kind = int(self.rng.integers(4))
        if kind == 0:
            row = next((r for r in _KEYS if text[k].lower() in r), "e")
            return text[:k] + row[(row.find(text[k].lower()) + 1) % len(row)] + text[k + 1 :]
        if kind == 1:
            return text[:k] + text[k + 1 :]
        if kind == 2:
            return text[:k] + text[k] + text[k:]
        return text[:k] + text[k + 1] + text[k] + text[k + 2 :]

    def _born(self, person: _Person, source: Source) -> str:
        rng, born = self.rng, person.born
        if not person.spoilt:
            return born.isoformat()
        if rng.random() < source.wrong["year_only"] * self.noise:
            return f"{born.year}"
        chance = rng.random() / self.noise
        if chance < 0.015 and born.day <= 12:
            born = date(born.year, born.day, born.month)
        elif chance < 0.025:
            born = date(
                born.year + int(rng.choice([-10, -1, 1, 10])), born.month, min(born.day, 28)
            )
        elif chance < 0.045:
            born = date(born.year, born.month, 1 + int(rng.integers(28)))
        elif chance < 0.055:
            return "1900-01-01"
        return born.isoformat()

    def _postcode(self, code: str) -> str:
        chance = self.rng.random() / self.noise
        if chance < 0.015:
            return code[:-1] + str(self.rng.choice(list(_LETTERS)))
        return code.replace(" ", "").lower() if chance < 0.2 else code

    def _number(self, nhs: str) -> str:
        rng = self.rng
        chance = rng.random() / self.noise
        if chance < 0.01:
            k = int(rng.integers(10))
            return nhs[:k] + str((int(nhs[k]) + 1 + int(rng.integers(9))) % 10) + nhs[k + 1 :]
        if chance < 0.012:
            return self._nhs()
        return f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}" if chance < 0.3 else nhs

    def _died(self, person: _Person) -> str:
        chance = self.rng.random() / self.noise
        if person.died is None or chance < 0.03:
            return ""
        return (
            person.died + timedelta(days=int(self.rng.integers(1, 3)) if chance < 0.08 else 0)
        ).isoformat()
