"""GHB: six classes of what a level in a body can say, each with its reasons and their sources.

GHB is in every body, more of it forms after death, and it is gone from the living within hours. So the specimen, its
preservative and the state of the body say as much as the number. No class is a finding about a person or an act.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openverdict.cases import substances
from openverdict.toxicology.model import Circumstances, Opinion, Outcome, Result
from openverdict.toxicology.rules import GhbRules
from openverdict.toxicology.units import plain_number

NOT_TESTED = "not_tested"
NOT_DETECTED = "not_detected"
ENDOGENOUS = "consistent_with_endogenous"
INDETERMINATE = "indeterminate"
EXCEEDS = "exceeds_usual_postmortem"
EXOGENOUS = "reported_by_toxicologist_as_exogenous"
# From what says least of intake to what says most.
CLASSES = (NOT_TESTED, NOT_DETECTED, ENDOGENOUS, INDETERMINATE, EXCEEDS, EXOGENOUS)


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the reading, and the source that it stands on."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """How one GHB result reads: a class (None while it is pending), the reasons, and what limits them."""

    ghb_class: str | None
    reasons: tuple[Reason, ...]
    caveats: tuple[Reason, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that was leant on, once."""
        return tuple(dict.fromkeys(r.source for r in (*self.reasons, *self.caveats)))


