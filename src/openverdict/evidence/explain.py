"""One pair in words: every variable's contribution with both values, the comparison, the rarity and the count behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openverdict.cases import dictionary
from openverdict.cases.words import counted, item_label, plain
from openverdict.evidence.contribution import Contribution
from openverdict.evidence.encode import NO_PLACE, OTHER, PRECISION_M, SEEN_ONCE, WIDTH_DAYS
from openverdict.evidence.model import CASES, FloatArray, IntArray, Model, listed_again
from openverdict.evidence.rarity import SOURCES
from openverdict.evidence.relation import LABEL, TERM
from openverdict.evidence.variables import Variable

_WHERE = {
    "type": "",
    "place": "; taken at the higher rate among the nearest deaths",
    "time": "; taken at the higher rate in the same fortnight",
    "unit": "; taken at the higher rate in the same unit's records",
}


@dataclass(frozen=True)
class _Part:
    """What the parts of one variable need: the case numbers, earlier first, and the log10 ratio already summed."""

    i: int
    j: int
    log10_lr: float


def contributions(model: Model, i: int, j: int) -> tuple[Contribution, ...]:
    """Every variable's contribution for the cases numbered i and j, in the model's order; they add up to the ratio."""
    if i > j:
        i, j = j, i
    terms = model.terms(np.array([i]), np.array([j]))
    say = {
        "gap": _gap,
        "distance": _distance,
        "number": _age,
        "spot": _spot,
        "keys": _keys,
        "mention": _mention,
    }
    parts = [
        say.get(v.kernel, _coded)(model, v, _Part(i, j, float(terms[v.name][0])))
        for v in model.variables
    ]
    apart = float(model.ratio(model.summed(terms))[0]) - sum(part.log10_lr for part in parts)
    return (*parts, _what_a_pair_can_show(model, apart))


def _what_a_pair_can_show(model: Model, log10_lr: float) -> Contribution:
    relation = model.prepared.relation
    said = [
        f"of two deaths of one series {relation.copied * 100:.0f} in 100 are taken to be copied one from the other",
        f"one unrelated pair in {1 / relation.alike:,.0f} is taken to be alike for a reason that no record holds",
    ]
    return Contribution(
        variable=TERM,
        label=LABEL,
        log10_lr=log10_lr,
        earlier=None,
        later=None,
        comparison="; ".join(said),
        kernel=None,
        rarity=None,
        count=None,
        of=None,
        theta=relation.copied,
        weight=1.0,
    )


def _make(v: Variable, part: _Part, **given: object) -> Contribution:
    base: dict[str, object] = {
        "variable": v.name,
        "label": v.label,
        "log10_lr": part.log10_lr,
        "earlier": None,
        "later": None,
        "comparison": "not comparable: not recorded in both",
        "kernel": None,
        "rarity": None,
        "count": None,
        "of": None,
        "theta": v.theta,
        "weight": v.weight,
    }
    return Contribution(**{**base, **given})  # type: ignore[arg-type]


def _day(model: Model, c: int) -> str:
    day = np.datetime64(int(model.slots.day[c]), "D")
    width = WIDTH_DAYS[model.slots.width[c]]
    return f"{day}" if width <= 1 else f"{day}, within {width:g} days"


def _gap(model: Model, v: Variable, part: _Part) -> Contribution:
    pair = np.array([part.i]), np.array([part.j])
    days = int(model.gap_days(*pair)[0])
    day = model.slots.day.astype(np.int64)
    as_soon = int((np.abs(day - day[part.i]) <= days).sum()) - 1
    surge = float(model.around.surge[part.j])
    return _make(
        v,
        part,
        earlier=_day(model, part.i),
        later=_day(model, part.j),
        comparison="the same day" if days == 0 else f"{days:,} day{'s' * (days != 1)} apart",
        kernel=float(np.exp2(model.log2_gap(*pair)[0])),
        rarity=float(np.exp2(model.around.log2_time[part.j])),
        count=as_soon,
        of=model.n - 1,
        note=f"{as_soon:,} of {counted(model.n - 1, 'other case')} fell as close in time to the earlier one"
        + (f"; a local surge makes this {surge:.1f} times as common" if surge > 1.05 else ""),
    )


def _metres(metres: float) -> str:
    return f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.1f} km"


def _distance(model: Model, v: Variable, part: _Part) -> Contribution:
    slots = model.slots
    words = [
        None
        if slots.precision[c] == NO_PLACE
        else f"known to {_metres(PRECISION_M[slots.precision[c]])} or better"
        for c in (part.i, part.j)
    ]
    if None in words:
        return _make(v, part, earlier=words[0], later=words[1])
    pair = np.array([part.i]), np.array([part.j])
    metres = float(model.metres(*pair)[0])
    others, as_near = model.as_near(part.i, part.j)
    return _make(
        v,
        part,
        earlier=words[0],
        later=words[1],
        comparison="the same point" if metres < 5 else f"{_metres(metres)} apart",
        kernel=float(np.exp2(model.log2_place(*pair)[0])),
        rarity=float(np.exp2(model.around.log2_place[part.j])),
        count=as_near,
        of=others,
        note=f"{as_near:,} of {counted(others, 'other case')} with a place lie as near to the earlier one",
    )


def _age(model: Model, v: Variable, part: _Part) -> Contribution:
    age = model.content.age
    words = [f"{age[c]}" if age[c] >= 0 else None for c in (part.i, part.j)]
    if None in words:
        return _make(v, part, earlier=words[0], later=words[1])
    apart = abs(int(age[part.i]) - int(age[part.j]))
    known = age >= 0
    close = int((known & (np.abs(age.astype(int) - age[part.i]) <= apart)).sum()) - 1
    return _make(
        v,
        part,
        earlier=words[0],
        later=words[1],
        comparison="the same age" if apart == 0 else f"{apart} year{'s' * (apart != 1)} apart",
        kernel=float(np.exp2(model.log2_age_kernel[apart])),
        rarity=float(np.exp2(model.learned.log2_age[part.j])),
        count=close,
        of=int(known.sum()) - 1,
        note=f"{close:,} of {int(known.sum()) - 1:,} others are as close in age to the earlier one",
    )


def _spot(model: Model, v: Variable, part: _Part) -> Contribution:
    slots = model.slots
    words = [
        plain(slots.spot_names[s]) if (s := slots.spot[c]) >= 0 else None for c in (part.i, part.j)
    ]
    alike = slots.spot[part.i] == slots.spot[part.j]
    no = (
        "the same words, but not one spot: too far apart or too many"
        if alike
        else "different spots"
    )
    return _shared(model, v, part, words, "the same spot", no, slots.spot_names)


def _keys(model: Model, v: Variable, part: _Part) -> Contribution:
    keys = model.content.keys[v.name]
    held = [keys.index[keys.start[c] : keys.start[c + 1]] for c in (part.i, part.j)]
    words = ["; ".join(keys.names[k] for k in mine) or None for mine in held]
    alike = np.intersect1d(held[0], held[1]).size > 0
    no = "in common only what stands in too many cases" if alike else "none in common"
    return _shared(model, v, part, words, "the same key in both", no, keys.names)


def _mention(model: Model, v: Variable, part: _Part) -> Contribution:
    pairs = {(int(a), int(b)) for a, b in model.content.mentions}
    names = model.prepared.case_ids
    words = [
        f"names {names[other]}" if (c, other) in pairs else None
        for c, other in ((part.i, part.j), (part.j, part.i))
    ]
    if words != [None, None]:
        words = [word or "does not name the other" for word in words]
    return _shared(model, v, part, words, "one names the other", "neither names the other", ())


def _shared(
    model: Model,
    v: Variable,
    part: _Part,
    words: list[str | None],
    yes: str,
    no: str,
    names: tuple[str, ...],
) -> Contribution:
    at, hit = model.find_sparse(v.name, np.array([part.i]), np.array([part.j]))
    if not hit[0]:
        both = None not in words
        given = {"comparison": no} if both else {}
        return _make(v, part, earlier=words[0], later=words[1], **given)
    sparse = model.sparse[v.name]
    k = int(at[0])
    count = int(sparse.count[k])
    shared = names[int(sparse.key[k])] if names else ""
    shared = plain(shared) if v.kernel == "spot" else shared
    of_pairs = f"in {count:,} pair{'s' * (count != 1)} of the register one case names the other"
    note = f"{shared} stands in {counted(count, 'case')}" if shared else of_pairs
    return _make(
        v,
        part,
        earlier=words[0],
        later=words[1],
        comparison=yes,
        kernel=1.0,
        rarity=float(sparse.p[k]),
        count=count,
        of=model.n,
        note=note,
    )


def _coded(model: Model, v: Variable, part: _Part) -> Contribution:
    content, learned = model.content, model.learned
    number = content.coded.index(v)
    listed = [_values(model, number, c) for c in (part.i, part.j)]
    words = [None if value is None else ", ".join(value) for value in listed]
    if None in words and part.log10_lr == 0.0:
        return _make(v, part, earlier=words[0], later=words[1])
    near = bool(model.are_near(np.array([part.i]), np.array([part.j]))[0])
    both = model.bit_terms.both_near if near else model.bit_terms.both
    rarity = model.near if near else model.own.p
    shared = []
    for e in range(learned.start[part.j], learned.start[part.j + 1]):
        d = int(learned.bit[e])
        bit = content.bit_list[d]
        if bit.variable == number and content.bits[part.i, d] and not bit.negative:
            shared.append((float(both[e]), e, d))
    values = {content.bit_list[d].value for _, _, d in shared}
    if values <= {SEEN_ONCE, OTHER}:
        no = "two others need not be alike" if OTHER in values else "nothing in common"
        return _make(v, part, earlier=words[0], later=words[1], comparison=no)
    _, e, d = max(shared)
    named = ", ".join(
        _spoken(v, content.bit_list[d].value) for _, _, d in sorted(shared, reverse=True)
    )
    others, of = int(learned.count[d]) - 1, int(learned.of[d]) - 1
    return _make(
        v,
        part,
        earlier=words[0],
        later=words[1],
        comparison="the same" if v.kernel == "code" else f"both name {named}",
        kernel=1.0
        if v.kernel != "items"
        else float(listed_again(v.reporting, model.own.p[e : e + 1])[0]),
        rarity=float(rarity[e]),
        count=others,
        of=of,
        note=f"{_spoken(v, content.bit_list[d].value)}: {others:,} of {counted(of, 'other case')} where it is recorded"
        + (_near_words(model, e, d) if near else _WHERE[SOURCES[model.own.source[e]]]),
    )


def _near_words(model: Model, e: int, d: int) -> str:
    """What one address does to the rarity of a value."""
    if model.near[e] > model.own.p[e]:
        return "; taken at the higher rate among deaths at one address"
    return _WHERE[SOURCES[model.own.source[e]]]


def _spoken(v: Variable, value: str) -> str:
    """A coded value as words."""
    return item_label(dictionary()[v.fields[0]], value)


def _values(model: Model, number: int, c: int) -> list[str] | None:
    content = model.content
    found = [
        ("not detected: " if bit.negative else "") + _spoken(content.coded[number], bit.value)
        for d, bit in enumerate(content.bit_list)
        if bit.variable == number and content.bits[c, d]
    ]
    if not found and not content.recorded[c, number]:
        return None
    return found or ["none"]


def similar_sentence(model: Model, i: int, j: int) -> str:
    """Where the pair stands among all others of the earlier case: as similar, as near, as soon, and all at once."""
    i, j = min(i, j), max(i, j)
    alike_now, near_now, soon_now, rest = _at_least_as_close(model, i, j)
    names = model.prepared.case_ids
    verb = "is" if alike_now == 1 else "are"
    parts = [f"{alike_now:,} {verb} at least as similar to {names[i]} as {names[j]} is"]
    if model.slots.placed[i] and model.slots.placed[j]:
        parts.append(f"{near_now:,} {'lies' if near_now == 1 else 'lie'} as near")
    parts.append(f"{soon_now:,} fell as soon")
    end = f"{names[j]} alone" if rest == 0 else f"{names[j]} and {rest:,} more"
    return f"Of the {model.n - 2:,} cases beside the two, {'; '.join(parts)}; all of these at once: {end}."


def _at_least_as_close(model: Model, i: int, j: int) -> tuple[int, int, int, int]:
    """Of all cases but i and j: how many are as similar to i as j is, as near, as soon, and all of these at once.

    Where i or j has no place, every case counts as near.
    """
    places = bool(model.slots.placed[i] and model.slots.placed[j])

    def close(others: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
        a, b = np.minimum(others, i), np.maximum(others, i)
        terms = model.terms(a, b, ("gap", "distance", "spot"))
        metres = np.where(model.slots.placed[others], model.metres(a, b), np.inf)
        return np.sum(list(terms.values()), axis=0), metres, model.gap_days(a, b)

    alike, metres, days = (float(figure[0]) for figure in close(np.array([j])))
    counts = np.zeros(4, dtype=np.int64)
    for first in range(0, model.n, CASES):
        others = np.arange(first, min(first + CASES, model.n))
        others = others[(others != i) & (others != j)]
        found = close(others)
        as_alike = found[0] >= alike - 1e-9
        as_near = found[1] <= metres if places else np.ones(len(others), dtype=bool)
        as_soon = found[2] <= days
        counts += [f.sum() for f in (as_alike, as_near, as_soon, as_alike & as_near & as_soon)]
    as_similar, near, soon, all_at_once = counts.tolist()
    return as_similar, near, soon, all_at_once
