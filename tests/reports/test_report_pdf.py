"""Reports as PDF: they say what the HTML says, can be read aloud, are the same bytes each time, and obey no text in them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from tests.reports import made_review
from tests.reports.reading import Node, read
from typer.testing import CliRunner

from openverdict.cli import app
from openverdict.errors import InputError, MissingPartError
from openverdict.reports import LeadPages, closure_html, pdf, write_review
from openverdict.reports.printed.glyphs import ranges_of, shown
from openverdict.reports.printed.tree import read_tree
from openverdict.reports.printed.typeset import _typesetter
from openverdict.reports.printed.widths import column_widths

pypdf = pytest.importorskip("pypdf")

ROOT = Path(__file__).parents[2]
FONTS = {"LibertinusSerif", "DejaVuSansMono", "NewCM"}
HOSTILE = (
    "#panic() #import \"@preview/x:1.0.0\" $x^2$ *bold* _it_ @ref <label> \\ // /* ` ``` = head - list + 1. 'a' -- ... ~ "
    "#{sys.inputs} </script> &amp; {{ 7 * 7 }}"
)


def _html(body: str, title: str = "A title") -> str:
    return (
        f'<!doctype html><html lang="en-GB"><head><title>{title}</title></head>'
        f"<body><header><h1>{title}</h1></header><main><h2>Part</h2>{body}</main></body></html>"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _reader(made: bytes):
    return pypdf.PdfReader(io.BytesIO(made))


@cache
def _text(made: bytes) -> str:
    return "\n".join(page.extract_text() for page in _reader(made).pages)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _structure(reader) -> list:
    """Every element of the structure tree, in its order."""
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


def _said(node: Node) -> list[str]:
    """The words of a page that its reader sees, without what only a screen needs."""
    if node.tag in ("nav", "svg", "head") or "skip" in (node.attrs.get("class") or "").split():
        return []
    parts: list[str] = []
    for child in node.children:
        parts += [child] if isinstance(child, str) else _said(child)
    return parts


@cache
def printed(html: str) -> bytes:
    return pdf(html)


@pytest.fixture(scope="session")
def made(html) -> bytes:
    return printed(html)


@pytest.fixture(scope="session")
def closure(nothing) -> str:
    return closure_html(nothing)


@pytest.fixture(scope="session")
def lead_page(review) -> str:
    return LeadPages(review).html(review.leads[0])


@pytest.mark.parametrize("page", ["html", "nothing_html", "closure", "lead_page"])
def test_every_word_of_the_page_stands_in_the_pdf(page, request):
    told = request.getfixturevalue(page)
    # What is long may be broken over lines, so letters are counted and not words.
    wanted = Counter("".join(_squeezed(part) for part in _said(read(told))))
    held = Counter(_squeezed(_text(printed(told))))
    assert not {letter: (n, held[letter]) for letter, n in wanted.items() if held[letter] < n}


def test_paragraphs_and_cells_stand_in_the_pdf_in_the_order_of_the_page(html, made):
    held = _squeezed(_text(made))
    body = read(html).all("main")[0]
    parts = [_squeezed(node.text()) for node in body.all("h2", "h3", "figcaption", "caption")]
    at = -1
    missed = []
    for part in parts:
        found = held.find(part, at + 1)
        if found < 0:
            missed.append(part)
        else:
            at = found
    assert len(missed) <= len(parts) // 10, missed  # those that a page's foot cuts in two


def test_the_key_figures_of_a_lead_stand_in_its_pdf(review, lead_page):
    held = _squeezed(_text(printed(lead_page)))
    lead = review.leads[0]
    for said in ("+7.21", "once in 14 years", lead.lead_id, *lead.cases, *lead.supports):
        assert _squeezed(said) in held


def test_the_structure_can_be_read_aloud(html, made):
    reader = _reader(made)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"] is not False
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Review of a register of unexpected deaths"
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    count = Counter(str(node["/S"]) for node in _structure(reader))
    page = read(html)
    assert count["/Table"] == len(page.all("table")) == count["/THead"]
    assert count["/TH"] == sum(len(head.all("th")) for head in page.all("thead"))
    assert count["/Caption"] >= len(page.all("table")) + len(page.all("figure"))
    assert count["/L"] >= len(page.all("ul")) - 1  # the contents are a list of their own kind
    heads = [
        int(str(n["/S"])[2:]) for n in _structure(reader) if re.fullmatch(r"/H\d", str(n["/S"]))
    ]
    assert heads[0] == 1
    assert all(later <= before + 1 for before, later in pairwise(heads))
    levels = Counter(int(node.tag[1]) - 1 for node in page.all("h2", "h3", "h4"))
    assert {level: Counter(heads)[level] for level in levels} == levels


def test_every_picture_says_in_words_what_it_shows(html, made):
    figures = [node for node in _structure(_reader(made)) if node["/S"] == "/Figure"]
    alts = [str(node["/Alt"]) for node in figures if "/Alt" in node]
    drawn = [figure.all("svg")[0] for figure in read(html).all("figure")]
    assert alts == [f"{svg.all('title')[0].text()}: {svg.all('desc')[0].text()}" for svg in drawn]


def test_pictures_are_drawn_and_not_photographed(made):
    for page in _reader(made).pages:
        objects = page["/Resources"].get("/XObject", {})
        assert not [x for x in objects.values() if x.get_object()["/Subtype"] == "/Image"]


def test_no_font_comes_from_the_machine(made):
    names = set()
    for page in _reader(made).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            names.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    assert names
    assert not [name for name in names if not name.startswith(tuple(FONTS))]


def test_two_processes_print_the_same_bytes(lead_page, tmp_path):
    (tmp_path / "page.html").write_text(lead_page, encoding="utf-8")
    code = (
        "import sys\nfrom pathlib import Path\nfrom openverdict.reports import pdf\n"
        "Path(sys.argv[2]).write_bytes(pdf(Path(sys.argv[1]).read_text(encoding='utf-8')))"
    )
    written = []
    for seed in ("0", "4711"):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "page.html"), str(out)],
            check=True,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "HOME": str(tmp_path),
                "TZ": f"UTC+{seed[:1]}",
            },
            cwd=ROOT,
        )
        written.append(out.read_bytes())
    assert written[0] == written[1] == pdf(lead_page)


def test_the_foot_tells_model_day_hash_and_when_it_was_printed(lead_page):
    made = pdf(lead_page, printed_at=datetime(2031, 5, 7, 9, 5, tzinfo=UTC))
    reader = _reader(made)
    n = len(reader.pages)
    for number, page in enumerate(reader.pages, 1):
        foot = _squeezed(page.extract_text())
        assert f"Page{number}of{n}" in foot
        assert sha256(lead_page.encode()).hexdigest() in foot
        assert "model1,hash9f3ac1" in foot
        assert "Printed7May2031,09:05" in foot
        assert "Simulateddata." in foot
    assert "Printed" not in _text(pdf(_html("<p>Nothing.</p>")))


def test_text_is_data_whatever_the_typesetter_would_make_of_it():
    cell = _escaped(HOSTILE)
    body = (
        f"<p>{cell}</p><ul><li>{cell}</li></ul><table><caption>{cell}</caption><thead><tr><th>{cell}</th></tr></thead>"
        f'<tbody><tr><td><span class="id">{cell}</span></td></tr></tbody></table>'
        f'<p class="note">{cell}</p><dl class="plain"><dt>{cell}</dt><dd>{cell}</dd></dl>'
    )
    held = _squeezed(_text(pdf(_html(body, title=cell))))
    assert held.count(_squeezed(HOSTILE)) >= 9
    assert "{{7*7}}" in held


def test_other_scripts_are_set_and_what_no_font_holds_is_told_by_its_number():
    told = "Żółć Ελλάδα Слово ≤ → “q” שלום"
    held = _text(pdf(_html(f"<p>{told}</p><p>مرحبا</p><p>a 😀 b 中文 c\u202ed</p>")))
    for word in told.split()[:-1]:
        assert word in held
    assert {"ש", "ל", "ו", "ם", "م", "ر", "ح", "ب", "ا"} <= set(held)
    assert "a [U+1F600 grinning face] b [U+4E2D; U+6587] c[U+202E right-to-left override]d" in held


def test_a_word_of_many_scripts_is_told_even_where_the_search_for_a_font_fails():
    # Found by trying: after the first letter no font that is left holds the second.
    told = "".join(chr(first) for first, _ in ranges_of("any")) * 3
    held = _squeezed(_text(pdf(_html(f"<p>{_escaped(told)}</p>"))))
    assert len(held) > len(told) / 2


@pytest.mark.parametrize("letters", ["x" * 100_000, "wörter " * 14_000, "a\u0301\u200d" * 9_000])
def test_a_narrative_of_a_hundred_thousand_characters_is_set_whole(letters):
    made = pdf(_html(f"<p>{letters}</p>"))
    text = "".join(_squeezed(out) for out in _pdftotext(made))
    letter = letters[0]
    assert text.count(letter) >= letters.count(letter)
    assert len(_reader(made).pages) > 1


def _pdftotext(made: bytes) -> list[str]:
    """The text page by page; pypdf's limits on one line of text are lifted, for a page may hold thousands of parts."""
    from pypdf.generic import ArrayObject

    before = getattr(ArrayObject, "_check_limits", None)
    with pytest.MonkeyPatch.context() as patched:
        if before is not None:
            patched.setattr(ArrayObject, "_check_limits", staticmethod(lambda *a, **k: None))
        return [page.extract_text() for page in _reader(made).pages]


