"""The main job: a register goes in, ranked leads with reasons and chance rates come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from openverdict.cases import REJECTS_SCHEMA, Register
from openverdict.errors import InputError
from openverdict.evidence import Model, load_variables, model_hash, prepare
from openverdict.evidence.consistency import retuned
from openverdict.evidence.explain import contributions, similar_sentence
from openverdict.evidence.interval import Intervals, PairIntervals
from openverdict.evidence.known import read_known_series
from openverdict.evidence.weights import Taught, learn
from openverdict.leads.assess import Assessor
from openverdict.leads.clock import Clock, Progress, quiet
from openverdict.leads.describe import Describer
from openverdict.leads.links import Links, no_links
from openverdict.leads.rates import by_rate, chance_summary, group_summary, measured, rate_of
from openverdict.leads.replay import Replays
from openverdict.leads.results import Lead, Link, Review, Triage
from openverdict.leads.setup import (
    CASE_LEVEL,
    IN_FULL_CASES,
    LEAD_BAR,
    LEAST_IN_FULL,
    MODEL_VERSION,
    MOST_IN_FULL,
    SHUFFLED_TO_DRAWN,
    STRONGEST,
    Settings,
    effective_years,
    ledger_floor,
)
from openverdict.leads.taught import taught_summary
from openverdict.leads.triage import triage
from openverdict.linkage import (
    Executor,
    Ledger,
    Local,
    Share,
    all_pairs,
    compile_slots,
    compile_tables,
    engine,
    from_units,
    give_back,
    to_units,
)
from openverdict.series import (
    ONE_DEATH_IN,
    Chance,
    Series,
    branching,
    by_key,
    exact,
    grow,
    measure_chance,
    price,
    set_aside,
)

IntArray = npt.NDArray[np.int64]


def review(
    register: Register,
    settings: Settings | None = None,
    *,
    rejects: pl.DataFrame | None = None,
    sources: Sequence[dict[str, Any]] = (),
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Review:
    """Triage, link, grow series, measure chance and rank.

    `rejects`, `sources` and `notes` come from intake and are carried into the result. `progress(step, share)` is called
    as steps begin, go on and end. The same register, settings and seed give the same result.

    Raises:
        InputError: a watched case is not in the register, or a setting is out of range.
        MissingPartError, EngineError: the engine is not installed, could not be started, or gave up.
    """
    settings = settings or Settings()
    if not settings.budget >= 0 or settings.replicates < 0 or settings.seed < 0:
        raise InputError("budget, null registers and seed must not be negative; give 0 or more")
    if settings.floor is not None and not np.isfinite(settings.floor):
        raise InputError("the floor of the ledger must be a finite log10 ratio; give for example 2")
    name, master, threads = settings.engine, settings.master, settings.threads
    with engine(name, master=master, threads=threads, work=settings.work) as executor:
        run = _Run(register, settings, Clock(progress or quiet), executor)
        return run.result(
            pl.DataFrame(schema=REJECTS_SCHEMA) if rejects is None else rejects, sources, notes
        )


def explain(register: Register, case_a: str, case_b: str) -> Link:
    """One pair in full, whatever its ratio.

    Raises:
        InputError: a case is not in the register, or both are the same.
    """
    if case_a == case_b:
        raise InputError(f"case {case_a!r} cannot be compared with itself; name two cases")
    run = _Run(register, Settings(replicates=0), Clock(quiet))
    for case in (case_a, case_b):
        if case not in run.number:
            raise InputError(f"no case {case!r} in the register; see its case_id column")
    run.prepared = prepare(register, run.variables)
    run.model = Model(run.prepared)
    run.assessor = run.assess(_no_pairs(run.n), None)
    return run.link(run.number[case_a], run.number[case_b], None, sentence=True)


class _Run:
    def __init__(
        self,
        register: Register,
        settings: Settings,
        clock: Clock,
        executor: Executor | None = None,
    ) -> None:
        self.register = register
        self.executor = executor or Local(settings.threads)
        self.settings = settings
        self.clock = clock
        self.n = len(register)
        self.floor = ledger_floor(self.n) if settings.floor is None else settings.floor
        self.variables = load_variables(settings.variables)
        self.ids, self.number = register.case_ids, register.row_of
        found = register.table.get_column("found_at")
        self.years = effective_years(found)
        self.duplicates: list[tuple[str, str]] = []
        self.shipped = self.variables
        self.taught: Taught | None = None
        self.assessor: Assessor | None = None

    def result(
        self, rejects: pl.DataFrame, sources: Sequence[dict[str, Any]], notes: Sequence[str]
    ) -> Review:
        for a, b in self.settings.watch:
            for case in (a, b):
                if case not in self.number:
                    raise InputError(f"no case {case!r} in the register to watch")
            if a == b:
                raise InputError(f"case {a!r} cannot be compared with itself; name two cases")
        chance: Chance | None = None
        series: tuple[Series, ...] = ()
        table: Links | None
        if self.n >= 2:
            self.clock.start("learn")
            self.prepared = prepare(self.register, self.variables)
            self.model = Model(self.prepared)
            self._learn_from_known_series()
            if not self.settings.replicates and self.taught is None:
                self.model.let_go()
                self.prepared = self.model.prepared
            slot_tables = compile_slots(self.model)
            tables = compile_tables(self.model, slot_tables)
            self.clock.start("pairs")
            ledger = self._pairs(tables)
            del tables
            if not self.settings.replicates:
                del slot_tables
            give_back()
            table = Links(self.model, ledger, self.ids)
            pairs = table.pairs
            self.clock.start("series")
            floor = float(self.model.sum_at(self.floor))
            link_floor = max(floor, float(np.log10(self.n)) - 2.0)
            kept = ledger.units >= to_units(link_floor)
            i, j, units = ledger.i[kept], ledger.j[kept], ledger.units[kept]
            twice = set_aside(self.model, i, j)
            self.duplicates = [(self.ids[a], self.ids[b]) for a, b in twice.pairs.tolist()]
            i, j, units = i[twice.kept], j[twice.kept], units[twice.kept]
            grown = grow(i, j, from_units(units), self.n, least=LEAD_BAR - 4.0)
            series = exact(self.model, grown)
            if self.settings.replicates:
                self.clock.start("chance")
                chance = self._chance(slot_tables, link_floor)
        else:
            ledger = _no_pairs(self.n)
            table, pairs = None, no_links(self.variables)
        if chance is not None:
            series = by_rate(series, chance)
        self.clock.start("triage")
        triaged = triage(self.register, pairs)
        self.clock.start("leads")
        bounds = None
        if table is not None and self.settings.intervals:
            self.assessor = self.assess(ledger, chance)
            bounds = table.bounds(self.assessor.intervals)
            give_back()
        leads = self._leads(series, chance, triaged, table) if self.n else ()
        watched = () if table is None else self._watched(table, chance)
        if self.settings.replay:
            self.clock.start("replay")
            leads = self._replayed(leads)
        self.clock.stop()
        summary = self._summary(ledger, chance, series, leads, rejects, sources, notes)
        self.assessor = None  # it knows this run: without it all that is large goes with the run
        give_back()
        links = pairs if table is None else table.frame(bounds)
        return Review(
            self.register, leads, links, triaged, rejects, summary, self.clock.spent, watched
        )

    def assess(self, ledger: Ledger, chance: Chance | None) -> Assessor:
        """What says how far ratios can be relied on."""
        return Assessor(
            Intervals(self.model),
            (ledger.i, ledger.j, self.model.ratio(from_units(ledger.units))),
            ledger.total,
            lambda strength, members, keyed: self._passes(strength, members, chance, keyed),
            self.settings.seed,
        )

    def _learn_from_known_series(self) -> None:
        """Consistency updated from the known series of the settings, if there are any, and weights if there are enough."""
        if self.settings.known_series is None:
            return
        known = read_known_series(self.settings.known_series)
        series = known.numbers(self.ids, replayed=self.register.known_on is not None)
        self.taught = learn(self.model, series, seed=self.settings.seed)
        self.variables = self.taught.variables
        self.model = retuned(self.model, self.variables, from_known_series=True)
        self.prepared = self.model.prepared

    def _pairs(self, tables: Any) -> Ledger:
        done, total = 0, max(self.n * (self.n - 1) // 2, 1)

        def tell(pairs: int) -> None:
            nonlocal done
            done += pairs
            self.clock.tell("pairs", Share(done, total))

        floor = int(to_units(self.model.sum_at(self.floor)))
        return all_pairs(tables, floor, executor=self.executor, progress=tell)

    def _chance(self, slot_tables: Any, link_floor: float) -> Chance:
        drawn = self.settings.replicates // SHUFFLED_TO_DRAWN
        registers = self.settings.replicates + drawn
        done, total = 0, max(self.n * (self.n - 1) // 2 * registers, 1)

        def tell(pairs: int) -> None:
            nonlocal done
            done += pairs
            self.clock.tell("chance", Share(done, total))

        kind = self.register.table.get_column("kind").fill_null("death")
        return measure_chance(
            self.prepared,
            slot_tables,
            (kind == "death").to_numpy(),
            years=self.years,
            replicates=self.settings.replicates,
            seed=self.settings.seed,
            bar=LEAD_BAR,
            link_floor=link_floor,
            drawn=drawn,
            executor=self.executor,
            progress=tell,
        )

    def _matrix(self, members: tuple[int, ...]) -> npt.NDArray[np.float64]:
        k = len(members)
        a, b = np.triu_indices(k, 1)
        m = np.array(members)
        matrix = np.full((k, k), -np.inf)
        matrix[a, b] = self.model.sum(m[a], m[b])
        return matrix

    def link(
        self,
        i: int,
        j: int,
        rank: int | None,
        sentence: bool,
        group: PairIntervals | None = None,
    ) -> Link:
        """One pair; `group`: the intervals of the pairs of its group, whose cap is put in by the caller."""
        i, j = min(i, j), max(i, j)
        parts = contributions(self.model, i, j)
        mention = next((c for c in parts if c.variable == "mention"), None)
        link = Link(
            self.ids[i],
            self.ids[j],
            sum(c.log10_lr for c in parts),
            parts,
            rank,
            mention is not None and mention.rarity is not None,
            similar_sentence(self.model, i, j) if sentence else "",
        )
        if self.assessor is None or (group is None and not sentence):
            return link
        bounds = (group or self.assessor.intervals).bounds(np.array([i]), np.array([j]))
        return replace(
            link,
            log10_lr_low=float(bounds.low[0]),
            log10_lr_high=float(bounds.high[0]),
            cap=self.assessor.cap((i, j)) if group is None else None,
        )

    def _watched(self, links: Links, chance: Chance | None) -> tuple[Link, ...]:
        """Pairs asked for, and pairs in which one case names the other."""
        pairs = {tuple(sorted((self.number[a], self.number[b]))) for a, b in self.settings.watch}
        pairs |= {(int(min(m)), int(max(m))) for m in self.model.content.mentions}
        made = []
        for i, j in sorted(pairs):
            link = self.link(i, j, links.rank(i, j), True)
            if chance is not None:
                strength = branching(self._matrix((i, j))) - price(2, self.n)
                keyed = by_key(self.model, (i, j))
                rate = chance.per_year(strength, (i, j), by_key=keyed)
                known = measured(chance, strength, (i, j), by_key=keyed)
                link = replace(link, chance_per_year=rate, chance=known)
            made.append(link)
        return tuple(sorted(made, key=lambda link: -link.log10_lr))

    def _first_raised(self, s: Series, chance: Chance | None) -> tuple[date, tuple[str, ...]]:
        """The day from which enough members were on record for the lead to pass the bar and the budget, and who they were."""
        days = {m: self._known_on(m) for m in s.members}
        order = sorted(s.members, key=lambda m: (days[m], m))
        for k in range(2, len(order) + 1):
            part = tuple(sorted(order[:k]))
            strength = branching(self._matrix(part)) - price(k, self.n)
            if self._passes(strength, part, chance):
                return days[order[k - 1]], tuple(self.ids[m] for m in part)
        return days[order[-1]], tuple(self.ids[m] for m in s.members)

    def _known_on(self, m: int) -> date:
        row = self.register.table.row(m, named=True)
        moments = [row["found_at"], row["known_from"]]
        return max(t.date() for t in moments if isinstance(t, datetime))

    def _passes(
        self,
        strength: float,
        members: tuple[int, ...],
        chance: Chance | None,
        keyed: bool | None = None,
    ) -> bool:
        if strength < LEAD_BAR:
            return False
        if chance is None:
            return True
        keyed = by_key(self.model, members) if keyed is None else keyed
        return chance.per_year(strength, members, by_key=keyed) <= self.settings.budget

    def _leads(
        self,
        series: tuple[Series, ...],
        chance: Chance | None,
        triaged: tuple[Triage, ...],
        links: Links | None,
    ) -> tuple[Lead, ...]:
        leads: list[Lead] = []
        describe = Describer(self.register, triaged, self.settings.inclusion)
        most_in_full = max(LEAST_IN_FULL, min(MOST_IN_FULL, IN_FULL_CASES // max(self.n, 1)))
        for s in series:
            if not self._passes(s.strength, s.members, chance):
                continue
            assert links is not None  # noqa: S101 (a series has pairs)
            in_full = len(leads) < most_in_full
            a, b = np.triu_indices(len(s.members), 1)
            i, j = np.array(s.members)[a], np.array(s.members)[b]
            own = self.assessor.intervals.of(i, j) if self.assessor and in_full else None
            made = [
                self.link(p, q, links.rank(p, q), in_full, own)
                for p, q in zip(i.tolist(), j.tolist(), strict=True)
            ]
            assessment = self.assessor.assess(s, own) if self.assessor and in_full else None
            if assessment is not None:
                made = [replace(link, cap=assessment.cap) for link in made]
            made.sort(key=lambda link: -link.log10_lr)
            leads.append(
                describe.series(
                    len(leads) + 1,
                    s,
                    self.model,
                    tuple(made),
                    rate_of(s, chance),
                    measured(chance, s.strength, s.members, by_key=s.by_key),
                    *self._first_raised(s, chance),
                    assessment=assessment,
                    in_full=in_full,
                )
            )
        alone = [t for t in triaged if t.level >= CASE_LEVEL]
        alone.sort(key=lambda t: (-t.level, -len(t.reasons), t.case_id))
        for t in alone:
            known = self._known_on(self.number[t.case_id])
            leads.append(describe.case(len(leads) + 1, t, known))
        return tuple(leads)

    def _replayed(self, leads: tuple[Lead, ...]) -> tuple[Lead, ...]:
        """The leads, each series with the day on which it was first raised on what was known then."""
        once = replace(self.settings, replay=False, watch=(), intervals=False)
        replays = Replays(self.register, lambda register: review(register, once).leads)
        done = []
        for number, lead in enumerate(leads):
            if lead.kind == "series":
                lead = replace(lead, replayed=replays.first_raised(lead.cases))
            done.append(lead)
            self.clock.tell("replay", (number + 1) / len(leads))
        return tuple(done)

    def _summary(
        self,
        ledger: Ledger,
        chance: Chance | None,
        series: tuple[Series, ...],
        leads: tuple[Lead, ...],
        rejects: pl.DataFrame,
        sources: Sequence[dict[str, Any]],
        notes: Sequence[str],
    ) -> dict[str, Any]:
        t = self.register.table
        kind = t.get_column("kind").fill_null("death")
        strongest = [group_summary(s, self.ids, chance) for s in series[:STRONGEST]]
        best: dict[str, Any] = strongest[0] if strongest else {}
        return {
            "cases": self.n,
            "deaths": int((kind == "death").sum()),
            "incidents": int((kind == "incident").sum()),
            "rejected_rows": sum(int(s["rejected_rows"]) for s in sources),
            "undated_rows": self.register.undated_rows,
            "without_place": t.get_column("found_lat").null_count(),
            "pairs_total": ledger.total,
            "pairs_ledger": len(ledger.i),
            "pairs_remainder": ledger.remainder,
            "ledger_floor_log10_lr": self.floor,
            "leads_series": sum(lead.kind == "series" for lead in leads),
            "leads_case": sum(lead.kind == "case" for lead in leads),
            "budget_per_year": self.settings.budget,
            "lead_bar_strength": LEAD_BAR,
            **chance_summary(chance),
            "best_strength": best.get("strength"),
            "best_log10_lr": best.get("log10_lr"),
            "best_cases": best.get("cases", []),
            "best_chance_per_year": best.get("chance_per_year"),
            "strongest_groups": strongest,
            "series_leads": [_told(lead) for lead in leads if lead.kind == "series"],
            "cap_log10_lr": self.assessor.cap(()) if self.assessor else None,
            "inclusion": self.settings.inclusion.told() if self.settings.inclusion else None,
            "possible_duplicates": [list(pair) for pair in self.duplicates],
            "years": self.years,
            "as_of": self.register.known_on.isoformat() if self.register.known_on else None,
            "simulated": self.register.simulated,
            "real_cases": list(self.register.real_cases),
            "prior_one_death_in": ONE_DEATH_IN,
            "model_version": MODEL_VERSION,
            "model_hash": model_hash(self.variables),
            "register_hash": self.register.content_hash(),
            "seed": self.settings.seed,
            "known_series": self._taught(series),
            "types_of_death": list(self.prepared.learned.type_names) if self.n >= 2 else [],
            "sources": list(sources),
            "notes": list(notes),
        }

    def _taught(self, series: tuple[Series, ...]) -> dict[str, Any] | None:
        if self.taught is None:
            return None
        return taught_summary(
            self.taught,
            self.shipped,
            self.model,
            series[:STRONGEST],
            self.ids,
            floor=int(to_units(self.model.sum_at(self.floor))),
            threads=self.settings.threads,
        )


def _told(lead: Lead) -> dict[str, Any]:
    """A series lead with its assessment, for the summary."""
    told = asdict(lead.assessment) if lead.assessment is not None else {}
    return {"lead_id": lead.lead_id, "cases": list(lead.cases), **told}


def _no_pairs(n: int) -> Ledger:
    none = np.zeros(0, dtype=np.int64)
    return Ledger(none, none, np.zeros(0, dtype=np.int32), n * (n - 1) // 2)
