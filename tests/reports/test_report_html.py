"""The report as a document: whole, offline, readable by everyone, and kind in its words."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.reports.made_review import HOSTILE_ID, HOSTILE_TEXT, ONCE_IN_14_YEARS, large_review
from tests.reports.reading import read

import openverdict.reports as room
from openverdict.leads.results import Measured, Replayed
from openverdict.reports import IndexEntry, lead_html, render_index, render_report
from openverdict.reports.words import thousands

DAY = date(2014, 9, 20)
TEMPLATES = sorted(Path(room.__file__).parent.joinpath("templates").iterdir())
DATA = sorted(Path(room.__file__).parent.joinpath("data").iterdir())
BANNED = (
    r"suspects?\b",
    r"victims?\b",
    r"killers?\b",
    r"murder",
    r"perpetrator",
    r"linked to\b",
    r"offender",
    r"risk score",
    r"addict",
    r"committed suicide",
)


def _without_style(html: str) -> str:
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_every_element_is_closed_in_turn(any_html):
    read(any_html)


def test_nothing_is_fetched_from_anywhere(any_html):
    assert not re.search(
        r"https?:|//\w|@import|url\(|<script|<link|<img\b|<iframe|\bon\w+=\"", any_html
    )
    assert "default-src 'none'" in any_html


def test_links_lead_to_places_in_the_document(any_html):
    tree = read(any_html)
    ids = [node.attrs["id"] for node in tree.walk() if "id" in node.attrs]
    assert len(ids) == len(set(ids))
    targets = [node.attrs["href"] for node in tree.all("a")]
    assert targets
    assert all(target and target[0] == "#" and target[1:] in ids for target in targets)


def test_references_between_elements_hold(any_html):
    tree = read(any_html)
    ids = {node.attrs.get("id") for node in tree.walk()}
    for node in tree.walk():
        for name in (node.attrs.get("aria-labelledby") or "").split():
            assert name in ids


def test_headings_step_down_one_at_a_time(any_html):
    levels = [int(n.tag[1]) for n in read(any_html).walk() if re.fullmatch(r"h[1-6]", n.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_page_has_its_landmarks_and_its_language(any_html):
    tree = read(any_html)
    assert tree.all("html")[0].attrs["lang"] == "en-GB"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(tree.all(landmark)) == 1


def test_every_picture_says_in_words_what_it_shows(any_html):
    for svg in read(any_html).all("svg"):
        assert svg.attrs["role"] == "img"
        if "aria-labelledby" in svg.attrs:
            assert svg.all("title")[0].text()
            assert svg.all("desc")[0].text()
        else:
            assert svg.attrs["aria-label"]


def test_every_table_has_a_caption_and_header_cells_with_scope(any_html):
    tables = read(any_html).all("table")
    assert tables
    for table in tables:
        assert table.all("caption")[0].text()
        assert table.all("th")
        assert all(cell.attrs.get("scope") in ("col", "row") for cell in table.all("th"))


def test_no_cell_of_a_table_is_blank(any_html):
    for cell in read(any_html).all("td", "th"):
        assert cell.text() or cell.all("svg")


def test_wide_tables_can_be_scrolled_from_the_keyboard(html):
    regions = [n for n in read(html).walk() if n.attrs.get("class") == "scroll"]
    assert regions
    assert all(n.attrs["tabindex"] == "0" and n.attrs["role"] == "region" for n in regions)


@pytest.mark.parametrize("path", TEMPLATES + DATA, ids=lambda path: path.name)
@pytest.mark.parametrize("word", BANNED)
def test_the_words_are_neutral(path, word):
    assert not re.search(word, path.read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("word", BANNED)
def test_the_words_of_the_whole_report_are_neutral(any_html, word):
    assert not re.search(word, any_html, re.IGNORECASE)


def test_what_the_register_holds_never_becomes_markup_or_template(html):
    assert HOSTILE_ID not in html
    assert HOSTILE_TEXT not in html
    text = read(html).text()
    assert HOSTILE_ID in text
    assert " ".join(HOSTILE_TEXT.split()) in text
    assert "{{ 7 * 7 }}" in text


def test_free_text_is_not_printed(any_html):
    assert "Somebody Real" not in any_html
    assert "never printed" not in any_html


def test_simulated_data_says_so_in_every_section_and_lead(any_html):
    tree = read(any_html)
    parts = list(tree.all("section", "article", "header", "footer"))
    labels = [n.attrs.get("aria-labelledby") for n in parts]
    for part, label in zip(parts, labels, strict=True):
        if label != "summary" and not (label or "").startswith("watched-"):
            assert "Simulated data" in part.text(), label


def test_real_data_carries_no_such_banner(review):
    real = replace(review, register=replace(review.register, simulated=False))
    assert "Simulated" not in render_report(real)


def test_the_totals_are_those_of_the_review(html, review):
    section = next(n for n in read(html).all("section") if n.attrs["aria-labelledby"] == "summary")
    text = section.text()
    n = len(review.register)
    ledger = review.summary["pairs_ledger"]
    assert f"Cases compared {n}" in text
    assert f"Pairs compared {thousands(n * (n - 1) // 2)}" in text
    assert f"{ledger} listed one by one, {n * (n - 1) // 2 - ledger} below the floor" in text
    assert "37 deaths, 3 non-fatal incidents" in text
    assert "Two rows could not be read" in text


def test_a_lead_has_a_section_with_all_that_it_must_show(html, review):
    lead = review.leads[0]
    article = next(n for n in read(html).all("article") if n.attrs["aria-labelledby"] == "lead-1")
    text = article.text()
    assert "Four deaths, within 440 m and within 15 months, are similar" in text
    assert ONCE_IN_14_YEARS in text
    assert "+7.21" in text
    assert "20 September 2014" in text
    assert "first put forward with B and C" in text
    assert "This can’t close by itself" in text
    for heading in (
        *("What speaks for it", "What speaks against it", "The innocent reading"),
        *("What is missing", "Checks never made", "Where", "When", "Pair by pair"),
        *("The facts side by side", "What it would take to believe it"),
    ):
        assert heading in [n.text() for n in article.all("h4")]
    for sentence in (*lead.supports, *lead.against, *lead.innocent, *lead.missing):
        assert sentence in text
    assert len([n for n in article.all("table") if n.attrs.get("class") == "stack terms"]) == 6


def test_missing_facts_are_said_as_what_they_are(html):
    text = read(html).text()
    for words in ("not tested", "withheld", "unknown", "not recorded", "looked for, none found"):
        assert words in text


def test_contributions_shown_add_up_to_the_ratio_shown(html):
    terms = [n for n in read(html).all("table") if n.attrs.get("class") == "stack terms"]
    assert terms
    for table in terms:
        shown = [n.text() for n in table.all("span") if n.attrs.get("class") == "number"]
        total = table.all("caption")[0].text().rsplit(" ", 1)[1]
        values = [float(s.replace("\N{MINUS SIGN}", "-")) for s in shown]
        assert sum(values) == pytest.approx(float(total), abs=0.005 * len(values))


def test_nothing_found_is_a_full_report(nothing_html, nothing):
    tree = read(nothing_html)
    text = tree.text()
    assert tree.by_id("nothing").text() == "No group put forward"
    assert "All 780 pairs of 40 cases were compared" in text
    assert "The best group, A and B, reached a log10 ratio of +1.90" in text
    assert "about 31 times a year" in text
    assert "What could not have been seen" in text
    every = next(n for n in tree.all("section") if n.attrs["aria-labelledby"] == "every")
    assert len(every.all("tr")) == len(nothing.register) + 1


def _section(html, label):
    return next(
        n for n in read(html).all("section", "article") if n.attrs["aria-labelledby"] == label
    )


def test_the_verbal_scale_stands_only_beside_pairs_chosen_in_advance(html, nothing_html):
    scale = re.compile(r"(weak|moderate|strong) support for")
    assert scale.search(_section(html, "watched").text())
    for label in ("summary", "leads"):
        assert not scale.search(_section(html, label).text())
    assert not scale.search(_section(nothing_html, "nothing").text())
    assert "found by searching 780 pairs" in _section(html, "lead-1").text()


def test_chance_is_the_first_figure_of_a_lead_and_its_class_is_explained(html):
    assert _section(html, "lead-1").all("dt")[0].text() == "How often by chance"
    leads = _section(html, "leads").text()
    assert "Rarest first: chance is measured among groups of the same class" in leads
    assert "each class has a stated part of the budget" in _section(html, "method").text()
    assert "each class has a stated part of the budget" in _section(html, "glossary").text()


def test_a_lead_shows_the_interval_of_its_chance_rate_in_the_list_and_on_its_own_page(review):
    known = Measured(0.0164, 0.24, 0.05, "deaths", 0.01)
    leads = (replace(review.leads[0], chance=known), *review.leads[1:])
    html = render_report(replace(review, leads=leads))
    words = "once in 61 years to once in 4.2 years"
    assert f"about once in 14 years (95 % interval: {words})." in _section(html, "lead-1").text()
    assert f"about once in 14 years ({words})" in _section(html, "leads").text()
    assert "A second opinion" in _section(html, "lead-1").text()
    assert words in lead_html(leads[0])


@pytest.mark.parametrize(
    ("replayed", "words"),
    [
        (
            Replayed(DAY, ("B", "C"), 4.0, 0.25, None, (DAY,)),
            "By replay of what was known each day: 20 September 2014, with B and C; "
            "how often by chance, measured on that day: about once in 4 years.",
        ),
        (
            Replayed(None, (), None, None, None, (DAY, DAY)),
            "By replay: on none of the two days tried, the last of them 20 September 2014.",
        ),
        (Replayed(None, (), None, None, None, ()), "its cases have no day on which they became"),
    ],
)
def test_a_lead_says_when_a_replay_first_raised_it(review, replayed, words):
    assert "By replay" not in _section(render_report(review), "lead-1").text()
    leads = (replace(review.leads[0], replayed=replayed), *review.leads[1:])
    assert words in _section(render_report(replace(review, leads=leads)), "lead-1").text()


def test_classes_and_tails_of_the_run_are_told_in_the_method(review):
    summary = {
        **review.summary,
        "chance_classes": {"deaths": 0.75, "incident": 0.25},
        "chance_fits": {
            "deaths, place": {"leads": 300, "exceedances": 100.0},
            "incident, place": {"leads": 30, "exceedances": 0.0},
            "incident, time": {"leads": 0, "exceedances": 0.0},
        },
        "null_years": 19.6,
        "drawn_registers": 4,
    }
    text = _section(render_report(replace(review, summary=summary)), "method").text()
    assert "groups of deaths that no person or identifier in common carries, 75 %" in text
    assert "Each kind of null register is 20 years long in all here." in text
    assert "In 1 of two samples of null groups, by class and kind, no tail fits" in text
    assert "Registers drawn from the learned model, for a second opinion 4" in text


def test_a_watched_pair_says_how_often_chance_gives_its_like(review):
    watched = (replace(review.watched[0], chance_per_year=0.05),)
    text = _section(render_report(replace(review, watched=watched)), "watched").text()
    assert "would give a pair or group that ranks as high about once in 20 years." in text


def test_nobody_recorded_is_not_nothing_missing(review):
    bare = replace(review.leads[0], checks_missing=())
    html = render_report(replace(review, leads=(bare, *review.leads[2:])))
    words = "Nobody recorded which enquiries were made in"
    assert f"{words} B, C; none can be assumed." in _section(html, "lead-1").text()
    assert f"{words} C; none can be assumed." in _section(html, "case-2").text()
    assert "No missing check was named" not in html
    assert words not in _section(html, "case-1").text()


def test_a_listed_case_without_recorded_enquiries_says_so(review):
    quiet = tuple(replace(t, checks_missing=()) for t in review.triage)
    every = _section(render_report(replace(review, triage=quiet)), "every").text()
    assert "nobody recorded which were made" in every


def test_cases_put_forward_are_counted_once_and_alike(html, review):
    assert "Single cases for a second look 2" in _section(html, "summary").text()
    assert len([n for n in read(html).all("article") if n.attrs.get("class") == "case"]) == 2
    assert sum(lead.kind == "case" for lead in review.leads) == 2
    assert "One case is at level 2, further enquiry" in _section(html, "cases").text()


def test_a_run_without_chance_does_not_speak_of_chance(review, nothing):
    without = {"null_registers": 0, "best_chance_per_year": None}
    text = read(render_report(replace(nothing, summary={**nothing.summary, **without}))).text()
    assert "none reached the bar of strength. Chance was not measured in this run." in text
    assert "The same review was run on" not in text
    assert "At most six leads a year" not in text
    leads = tuple(replace(lead, chance_per_year=None) for lead in review.leads)
    shown = replace(review, leads=leads, summary={**review.summary, **without})
    text = read(render_report(shown)).text()
    assert "put forward by strength alone for a person to look at. Chance was not measured" in text
    assert "Rarest first" not in text


@pytest.mark.parametrize(
    ("strength", "per_year", "headline", "failed"),
    [
        (-2.4, 0.5, "though its chance rate lies within the budget", "the bar of strength only"),
        (0.3, 31.0, "is strong enough, but chance alone", "the budget of chance only"),
        (-2.4, 31.0, "of strength, and chance alone", "the bar of strength and the budget"),
    ],
)
def test_a_group_not_put_forward_says_what_it_failed(nothing, strength, per_year, headline, failed):
    group = {"cases": ["A", "B"], "log10_lr": 4.0, "strength": strength}
    summary = {
        **nothing.summary,
        "best_strength": strength,
        "best_chance_per_year": per_year,
        "strongest_groups": [{**group, "chance_per_year": per_year}],
    }
    html = render_report(replace(nothing, summary=summary))
    assert headline in _section(html, "summary").text()
    assert failed in _section(html, "nothing").text()
    assert failed in _section(html, "below").text()


def test_the_length_of_a_register_is_called_what_it_is(html):
    assert (
        "Years of the register, counted at its usual volume 1.9" in _section(html, "method").text()
    )


def test_no_code_is_printed_raw(html):
    shown = _section(html, "lead-1").text()
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", shown)
    assert "opioids + in bed" in _section(html, "method").text()
    for words in ("sitting propped", "churchyard wall", "block entrance", "bank card"):
        assert words in shown


def test_every_number_has_the_true_minus_sign(review):
    said = "Age, A and B: 38 years apart; log10 ratio -0.31."
    lead = replace(review.leads[0], against=(said,), supports=(said,))
    text = read(render_report(replace(review, leads=(lead,)))).text()
    assert "ratio \N{MINUS SIGN}0.31" in text
    assert "ratio -0.31" not in text


def test_an_index_explains_its_terms_and_leads_to_each_glossary():
    entry = IndexEntry("one/report.html", "One", ("A and B: log10 likelihood ratio -0.3.",))
    html = render_index("Demo", [entry])
    tree = read(html)
    assert 'name="generator" content="openverdict demo"' in html
    assert "one/report.html#glossary" in [n.attrs["href"] for n in tree.all("a")]
    for term in ("log10 likelihood ratio", "chance rate", "rank", "level", "I1 and I2"):
        assert term in tree.all("header")[0].text()
    assert "ratio \N{MINUS SIGN}0.3" in tree.text()


def test_a_watched_pair_is_shown_with_its_contributions(html, review):
    watched = next(n for n in read(html).all("section") if n.attrs["aria-labelledby"] == "watched")
    assert "B and C" in watched.text()
    assert review.watched[0].sentence in watched.text()
    assert [n for n in watched.all("table") if n.attrs.get("class") == "stack terms"]


def test_an_empty_register_gives_a_report_all_the_same(review):
    from openverdict.leads.results import Review

    table = review.register.table.clear()
    empty = Review(
        replace(review.register, table=table),
        (),
        review.links.clear(),
        (),
        review.rejects,
        {},
    )
    text = read(render_report(empty)).text()
    assert "There is no case in this register" in text
    for untrue in ("Every case has", "That is a result", "stand out from chance"):
        assert untrue not in text


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "There is one case in this register, and so no pair to compare."),
        (2, "The one pair of 2 cases was compared"),
        (2, "of one pair; one pair below that is counted."),
    ],
)
def test_a_register_of_one_or_two_cases_is_counted_in_good_english(review, n, said):
    from openverdict.leads.results import Review

    register = replace(review.register, table=review.register.table.head(n))
    few = Review(register, (), review.links.clear(), review.triage[:n], review.rejects.clear(), {})
    assert said in read(render_report(few)).text()


def test_a_city_year_stays_small():
    assert len(render_report(large_review()).encode()) < 3_000_000