def test_every_character_that_is_said_to_be_held_can_be_set():
    typst = _typesetter()
    page = b"""#set text(lang: "en", font: "Libertinus Serif")
#set document(title: "x", date: none)
#for t in json(bytes(sys.inputs.told)) [#t#linebreak()]"""
    told = "".join(chr(n) for first, last in ranges_of("any") for n in range(first, last + 1))
    typst.compile(
        page,
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        sys_inputs={"told": json.dumps(list(told))},
    )


def test_text_that_is_shown_is_text_that_stays():
    assert shown("plain") == "plain"
    assert shown("é – “q” ≤ שלום a\u200db") == "é – “q” ≤ שלום a\u200db"
    assert shown("nul\x00") == "nul[U+0000]"
    assert shown("שלום", plainly=True).startswith("[U+05E9")


def test_what_a_template_may_not_hold_is_an_error():
    for body, said in (
        ("<video></video>", "<video> is not known"),
        ("<p><img></p>", "never closed|closes <img>"),
        ("bare", "no paragraph"),
        ("<p>", "closes <p>"),
    ):
        with pytest.raises(ValueError, match=said):
            pdf(_html(body))
    with pytest.raises(ValueError, match="missing"):
        read_tree("<p></p>").only("body")


def test_columns_fit_their_longest_words_and_share_the_rest():
    widths = column_widths([["No.", "Group", "Reason"], ["1", "x" * 40, "many words " * 30]])
    assert sum(widths) == pytest.approx(1, abs=0.001)
    assert widths[0] < widths[1] < widths[2]


