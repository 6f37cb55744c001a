"""The ratio of an earlier case and a new one, worked out pair by pair from the cells of the registers by plain loops.

Taken from what is tested elsewhere: when and where of a case as numbers, the kernels' formulas, how places gather, and the
types of death with their counts. Everything else is written again here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from openverdict.cases import Register, indicators
from openverdict.evidence import Prepared
from openverdict.evidence.encode import PRECISION_M, encode_slots, routinely_screened
from openverdict.evidence.model import age_kernel
from openverdict.evidence.surroundings import (
    GATHER_M,
    distance_bin,
    distance_bins,
    gap_kernel,
    place_kernel,
)
from openverdict.evidence.types import AGE_EDGES

PARTNERS, SOON = 3.0, 1.0
FIRST = ("place_kind", "sex", "age", "position")


def sixteenth(log2: float) -> float:
    return float(np.rint(log2 * 16) / 16)


def level(p: float, n: int) -> float:
    return float(2 ** sixteenth(np.log2(min(max(p, 0.5 / (n + 1)), 1.0))))


class Oracle:
    """Terms of (earlier, new) pairs; rows of the register first, then new cases in their order."""

    def __init__(self, register: Register, prepared: Prepared, new: Register) -> None:
        self.n = len(register)
        self.p = prepared
        self.rows = register.table.to_dicts() + new.table.to_dicts()
        old, late = encode_slots(register), encode_slots(new)
        self.day = [*old.day.tolist(), *late.day.tolist()]
        self.width = [*old.width.tolist(), *late.width.tolist()]
        self.xyz = np.concatenate([old.xyz_m, late.xyz_m]).astype(float)
        self.precision = [*old.precision.tolist(), *late.precision.tolist()]
        self.gap = {
            v.name: gap_kernel(v.mixture, 4096) for v in prepared.variables if v.kernel == "gap"
        }
        place = next(v for v in prepared.variables if v.kernel == "distance")
        self.place = np.log2(np.maximum(place_kernel(place.mixture), 1e-30))
        self.known_bits = {
            (b.variable, b.value, b.negative): d
            for d, b in enumerate(prepared.learned.content.bit_list)
        }

    def cell(self, k: int, field: str) -> Any:
        return self.rows[k][field]

    def placed(self, k: int) -> bool:
        return self.rows[k]["found_lat"] is not None

    def metres(self, i: int, j: int) -> float:
        return float(np.sqrt(((self.xyz[i] - self.xyz[j]) ** 2).sum()))

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def neighbours(self, j: int) -> list[int]:
        if not self.placed(j):
            return []
        others = [i for i in range(self.n) if self.placed(i)]
        return sorted(others, key=lambda i: (self.metres(i, j), i))[:60]

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def soon(self, j: int) -> list[int]:
        return [i for i in range(self.n) if abs(self.day[i] - self.day[j]) <= 7]

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def kind(self, j: int) -> list[int] | None:
        """The known places of the case's kind, where there are enough."""
        kind = self.cell(j, "found_place_kind")
        same = [
            i for i in range(self.n) if self.placed(i) and self.cell(i, "found_place_kind") == kind
        ]
        enough = kind is not None and self.placed(j) and len(same) >= 30
        return same if enough else None

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def log2_time(self, j: int) -> float:
        first, last = min(self.day[: self.n]), max(self.day[: self.n])
        day = min(max(self.day[j], first), last)

        def weight(other: int) -> float:
            return (
                float(np.exp(-0.5 * ((day - other) / 30.0) ** 2))
                if abs(day - other) <= 120
                else 0.0
            )

        inside = sum(weight(d) for d in range(max(first, day - 120), last + 1))
        density = sum(weight(d) for d in self.day[: self.n]) / inside / self.n
        density = max(density, 0.5 / (last - first + 1))
        near = self.neighbours(j)
        seen = sum(abs(self.day[i] - self.day[j]) <= 7 for i in near)
        expected = len(near) * len(self.soon(j)) / self.n
        surge = max((max(seen - SOON, 0.0) + 1.0) / (expected + 1.0), 1.0)
        return sixteenth(np.log2(density) + np.log2(surge))

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def log2_place(self, j: int) -> float:
        same = self.kind(j)
        of = same if same is not None else [i for i in range(self.n) if self.placed(i)]
        fine = [i for i in of if PRECISION_M[self.precision[i]] <= 100.0]
        left_out = PARTNERS
        if len(fine) >= 2:
            company = sum(self.metres(a, b) <= 100.0 for a in fine for b in fine) / len(fine) - 1
            left_out = PARTNERS / (1 + company)
        radius = max(self.p.around.radius_m, 5000.0)
        scales = [50.0]
        while scales[-1] * 3.2 < radius:
            scales.append(scales[-1] * 3.2)
        density = 1 / (np.pi * radius**2)
        for scale in reversed(scales):
            if scale < PRECISION_M[self.precision[j]]:
                continue
            counted = sum(self.metres(i, j) <= scale for i in of)
            expected = density * len(of) * np.pi * scale**2
            kept = max(counted - left_out, min(counted, expected))
            density *= (max(kept, 0.0) + 2.0) / (expected + 2.0)
        return sixteenth(np.log2(density))

    def distance(self, v: Any, i: int, j: int) -> float:
        if not (self.placed(i) and self.placed(j)):
            return 0.0
        kind = self.cell(j, "found_place_kind")
        names = list(self.p.slots.kind_names)
        row = self.p.around.gathering[names.index(kind) if kind in names else -1]
        log2 = self.place[self.precision[i], self.precision[j]].copy()
        for b, metres in enumerate(distance_bins()):
            log2[b] -= sixteenth(np.log2(row[np.searchsorted(GATHER_M, metres)]))
        log2[-1] = -100.0
        log2 = np.minimum.accumulate(log2)
        at = log2[int(distance_bin(np.array([self.metres(i, j)]))[0])]
        return float(v.log10_lr(2 ** (at - self.log2_place(j))))

    def values(self, k: int, v: Any) -> list[str] | None:
        cell = self.cell(k, v.fields[0])
        if cell is None:
            return None
        found = list(cell) if isinstance(cell, list) else [cell]
        if v.vocabulary_direction:
            wanted = {n for n, i in indicators().items() if v.vocabulary_direction in i.directions}
            found = [x for x in found if x in wanted]
        return found

    def absent(self, k: int, v: Any) -> list[str]:
        known = {value for (w, value, _) in self.known_bits if self.coded()[w] is v}
        cell = self.cell(k, v.negative) if v.negative else None
        return [x for x in cell or [] if x in known]

    def coded(self) -> list[Any]:
        return [v for v in self.p.variables if v.kernel in ("code", "items")]

    def chain(self, j: int) -> tuple[dict[tuple[int, str], float], float]:
        """P(value | the values before it) for each own value, and the log2 density of the age."""
        t, rates = self.p.types, self.p.types.rates
        bits = self.p.learned.content.bit_list
        left_out = min(PARTNERS, self.n / 1000.0)
        posterior_full = self.posterior(j)
        coded = self.coded()
        names = [v.name for v in coded]
        order = [x for x in FIRST if x in (*names, "age")] + [x for x in names if x not in FIRST]
        now = t.share.copy()
        base: dict[tuple[int, str], float] = {}
        density = 1.0
        for name in order:
            if name == "age":
                age = self.cell(j, "age_years")
                if age is None:
                    continue
                a = min(int(age), 127)
                width = np.exp(-0.5 * ((np.arange(128)[:, None] - np.arange(128)) / 3.0) ** 2)
                width /= width.sum(1, keepdims=True)
                same = width[64, 64:68].mean()
                overall = (max(rates.aged[:, a].sum() - left_out * same, 0) + 0.01) / (
                    rates.aged.sum() + 1.28
                )
                held = np.maximum(rates.aged[:, a] - left_out * posterior_full * same, 0)
                of = np.maximum(rates.aged.sum(1) - left_out * posterior_full, 0)
                rate = 0.9 * (held + 20 * overall) / (of + 20) + 0.1 * overall
                density = float(now @ rate)
                now = now * rate / (now @ rate)
                continue
            w = names.index(name)
            v = coded[w]
            mine = self.values(j, v)
            if mine is None:
                continue
            single = v.kernel == "code"
            if single and (w, mine[0], False) not in self.known_bits:
                mine = ["(seen once)"]
            for d, b in enumerate(bits):
                if b.variable != w or b.negative:
                    continue
                overall = (max(rates.total[d] - left_out, 0) + 0.5) / (rates.of[d] + 1)
                held = np.maximum(rates.held[:, d] - left_out * posterior_full, 0)
                seen = np.maximum(rates.seen[:, d] - left_out * posterior_full, held)
                rate = np.clip(0.9 * (held + 4 * overall) / (seen + 4) + 0.1 * overall, 1e-7, 1)
                if b.value in mine:
                    base[w, b.value] = float(now @ rate)
                    told = rate
                elif single:
                    continue
                else:
                    told = 1 - np.clip(
                        (rates.held[:, d] + 4 * (rates.total[d] + 0.5) / (rates.of[d] + 1))
                        / (rates.seen[:, d] + 4),
                        1e-7,
                        1,
                    )
                now = now * told / (now @ told)
        return base, sixteenth(np.log2(density))

    @cache  # noqa: B019 (an oracle lives as long as its test)
    def posterior(self, j: int) -> np.ndarray:
        t, bits, coded = self.p.types, self.p.learned.content.bit_list, self.coded()
        log = np.log(t.share)
        band = 0
        for f, d in enumerate(t.bit.tolist()):
            if d < 0:
                age = self.cell(j, "age_years")
                here = age is not None and np.searchsorted(AGE_EDGES, int(age), "right") == band
                log = log + (np.log(t.rate[:, f]) if here else 0.0)
                band += 1
                continue
            v = coded[bits[d].variable]
            mine = self.values(j, v)
            if mine is None:
                continue
            if bits[d].value in mine:
                log = log + np.log(t.rate[:, f])
            elif v.kernel == "items":
                log = log + np.log1p(-t.rate[:, f])
        weight = np.exp(log - log.max())
        return np.asarray(weight / weight.sum())

    def rarity(self, j: int, w: int, value: str, base: float) -> float:
        """Rarity of an own value far from anything."""
        v = self.coded()[w]
        if v.of_place and self.kind(j) is not None:
            return level(base, self.n)
        unit = self.cell(j, "unit")
        same_unit = [i for i in range(self.n) if unit is not None and self.cell(i, "unit") == unit]
        found = [base]
        groups = ((self.neighbours(j), PARTNERS), (self.soon(j), SOON), (same_unit, PARTNERS))
        for rows, left_out in groups:
            of = [i for i in rows if self.values(i, v) is not None]
            c = sum(value in (self.values(i, v) or []) for i in of)
            found.append((max(c - left_out, 0.0) + 20 * base) / (len(of) + 20))
        return level(max(found), self.n)

    def near_rarity(self, j: int, w: int, value: str, p: float) -> float:
        """Rarity among the register's near pairs at places of the case's kind."""
        v = self.coded()[w]
        mine = self.cell(j, "found_place_kind") if self.kind(j) is not None else None
        if v.of_place and mine is not None:
            return p
        both, of = self.near_counts(w, value, mine)
        rare = (max(both - 6.0, 0.0) + 5 * p) / (of + 5)
        return float(2 ** sixteenth(np.log2(min(max(rare, p), 1.0))))

    @cache  # noqa: B019
    def near_counts(self, w: int, value: str, mine: str | None) -> tuple[int, int]:
        """Sides of near pairs whose other side holds the value: how many hold it too, and how many record the variable."""
        v = self.coded()[w]
        both = of = 0
        near = zip(self.p.around.near_i.tolist(), self.p.around.near_j.tolist(), strict=True)
        for pair in near:
            for a, b in (pair, pair[::-1]):
                kind = self.cell(b, "found_place_kind") if self.kind_known(b) else None
                if (kind == mine or v.of_place) and value in (self.values(a, v) or []):
                    of += self.values(b, v) is not None
                    both += value in (self.values(b, v) or [])
        return both, of

    def kind_known(self, k: int) -> bool:
        return bool(self.p.around.of_kind[k])

    def near(self, i: int, j: int) -> bool:
        fine = all(self.placed(k) and PRECISION_M[self.precision[k]] <= 300.0 for k in (i, j))
        return fine and self.metres(i, j) <= 150.0

    def own(self, j: int) -> dict[tuple[int, str], tuple[float, float]]:
        base, _ = self.chain(j)
        result = {}
        for (w, value), b in base.items():
            p = self.rarity(j, w, value, b)
            result[w, value] = (p, self.near_rarity(j, w, value, p))
        return result

    def code(self, w: int, v: Any, i: int, j: int, own: dict[Any, Any]) -> float:
        a, b = self.values(i, v), self.values(j, v)
        if a is None or b is None:
            return 0.0
        known = (w, b[0], False) in self.known_bits
        if not known or a[0] != b[0] or (i >= self.n and (w, a[0], False) not in self.known_bits):
            return float(np.log10(1 - v.theta))
        if b[0] == "other":
            return 0.0
        p = own[w, b[0]][self.near(i, j)]
        return float(np.log10(1 - v.theta + v.theta / p))

    def items(self, w: int, v: Any, i: int, j: int, own: dict[Any, Any]) -> float:
        a, b = self.values(i, v), self.values(j, v)
        total = 0.0

        def lack(x: str) -> float:
            if v.fields[0] == "substances_detected" and not routinely_screened(x):
                return 0.0
            return float(np.log10(1 - v.theta * v.reporting))

        def against(x: str) -> float:
            return float(np.log10(1 - v.theta)) - lack(x)

        for x in b or []:
            known = (w, x, False) in self.known_bits
            if a is not None:
                if x in a and known:
                    p = own[w, x][self.near(i, j)]
                    k = v.reporting + (1 - v.reporting) * p
                    both = float(np.log10(1 - v.theta + v.theta * k / p))
                    total += 0.0 if x == "other" else max(both, lack(x))
                else:
                    total += lack(x)
            if known and x in self.absent(i, v):
                total += against(x)
        for x in self.absent(j, v):
            if a is not None and x in a:
                total += against(x)
        for x in a or []:
            shared_unknown = (w, x, False) not in self.known_bits and x in (b or [])
            if b is not None and x not in b and not shared_unknown:
                total += lack(x)
        return total

    def keys_of(self, k: int, v: Any) -> dict[str, str]:
        """Key to its role; a key in two roles keeps the more frequent one."""
        roles = list(self.p.learned.content.keys[v.name].roles)
        found: dict[str, str] = {}
        for text in self.cell(k, v.fields[0]) or []:
            role, _, key = text.partition(":")
            rank = roles.index(role) if role in roles else -1
            if key not in found or rank > (roles.index(found[key]) if found[key] in roles else -1):
                found[key] = role
        return found

    def holders(self, v: Any) -> dict[str, int]:
        count: dict[str, int] = {}
        for i in range(self.n):
            for key in self.keys_of(i, v):
                count[key] = count.get(key, 0) + 1
        return count

    def band(self, i: int, j: int) -> int:
        if not (self.placed(i) and self.placed(j)):
            return 5
        return int(
            np.searchsorted((100.0, 300.0, 1000.0, 3000.0, 10_000.0), self.metres(i, j), "right")
        )

    def sharing(self, v: Any, count: dict[str, int], most: float) -> np.ndarray:
        """How often a pair of the register shares a key, by role (-1: unknown) and band."""
        roles = list(self.p.learned.content.keys[v.name].roles)
        shared = np.zeros((len(roles) + 1, 6))
        keys = [self.keys_of(i, v) for i in range(self.n)]
        for i in range(self.n):
            for j in range(i + 1, self.n):
                for key in keys[i].keys() & keys[j].keys():
                    if count[key] <= most:
                        r = max(roles.index(keys[i][key]), roles.index(keys[j][key]))
                        shared[r, self.band(i, j)] += 1
        says = sum(any(count[key] <= most for key in k) for k in keys) / self.n
        pairs = self.p.around.pairs_in_band * says**2
        rate = (shared.sum(1) + 0.5) / (max(pairs.sum(), 1.0) + 1)
        table = np.zeros_like(shared)
        for b in reversed(range(6)):
            rate = (shared[:, b] + 20 * rate) / (pairs[b] + 20)
            table[:, b] = rate
        return table

    def key(self, v: Any, i: int, j: int) -> float:
        if v.name not in self.__dict__:
            count = self.holders(v)
            most = max(50, 0.02 * self.n)
            self.__dict__[v.name] = (count, most, self.sharing(v, count, most))
        count, most, table = self.__dict__[v.name]
        roles = list(self.p.learned.content.keys[v.name].roles)
        a, b = self.keys_of(i, v), self.keys_of(j, v)
        near = [self.keys_of(k, v) for k in self.neighbours(j)]
        rare = []
        for key in a.keys() & b.keys():
            if count.get(key, 0) > most:
                continue
            p = (max(count.get(key, 0) - PARTNERS, 0.0) + 0.5) / (self.n + 1)
            local = max(sum(key in k for k in near) - PARTNERS, 0.0) + 20 * p
            p = max(p, local / (sum(len(k) > 0 for k in near) + 20))
            role = max(roles.index(r) if r in roles else -1 for r in (a[key], b[key]))
            rare.append(level(max(p, table[role, self.band(i, j)]), self.n))
        if rare:
            return float(v.log10_lr(1 / min(rare)))
        says = all(any(count.get(key, 0) <= most for key in k) for k in (a, b))
        return float(v.log10_lr(0.0)) if says else 0.0

    def spot(self, v: Any, i: int, j: int) -> float:
        a, b = self.cell(i, "micro_place"), self.cell(j, "micro_place")
        if a is None or b is None:
            return 0.0
        both = self.placed(i) and self.placed(j)
        reach = 300.0 + sum(PRECISION_M[self.precision[k]] for k in (i, j) if self.placed(k))
        if a != b or (both and self.metres(i, j) > reach):
            return float(v.log10_lr(0.0))
        spots = [self.cell(k, "micro_place") for k in range(self.n)]
        near = [spots[k] for k in self.neighbours(j) if spots[k] is not None]
        local = (max(sum(s == b for s in near) - PARTNERS, 0.0) + 0.5) / (len(near) + 5)
        labelled = sum(s is not None for s in spots)
        overall = (max(spots.count(b) - PARTNERS, 0.0) + 0.5) / (labelled + 1)
        return float(v.log10_lr(1 / level(max(local, 0.1) if both else overall, self.n)))

    def mention(self, v: Any, i: int, j: int) -> float:
        names = [
            self.cell(b, "case_id") in (self.cell(a, "mentions_cases") or [])
            for a, b in ((i, j), (j, i))
        ]
        ids = {row["case_id"]: k for k, row in enumerate(self.rows[: self.n])}
        pairs = {
            tuple(sorted((k, ids[x])))
            for k in range(self.n)
            for x in self.cell(k, "mentions_cases") or []
            if x in ids and ids[x] != k
        }
        p = (len(pairs) + 0.5) / (self.n * (self.n - 1) / 2 + 1)
        return float(v.log10_lr(1 / level_free(p, self.n))) if any(names) else 0.0

    def terms(self, j: int, earlier: list[int]) -> dict[str, np.ndarray]:
        """Every variable's term of the pairs (earlier, j)."""
        own = self.own(j)
        log2_time, (_, log2_age) = self.log2_time(j), self.chain(j)
        result = {}
        for v in self.p.variables:
            found = []
            for i in earlier:
                if v.kernel == "gap":
                    gap = min(abs(self.day[i] - self.day[j]), 4095)
                    k = max(self.gap[v.name][self.width[i], self.width[j], gap], 1e-30)
                    found.append(float(v.log10_lr(k / 2**log2_time)))
                elif v.kernel == "distance":
                    found.append(self.distance(v, i, j))
                elif v.kernel == "number":
                    a, b = self.cell(i, "age_years"), self.cell(j, "age_years")
                    k = age_kernel(v.mixture)
                    known = a is not None and b is not None
                    apart = abs(int(a) - int(b)) if known else 0
                    found.append(float(v.log10_lr(k[apart] / 2**log2_age)) if known else 0.0)
                elif v.kernel == "keys":
                    found.append(self.key(v, i, j))
                elif v.kernel == "spot":
                    found.append(self.spot(v, i, j))
                elif v.kernel == "mention":
                    found.append(self.mention(v, i, j))
                else:
                    w = self.coded().index(v)
                    one = self.code if v.kernel == "code" else self.items
                    found.append(one(w, v, i, j, own))
            result[v.name] = np.array(found)
        return result


def level_free(p: float, n: int) -> float:
    """A rarity that is not rounded."""
    return min(max(p, 0.5 / (n + 1)), 1.0)
