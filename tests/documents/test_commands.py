"""Documents to suggestions to facts, by the commands: each fact with the hash and the place that it was read from."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.documents import made
from tests.documents.made import docx, pages_pdf, paragraph
from tests.documents.reading import with_limits
from typer.testing import CliRunner, Result

from openverdict import read_register
from openverdict.cli import app
from openverdict.documents import Document, Named, Place, gather, is_document, read_index
from openverdict.errors import InputError
from openverdict.narrative import Together, accept, agreement, suggest_substances
from openverdict.narrative.from_documents import in_blocks, suggest_documents

LETTER = ["Toxicology report", "GHB 310 mg/L in femoral blood. Alcohol not detected."]
URINE = pages_pdf([["Morphine detected in urine."]])
REGISTER = "case_id,found_at,known_from,narrative\nA1,2014-06-19,2014-06-19,He had taken ketamine.\nA2,2014-08-28,,\n"


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files: dict[str, bytes] = {
        "letter.pdf": pages_pdf([LETTER, None]),
        "scene.docx": docx(paragraph("In the park.") + paragraph("He had taken diazepam.")),
        "note.txt": b"A note.\nHe had taken cocaine.\n",
        "mail.eml": made.mail("See the letter.\n", attached=[("l.pdf", "application/pdf", URINE)]),
        "scan.pdf": pages_pdf([None]),
        "register.csv": REGISTER.encode(),
        "index.csv": b"file,case_id,known_from\nletter.pdf,A1,2014-07-01\nscene.docx,A1,\nnote.txt,A2,\nmail.eml,A2,\n"
        b"scan.pdf,A2,\ngone.pdf,A2,\nnote.txt,A2,2015-01-01\n",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def suggested(folder: Path, *arguments: object, code: int = 0) -> pl.DataFrame:
    out = folder / "suggestions.csv"
    run("suggest", *arguments, "--out", out, "--substances-only", "--quiet", code=code)
    return pl.read_csv(out, infer_schema=False)


def decided(folder: Path, table: pl.DataFrame) -> Path:
    path = folder / "reviewed.csv"
    table.with_columns(
        accepted=pl.lit("yes"), reviewer=pl.lit("reviewer 7"), at=pl.lit("2021-05-06")
    ).write_csv(path)
    return path


def test_documents_and_narratives_are_read_side_by_side(folder):
    table = suggested(folder, folder / "register.csv", "--index", folder / "index.csv")
    found = set(table.select("case_id", "value", "document", "place", "known_from").iter_rows())
    assert found == {
        ("A1", "ketamine", None, None, None),
        ("A1", "ghb", "letter.pdf", "page 1", "2014-07-01"),
        ("A1", "ethanol", "letter.pdf", "page 1", "2014-07-01"),
        ("A1", "diazepam", "scene.docx", "paragraph 2", None),
        ("A2", "cocaine", "note.txt", "line 2", None),
        ("A2", "morphine", "mail.eml", "attachment 1 (l.pdf), page 1", None),
    }
    row = table.filter(pl.col("value") == "diazepam").row(0, named=True)
    assert row["sha256"] == sha256(folder / "scene.docx")
    assert (
        "In the park.\nHe had taken diazepam."[int(row["start"]) : int(row["end"])] == row["text"]
    )
    rejects = pl.read_csv(folder / "rejects.csv", infer_schema=False)
    assert [(r["file"], r["place"]) for r in rejects.iter_rows(named=True)] == [
        ("letter.pdf", "page 2"),
        ("scan.pdf", ""),
        ("gone.pdf", ""),
        ("note.txt", ""),
    ]
    assert "same bytes as note.txt" in rejects.item(3, "reason")
    documents = pl.read_csv(folder / "documents.csv", infer_schema=False)
    assert documents.get_column("file").to_list() == [
        "letter.pdf",
        "scene.docx",
        "note.txt",
        "mail.eml",
    ]
    assert json.loads(documents.item(3, "metadata"))["sent"].startswith("Thu, 19 Jun 2014")


def test_accepted_rows_become_facts_that_name_hash_and_place(folder):
    table = suggested(folder, folder / "register.csv", "--index", folder / "index.csv")
    reviewed = decided(folder, table)
    files = [
        folder / name
        for name in ("register.csv", "letter.pdf", "scene.docx", "note.txt", "mail.eml")
    ]
    run("accept", *files, "--reviewed", reviewed, "--out", folder / "facts.csv", "--quiet")
    facts = read_register(folder / "facts.csv").register.facts
    by_value = {row["value"]: row for row in facts.iter_rows(named=True)}
    ghb = by_value["ghb"]
    assert ghb["source"].startswith(
        f"document {sha256(folder / 'letter.pdf')}, page 1, characters 18-21, rule "
    )
    assert (ghb["author"], ghb["known_from"]) == ("reviewer 7", datetime(2014, 7, 1))
    assert by_value["ethanol"]["field"] == "substances_not_detected"
    assert by_value["ketamine"]["source"].startswith("narrative ")
    assert "letter" not in ghb["source"]  # a file's name may be a person's


def test_what_a_document_says_is_not_known_before_somebody_had_it(folder):
    table = suggested(folder, folder / "register.csv", "--index", folder / "index.csv")
    files = [
        folder / name
        for name in ("register.csv", "letter.pdf", "scene.docx", "note.txt", "mail.eml")
    ]
    run("accept", *files, "--reviewed", decided(folder, table), "--out", folder / "facts.csv")
    register = read_register(folder / "facts.csv").register

    def known(day: date) -> set[str]:
        row = register.as_of(day).table.filter(pl.col("case_id") == "A1").row(0, named=True)
        return {*(row["substances_suspected"] or ()), *(row["substances_detected"] or ())}

    assert known(date(2014, 6, 30)) == {"ketamine"}  # the narrative's, with its case
    assert known(date(2014, 7, 1)) == {"ketamine", "ghb"}  # the index says when the letter came
    assert known(date(2021, 5, 5)) == {"ketamine", "ghb"}
    assert known(date(2021, 5, 6)) == {"ketamine", "ghb", "diazepam"}  # the day of the review


def test_facts_of_documents_alone_go_into_a_file_of_their_own(folder):
    table = suggested(
        folder,
        folder / "note.txt",
        folder / "letter.pdf",
        "--case",
        "A1",
        "--known-from",
        "2014-08-01",
    )
    reviewed = decided(folder, table)
    files = (folder / "note.txt", folder / "letter.pdf")
    run("accept", *files, "--reviewed", reviewed, "--out", folder / "f.csv", code=2)
    told = run(
        "accept", *files, "--reviewed", reviewed, "--out", folder / "f.csv", "--only", "--json"
    )
    assert json.loads(told.output)["facts"] == 3
    facts = pl.read_csv(folder / "f.csv", infer_schema=False)
    assert {known[:10] for known in facts.get_column("known_from")} == {"2014-08-01"}


def test_a_document_that_changed_or_is_not_given_is_refused(folder):
    table = suggested(folder, folder / "note.txt", folder / "scene.docx", "--case", "A1")
    reviewed = decided(folder, table)
    (folder / "note.txt").write_bytes(b"Another note.")
    out = folder / "f.csv"
    told = run(
        "accept",
        folder / "register.csv",
        folder / "scene.docx",
        "--reviewed",
        reviewed,
        "--out",
        out,
        "--strict",
        code=1,
    )
    assert "no file with the bytes that were read" in told.output
    assert "cocaine" not in out.read_text(encoding="utf-8")
    assert "diazepam" in out.read_text(encoding="utf-8")


def test_documents_without_a_case_are_refused_and_nothing_is_replaced(folder):
    out = folder / "s.csv"
    told = run("suggest", folder / "letter.pdf", "--out", out, "--substances-only", code=2)
    assert "no case is named for it" in told.stderr
    told = run(
        "suggest", folder / "scan.pdf", "--case", "A1", "--out", out, "--substances-only", code=2
    )
    assert "scan.pdf: holds pictures of pages and no text" in told.stderr.splitlines()[-1]
    assert not out.exists()
    run("suggest", "--out", out, code=2)
    run("suggest", folder / "register.csv", "--known-from", "2014-01-01", "--out", out, code=2)
    run(
        "suggest",
        folder / "note.txt",
        "--case",
        "A1",
        "--known-from",
        "soon",
        "--out",
        out,
        "--substances-only",
        code=2,
    )
    rejects = folder / "rejects.csv"
    assert not rejects.exists()
    told = run("suggest", folder / "letter.pdf", folder / "scan.pdf", "--out", out, code=2)
    assert told.stderr.count("no case is named for it") == 2
    rejects.write_text("mine", encoding="utf-8")
    told = run("suggest", folder / "note.txt", "--case", "A1", "--out", out, code=2)
    assert "--rejects" in told.stderr
    other = folder / "not_read.csv"
    files = (folder / "note.txt", folder / "scan.pdf")
    run(
        "suggest",
        *files,
        "--case",
        "A1",
        "--out",
        out,
        "--rejects",
        other,
        "--substances-only",
        "--strict",
        code=1,
    )
    assert rejects.read_text(encoding="utf-8") == "mine"
    assert "scan.pdf" in other.read_text(encoding="utf-8")


def test_the_outcome_is_told_and_as_json_in_full(folder):
    told = run(
        "suggest", "--index", folder / "index.csv", "--out", folder / "s.csv", "--substances-only"
    )
    assert "5 suggestions from 4 documents" in told.output
    assert "4 documents, or parts of one, were not read" in told.output
    told = run(
        "suggest",
        folder / "scene.docx",
        "--case",
        "A1",
        "--out",
        folder / "other" / "s.csv",
        "--json",
        code=2,
    )
    (folder / "other").mkdir()
    told = run(
        "suggest",
        folder / "scene.docx",
        "--case",
        "A1",
        "--out",
        folder / "other" / "s.csv",
        "--json",
        "--substances-only",
    )
    assert json.loads(told.output)["documents"][0]["sha256"] == sha256(folder / "scene.docx")


def test_the_text_of_a_document_is_printed_with_its_places(folder):
    told = run("document", folder / "letter.pdf")
    assert told.stdout == f"[page 1]\n{LETTER[0]}\n{LETTER[1]}\n"
    assert "not read: page 2: holds a picture" in told.stderr
    assert (
        run("document", folder / "note.txt").stdout
        == "[line 1] A note.\n[line 2] He had taken cocaine.\n"
    )
    about = run("document", folder / "mail.eml", "--about").stdout
    assert f"SHA-256: {sha256(folder / 'mail.eml')}" in about
    assert "from (by its own word): Officer 7" in about
    assert "attachment 1 (l.pdf): " in about
    assert "Morphine" not in about
    full = json.loads(run("document", folder / "scene.docx", "--json").stdout)
    assert full["places"][1] == {"start": 13, "end": 35, "where": "paragraph 2"}
    assert "text" not in json.loads(
        run("document", folder / "scene.docx", "--about", "--json").stdout
    )
    told = run("document", folder / "register.csv", code=2)
    assert "documents are read as .txt, .docx, .pdf or .eml" in told.stderr


def test_a_file_name_that_looks_like_a_formula_is_none_in_the_tables(tmp_path):
    path = tmp_path / "=HYPERLINK(1).txt"
    path.write_bytes(b"He had taken cocaine.")
    made_of = suggest_documents([Named(path, "A1")], read=suggest_substances)
    assert made_of.suggestions.item(0, "document") == "./=HYPERLINK(1).txt"
    assert made_of.documents.item(0, "file").startswith("./")


@pytest.mark.parametrize(
    "text",
    [
        "He had taken GHB. " * 3_000,
        "He had taken GHB\n" * 3_000,
        "He had taken GHB, " * 3_000,
        "x" * 20_000,
    ],
)
def test_a_long_text_suggests_the_same_read_in_blocks(text):
    found = in_blocks(text, suggest_substances, 100_000)
    assert all(s.span(text) == "GHB" for s in found)
    assert len(found) == text.count("GHB")
    starts = [s.start for s in found]
    assert starts == sorted(starts)


def test_a_text_that_suggests_without_end_is_refused(folder):
    path = folder / "long.txt"
    path.write_text("He had taken GHB.\n" * 300, encoding="utf-8")
    made_of = suggest_documents(
        [Named(path, "A1")], read=suggest_substances, limits=with_limits(suggestions=200)
    )
    assert made_of.suggestions.is_empty()
    assert "long.txt: suggests more than 200 things; split it" in made_of.refused.item(0, "reason")


def document(text: str = "He had taken cocaine.") -> Document:
    return Document("a.txt", "ab" * 32, 1, "txt", text, (Place(0, len(text), "line 1"),))


def rows(**change: str) -> pl.DataFrame:
    row = {
        "case_id": "A1",
        "field": "substances_suspected",
        "value": "cocaine",
        "assertion": "present",
        "start": "13",
        "end": "20",
        "text": "cocaine",
        "rule": "r",
        "version": "1",
        "document": "a.txt",
        "sha256": "ab" * 32,
        "place": "line 1",
        "known_from": "",
        "accepted": "yes",
        "reviewer": "r7",
        "at": "2021-01-01",
    }
    return pl.DataFrame([{**row, **change}])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"known_from": "2020-01-01"}, None),
        ({"known_from": "2022-01-01"}, "later than the review"),
        ({"known_from": "soon"}, "ISO 8601"),
        ({"sha256": "cd" * 32}, "the same SHA-256"),
        ({"sha256": ""}, "of a narrative; name the register"),
        ({"text": "heroin"}, "does not stand at 13-20 of the document"),
        ({"start": "12"}, "does not stand"),
    ],
)
def test_a_row_of_a_document_is_held_against_the_document(change, says):
    taken = accept(None, rows(**change), None, {"ab" * 32: document()})
    assert taken.facts.height == (says is None)
    if says:
        assert says in taken.refused.item(0, "reason")


def test_a_whole_rule_accepted_at_once_names_the_document_too():
    whole = Together("r", "1", "r7", datetime(2021, 1, 1), decided=20, accepted=19)
    taken = accept(None, rows(accepted="", reviewer="", at=""), whole, {"ab" * 32: document()})
    source = taken.facts.item(0, "source")
    assert source.startswith(f"document {'ab' * 32}, line 1, characters 13-20, rule r, version 1")
    assert "accepted together" in source
    assert taken.facts.item(0, "known_from") == datetime(2021, 1, 1)


def test_the_same_place_in_two_documents_is_not_the_same_suggestion():
    one, other = rows(), rows(sha256="cd" * 32)
    assert agreement(one, rows(accepted="no")).rows == 1
    assert agreement(one, other).rows == 0
    without = rows().drop("document", "sha256", "place", "known_from")
    assert agreement(without, without).rows == 1


def test_files_are_told_apart_by_their_names_and_by_who_named_a_case(folder):
    files = [folder / n for n in ("register.csv", "note.txt", "letter.pdf", "old.DOC")]
    register, named, strays = gather(files)
    assert [p.name for p in register] == ["register.csv", "note.txt"]
    assert not named
    assert [p.name for p in strays] == ["letter.pdf", "old.DOC"]
    register, named, strays = gather(files, case="A1", known_from="2014-01-01")
    assert [p.name for p in register] == ["register.csv"]
    assert named[0] == Named(folder / "note.txt", "A1", "2014-01-01")
    register, named, _ = gather(files[:2], index=folder / "index.csv")
    assert [p.name for p in register] == ["register.csv"]
    assert sum(n.path.name == "note.txt" for n in named) == 2
    with pytest.raises(InputError, match="leave one of the two out"):
        gather(files, case="A1", index=folder / "index.csv")
    assert not is_document(Path("a.csv"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has the columns"),
        ("file\na.pdf\n", "has the columns"),
        ("file,case_id,colour\na.pdf,A1,red\n", "has the columns"),
        ("file,case_id,file\na.pdf,A1,b\n", "has the columns"),
        ("file,case_id\na.pdf\n", "row 2 does not name"),
        ("file,case_id\na.pdf,\n", "row 2 does not name"),
        ('file,case_id\n"a.pdf,A1\n', "is no CSV"),
        ("file,case_id\n\xe9.pdf,A1\n", "is not UTF-8"),
    ],
)
def test_an_index_that_does_not_say_enough_is_refused(tmp_path, text, says):
    path = tmp_path / "index.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=says):
        read_index(path)


def test_an_index_may_be_separated_by_semicolons_and_hold_blank_lines(tmp_path):
    path = tmp_path / "index.csv"
    path.write_text("\ufeffcase_id;file\nA1; a.pdf \n;\nA1;a.pdf\n", encoding="utf-8")
    assert read_index(path) == [Named(tmp_path / "a.pdf", "A1")]


def test_a_store_keeps_hash_and_place_of_what_a_document_says_and_its_words_as_an_exhibit(folder):
    url = str(folder / "cases.db")
    run("intake", folder / "register.csv", "--store", url, "--quiet")
    letter = folder / "letter.pdf"
    table = suggested(folder, letter, "--case", "A1")
    run("accept", letter, "--only", "--reviewed", decided(folder, table), "--out", folder / "f.csv")
    run("intake", folder / "f.csv", "--store", url, "--quiet")
    about = folder / "about.txt"
    about.write_text(run("document", letter, "--about").stdout, encoding="utf-8")
    run(
        "exhibit",
        "add",
        "A1",
        "document",
        "--store",
        url,
        "--found",
        "handed_in",
        "--text-file",
        about,
    )
    assert "Intact" in run("verify", "--store", url).output
    with closing(sqlite3.connect(url)) as store:
        facts = store.execute(
            "SELECT value, origin FROM ledger_fact WHERE origin LIKE 'document %'"
        )
        said = dict(facts.fetchall())
        texts = [value for (value,) in store.execute("SELECT value FROM ledger_content")]
    assert said.keys() == {"ghb", "ethanol"}
    assert all(
        origin.startswith(f"document {sha256(letter)}, page 1, ") for origin in said.values()
    )
    assert any(sha256(letter) in text for text in texts)
