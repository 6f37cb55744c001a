"""Substances in texts: every name of the vocabulary is found where it stands, and nothing that only looks like one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openverdict.cases import substances
from openverdict.cases.vocabulary import substance_code
from openverdict.narrative import Assertion, suggest_substances
from openverdict.narrative.settings import settings

MEANT = [
    (word, code)
    for code, entry in substances().items()
    for word in (entry.label, *entry.synonyms, *entry.misspellings, *entry.in_text)
    # A label may explain: `Beta-hydroxybutyrate (ketone, not GHB)`; what is ambiguous in texts has tests of its own.
    if "(ketone" not in word and ", " not in word and word not in settings().in_text
]
AMBIGUOUS = sorted({word for entry in substances().values() for word in entry.ambiguous})
TRAPS = sorted({(word, code) for code, entry in substances().items() for word in entry.traps})
FRAMES = ["Toxicology: {}.", "He had taken {} and slept", "{}, then nothing", "(found: {})"]


def found(text: str) -> set[str]:
    return {s.value for s in suggest_substances(text)}


@pytest.mark.parametrize(("word", "code"), MEANT)
def test_every_name_in_every_writing_is_found_where_it_stands(word, code):
    for frame in FRAMES:
        for written in (word, word.upper(), word.lower()):
            text = frame.format(written)
            hits = suggest_substances(text)
            assert {s.value for s in hits} == {code}, text
            start = text.index(written)
            assert start <= hits[0].start < hits[-1].end <= start + len(written)


@pytest.mark.parametrize("word", AMBIGUOUS)
def test_an_ambiguous_word_without_context_is_nothing(word):
    for frame in ("{} was there.", "They saw {} in the evening", "{}"):
        assert found(frame.format(word)) == set()


@pytest.mark.parametrize(("word", "code"), TRAPS)
def test_a_trap_is_never_the_substance_it_looks_like(word, code):
    for frame in ("Record: {}.", "{} is on file", "The note says {}."):
        assert code not in found(frame.format(word))


@pytest.mark.parametrize(
    "text",
    [
        "Arrested for GBH in 2010 and again for G.B.H. after drugs were found.",
        "Convicted of grievous bodily harm; he took his own car.",
        "Gina, his sister, took the call.", "Gina took her tablets.",
        "Tina and the other neighbour had taken the dog out.",
        "Charlie used the phone.", "Mandy, his daughter, used the bathroom.", "Molly the dog barked.",
        "Metformin 500 mg BD.", "Amoxicillin b.d. for chest, one tablet taken BD",
        "Barking & Dagenham; BD postcode", "party poppers were used at the birthday",
        "Snow had fallen; he used the path by the rock.", "ice on the pavement, a glass of water was taken",
        "he took the glass bottle", "White male, took the bus", "blue lights and police blues",
        "weight 70 g, dose 5 g of sugar taken", "PC G. Smith took the statement",
        "Hepatitis C, vitamin K, type O blood detected", "GBP 20 taken", "kettle on the hob, ketones high",
        "2,3-butanediol detected", "glyceryl trinitrate spray for angina",
        "He took a rush-hour train and drank nothing", "plan E; exhibit G; appendix T was taken",
        "the soap used in the bath", "gear stick; hand brake used", "speed limit; speed of the car was taken",
        "Nonalcoholic steatohepatitis", "a note on a beer mat", "found in the beer garden of the inn",
        "sodium nitrate fertiliser",
    ],
)  # fmt: skip
def test_the_trap_list_gives_no_substance(text):
    assert found(text) - {"paracetamol", "metformin"} == set()


def test_ketones_are_not_ghb():
    assert found("Beta-hydroxybutyrate raised, 3-hydroxybutyric acid 900 mg/L, BHB high") == {
        "beta_hydroxybutyrate"
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("They had both taken G from a pipette.", "ghb"), ("He took Gina at the chill-out.", "ghb"),
        ("a bottle of G on the table", "ghb"), ("G suspected", "ghb"),
        ("slamming Tina all weekend", "methamphetamine"), ("Ketamine, Tina and MDMA", "methamphetamine"),
        ("snorted K in the toilets", "ketamine"), ("ket, bought from a dealer", "ketamine"),
        ("took GBH, the drug", "ghb"), ("poppers and lubricant in the room", "alkyl_nitrites"),
        ("wraps of charlie; he snorted charlie", "cocaine"), ("BD and GBL in the urine", "1_4_bd"),
    ],
)  # fmt: skip
def test_context_makes_an_ambiguous_word_a_substance(text, code):
    assert code in found(text)


@pytest.mark.parametrize(
    ("text", "code", "sense", "field"),
    [
        ("GHB 180 mg/L, alcohol not detected", "ghb", "present", "substances_detected"),
        ("GHB 180 mg/L, alcohol not detected", "ethanol", "negated", "substances_not_detected"),
        ("Blood negative for cocaine, heroin and GHB.", "ghb", "negated", "substances_not_detected"),
        ("No evidence of ketamine use", "ketamine", "negated", "substances_suspected"),
        ("She denied taking MDMA.", "mdma", "negated", "substances_suspected"),
        ("His mother took diazepam for her nerves.", "diazepam", "other_person", "substances_suspected"),
        ("Family history of heroin dependence", "heroin", "other_person", "substances_suspected"),
        ("Sertraline, prescribed but not taken", "sertraline", "prescribed", "substances_suspected"),
        ("prescribed zopiclone", "zopiclone", "prescribed", "substances_suspected"),
        ("He had used heroin years ago.", "heroin", "historical", "substances_suspected"),
        ("If toxicology shows GHB, refer back.", "ghb", "hypothetical", "substances_detected"),
        ("GHB was not tested for.", "ghb", "not_tested", "substances_suspected"),
        ("GHB result awaited", "ghb", "pending", "substances_pending"),
        ("possible fentanyl", "fentanyl", "uncertain", "substances_suspected"),
        ("No doubt heroin killed him", "heroin", "present", "substances_suspected"),
        ("Not only GHB but ketamine", "ketamine", "present", "substances_suspected"),
        ("He denied cocaine but took GHB", "ghb", "present", "substances_suspected"),
        ("?GHB", "ghb", "uncertain", "substances_suspected"),
        ("GHB? Not known.", "ghb", "uncertain", "substances_suspected"),
        ("Our general screen does not look for GHB.", "ghb", "not_tested", "substances_detected"),
        ("GHB lies outside the panel.", "ghb", "not_tested", "substances_suspected"),
        ("He was treated for alcohol.", "ethanol", "historical", "substances_suspected"),
        ("Morphine infusion in the hospice", "morphine", "prescribed", "substances_suspected"),
        ("GHB can't be excluded.", "ghb", "uncertain", "substances_detected"),
        ("No cocaine; GHB in the bottle", "ghb", "present", "substances_suspected"),
    ],
)  # fmt: skip
def test_the_sense_of_a_mention_follows_its_context(text, code, sense, field):
    hit = next(s for s in suggest_substances(text) if s.value == code)
    assert (hit.assertion, hit.field) == (Assertion(sense), field)


def test_a_long_name_hides_the_short_ones_inside():
    assert found("acetyl fentanyl and liquid ecstasy detected") == {"acetylfentanyl", "ghb"}


def test_names_do_not_run_over_the_end_of_a_sentence():
    assert found("Seen by the M.D. A nurse came. He bought meth. A done deal.") <= {
        "methamphetamine"
    }


def test_accents_greek_letters_and_odd_characters_keep_the_offsets():
    text = "Café “Ünïcode” — γ‑hydroxybutyrate, then α-PVP\u00a0and İçki"
    hits = suggest_substances(text)
    assert [(s.value, s.span(text)) for s in hits] == [
        ("ghb", "γ‑hydroxybutyrate"),
        ("alpha_pvp", "α-PVP"),
    ]


def test_words_for_running_text_do_not_change_how_a_cell_is_read():
    for entry in substances().values():
        for word in entry.in_text:
            assert substance_code(word) is None


@given(st.text(max_size=200))
def test_any_text_is_read_and_every_span_lies_in_it(text):
    for s in suggest_substances(text):
        assert 0 <= s.start < s.end <= len(text)
        assert s.span(text).strip() == s.span(text)


WORDS = st.sampled_from(
    [
        "GHB",
        "took",
        "no",
        "not",
        "detected",
        "his",
        "mother",
        ";",
        ".",
        "but",
        "G",
        "1,4-BD",
        "taken",
    ]
)


@given(st.lists(WORDS, max_size=25))
def test_suggestions_come_in_order_without_overlap_and_always_alike(words):
    text = " ".join(words)
    hits = suggest_substances(text)
    assert hits == suggest_substances(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(hits))
    assert all(s.status == "suggested" and 0 < s.confidence <= 1 for s in hits)