def test_a_missing_typesetter_is_told_with_its_mend(monkeypatch, review, tmp_path):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingPartError, match=r"pip install 'openverdict\[pdf\]'"):
        pdf(_html("<p>x</p>"))
    with pytest.raises(MissingPartError):
        write_review(review, tmp_path / "out", printed=True)
    assert not (tmp_path / "out").exists()


def test_a_review_leaves_its_report_and_each_lead_as_pdf(review, nothing, html, tmp_path):
    out = tmp_path / "out"
    written = [path.relative_to(out).as_posix() for path in write_review(review, out, printed=True)]
    assert written[-5:] == [
        "report.pdf",
        "leads/lead-001.pdf",
        "leads/lead-002.pdf",
        "leads/case-003.pdf",
        "leads/case-004.pdf",
    ]
    assert (out / "report.pdf").read_bytes() == pdf(html)
    write_review(nothing, out, printed=True)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    assert {"closure.html", "closure.pdf", "report.pdf"} <= names
    assert not [name for name in names if name.startswith("leads/")]


def test_a_file_that_no_review_wrote_is_not_replaced_with_the_leads(review, tmp_path):
    out = tmp_path / "out"
    write_review(review, out, printed=True)
    (out / "leads" / "mine.pdf").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"leads/mine\.pdf"):
        write_review(review, out)


def test_no_two_leads_share_a_page_when_a_group_is_large():
    review = made_review.large_review()
    names = [name for name, _ in LeadPages(review).names()]
    assert len(set(names)) == len(review.leads)
    with pytest.raises(InputError, match="not looked at"):
        LeadPages(review).html(replace(review.leads[0], kind="case", cases=("nobody",)))


def test_the_command_writes_pdfs_and_says_what_to_install_before_it_begins(tmp_path, monkeypatch):
    register = tmp_path / "register.csv"
    rows = [f"K-{i},2014-06-{1 + i % 28:02d}" for i in range(12)]
    register.write_text("\n".join(["case_id,found_at", *rows]) + "\n", encoding="utf-8")
    command = ["review", str(register), "--no-chance", "--quiet", "--pdf", "--out"]
    done = CliRunner().invoke(app, [*command, str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert {"report.pdf", "closure.pdf"} <= {path.name for path in (tmp_path / "out").iterdir()}
    monkeypatch.setitem(sys.modules, "typst", None)
    done = CliRunner().invoke(app, [*command, str(tmp_path / "other")])
    assert done.exit_code == 2
    assert "pip install 'openverdict[pdf]'" in done.output
    assert not (tmp_path / "other").exists()