@dataclass(frozen=True)
class CaseAssessment:
    """How the GHB results of a case read together, with each result's own reading."""

    case_id: str
    ghb_class: str | None
    reasons: tuple[Reason, ...]
    caveats: tuple[Reason, ...]
    results: tuple[tuple[Result, Assessment], ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that was leant on, once."""
        return Assessment(self.ghb_class, self.reasons, self.caveats).sources


def assess(result: Result, rules: GhbRules, around: Circumstances | None = None) -> Assessment:
    """The class of one GHB result.

    `around` is what the register says of the body; what the result itself says goes before it.
    """
    if result.outcome is Outcome.NOT_TESTED:
        return Assessment(NOT_TESTED, (_because(rules, "not_tested", "GHB was not tested for."),))
    if result.outcome is Outcome.PENDING:
        text = "GHB was asked for and is not reported yet; no class until it is."
        return Assessment(None, (_because(rules, "not_tested", text),))
    always = _because(rules, "always", "A level has no author.")
    if result.outcome is Outcome.NOT_DETECTED:
        reason = _because(rules, "not_detected", "Tested for and not detected.")
        return Assessment(NOT_DETECTED, (reason,), (always,))
    state = _state(result, around)
    caveats = (*_caveats(result, state, rules), always)
    if result.opinion is Opinion.EXOGENOUS and result.outcome is Outcome.DETECTED:
        reason = _because(rules, "toxicologist", "Reported as taken.")
        return Assessment(EXOGENOUS, (reason,), caveats)
    name, reasons = _by_level(result, state, rules)
    return Assessment(name, reasons, caveats)


def assess_case(
    case_id: str,
    results: Sequence[Result],
    rules: GhbRules,
    around: Circumstances | None = None,
) -> CaseAssessment:
    """The class of a case: that of its results which goes furthest, and not tested where no result names GHB.

    A low level in one specimen takes nothing from a high one in another, and a pending result does not make the others wait.
    """
    own = tuple(
        (result, assess(result, rules, around))
        for result in results
        if result.substance == "ghb" and result.case_id == case_id
    )
    family = _family(results, rules)
    classed = [read for _, read in own if read.ghb_class is not None]
    if not own:
        reason = _because(rules, "not_tested", "No result names GHB.")
        return CaseAssessment(case_id, NOT_TESTED, (reason,), family, ())
    waiting = len(classed) < len(own)
    tested = [read for read in classed if read.ghb_class != NOT_TESTED]
    if not tested and waiting:
        first = next(read for _, read in own if read.ghb_class is None)
        return CaseAssessment(case_id, None, first.reasons, family, own)
    best = max(tested or classed, key=lambda read: CLASSES.index(read.ghb_class or NOT_TESTED))
    others = sorted({read.ghb_class or "" for read in tested} - {best.ghb_class or ""})
    caveats = (*best.caveats, *family)
    if others:
        said = f"Other specimens read as {', '.join(others)}; the one that goes furthest is shown."
        caveats = (_because(rules, "site", said), *caveats)
    return CaseAssessment(case_id, best.ghb_class, best.reasons, caveats, own)


def _because(rules: GhbRules, part: str, text: str) -> Reason:
    ground = rules.grounds[part]
    return Reason(f"{text} {ground.says}", ground.source)


def _state(result: Result, around: Circumstances | None) -> Circumstances:
    own, other = result.circumstances, around or Circumstances()
    hours = own.pm_interval_h if own.pm_interval_h is not None else other.pm_interval_h
    return Circumstances(own.decomposition or other.decomposition, hours)


def _bounds(result: Result) -> tuple[Decimal, Decimal | None, bool, bool]:
    """(lowest, highest or None, whether the lowest is excluded, whether the highest is) that a level can be."""
    number = result.level.number if result.level else Decimal(0)
    if result.operator in ("<", "≤"):
        return Decimal(0), number, False, result.operator == "<"
    if result.operator in (">", "≥"):
        return number, None, result.operator == ">", False
    return number, number, False, False


def _by_level(
    result: Result, state: Circumstances, rules: GhbRules
) -> tuple[str, tuple[Reason, ...]]:
    """The class that the level, the specimen and the body make."""
    if result.level is None:
        return INDETERMINATE, (
            _because(rules, "endogenous", "Detected, without a level that can be read."),
        )
    low, high, low_open, high_open = _bounds(result)
    if result.level.unit == "mg/kg":
        part, limit = "brain", rules.brain
    else:
        part, limit = "endogenous", rules.endogenous
    said = f"{'' if result.operator == '=' else result.operator + ' '}{result.level}"
    if part == "brain" and result.specimen != "brain":
        reason = _because(
            rules, "brain", f"{said} in {_named(result.specimen)}: no cut-off is known for it."
        )
        return INDETERMINATE, (reason,)
    if high is not None and (high < limit or (high == limit and high_open)):
        text = f"{said} lies below {plain_number(limit)} {result.level.unit}."
        return ENDOGENOUS, (_because(rules, part, text),)
    if part == "brain":
        text = f"{said} does not lie below {plain_number(limit)} mg/kg, and one proposed cut-off does not tell more."
        return INDETERMINATE, (_because(rules, part, text),)
    against = _against(result, state, rules)
    above = low > rules.usual or (low == rules.usual and low_open)
    if not above:
        lower = f"{said} is not shown to lie below {plain_number(rules.endogenous)} mg/L."
        upper = f"Nor is it shown to lie above {plain_number(rules.usual)} mg/L."
        between = (_because(rules, "endogenous", lower), _because(rules, "usual", upper))
        return INDETERMINATE, (*between, *against)
    over = _because(rules, "usual", f"{said} lies above {plain_number(rules.usual)} mg/L.")
    if against:
        return INDETERMINATE, (over, *against)
    fit = (
        _because(rules, "site", f"The specimen is {_named(result.specimen)}."),
        _because(rules, "decomposition", f"Decomposition: {state.decomposition}."),
    )
    return EXCEEDS, (over, *fit)


def _against(result: Result, state: Circumstances, rules: GhbRules) -> tuple[Reason, ...]:
    """What keeps a high level from being read as more than what forms after death."""
    found = []
    if result.specimen not in rules.peripheral:
        text = f"The specimen is {_named(result.specimen)}, not known to be blood from a vein far from the heart."
        found.append(_because(rules, "site", text))
    if state.decomposition is None:
        found.append(
            _because(rules, "decomposition", "How far decomposition had gone is not recorded.")
        )
    elif state.decomposition not in rules.little:
        found.append(_because(rules, "decomposition", f"Decomposition: {state.decomposition}."))
    if result.preservative in rules.unpreserved:
        found.append(_because(rules, "preservative", "The specimen was not preserved."))
    return tuple(found)


def _caveats(result: Result, state: Circumstances, rules: GhbRules) -> tuple[Reason, ...]:
    found = []
    if result.operator == "~":
        found.append(Reason("The level is approximate.", "the laboratory's own report"))
    if result.preservative is None:
        found.append(_because(rules, "preservative", "The preservative is not recorded."))
    if state.pm_interval_h is not None:
        text = f"{state.pm_interval_h:g} hours from death to sampling; no source here gives a limit, so it changes no class."
        found.append(_because(rules, "decomposition", text))
    if result.opinion not in (None, Opinion.EXOGENOUS):
        text = f"The toxicologist's own opinion on its origin: {result.opinion}."
        found.append(Reason(text, "the laboratory's own report"))
    return tuple(found)


def _family(results: Sequence[Result], rules: GhbRules) -> tuple[Reason, ...]:
    known = [substances().get(r.substance or "") for r in results if r.outcome is Outcome.DETECTED]
    found = sorted({entry.label for entry in known if entry and entry.family == "ghbrs"})
    return (
        (_because(rules, "family", f"Found of the family: {', '.join(found)}."),) if found else ()
    )


def _named(specimen: str | None) -> str:
    return "of no stated site" if specimen is None else specimen.replace("_", " ")
