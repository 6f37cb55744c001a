"""A name is looked up in the vocabulary and in a list of names, and nothing is made of it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from openverdict.cases import substances
from openverdict.cli import app
from openverdict.errors import InputError
from openverdict.toxicology import look_up

LIST = """Name\tTYPE\tUNII\tDisplay Name
CLONAZEPAM\tcn\tAAAAAAAAA1\tCLONAZEPAM
CLONAZEPAM [INN]\tcn\tAAAAAAAAA1\tCLONAZEPAM
MADE-UP "BRAND"\tbn\tAAAAAAAAA1\tCLONAZEPAM
MADE UP BRAND\tbn\tBBBBBBBBB2\tNOTHING KNOWN
"""


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text(LIST, encoding="utf-8", newline="\r\n")
    return path


def test_a_brand_leads_to_every_substance_of_that_name_and_to_the_vocabularys_word(names):
    (meaning,) = look_up(["made-up brand"], names)
    assert meaning.code is None
    assert [(each.unii, each.display, each.codes) for each in meaning.listed] == [
        ("AAAAAAAAA1", "CLONAZEPAM", ("clonazepam",)),
        ("BBBBBBBBB2", "NOTHING KNOWN", ()),
    ]
    assert meaning.listed[0].names == ('MADE-UP "BRAND"', "CLONAZEPAM [INN]")


def test_what_stands_in_brackets_does_not_count(names):
    (meaning,) = look_up(["Clonazepam"], names)
    assert [each.unii for each in meaning.listed] == ["AAAAAAAAA1"]


def test_every_word_of_the_vocabulary_is_told_as_what_it_is():
    for code, entry in substances().items():
        known = look_up(
            [code, *entry.synonyms, *entry.misspellings, *entry.ambiguous, *entry.traps]
        )
        by_word = {meaning.word: meaning for meaning in known}
        assert by_word[code].code == code
        assert all(code in by_word[word].ambiguous for word in entry.ambiguous)
        assert all(code in by_word[word].trap_of for word in entry.traps)


@pytest.mark.parametrize(
    ("text", "said"),
    [("Name;UNII\nA;B\n", "not a list of names"), (None, "there is no such file")],
)
def test_a_file_that_is_no_such_list_is_refused_in_one_line(tmp_path, text, said):
    path = tmp_path / "other.txt"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        look_up(["ghb"], path)


def test_a_word_without_a_letter_is_refused():
    with pytest.raises(InputError, match="no letter or digit"):
        look_up(["?!"])


def test_the_command_says_what_to_write_and_writes_nothing(names, tmp_path):
    before = sorted(tmp_path.iterdir())
    said = CliRunner().invoke(app, ["substance", "made up brand", "G", "--names", str(names)])
    assert said.exit_code == 0
    assert "the vocabulary has clonazepam: write that, if it is what was meant" in said.output
    assert "not clear on its own: it can mean" in said.output
    told = CliRunner().invoke(app, ["substance", "GHB", "--names", str(names), "--json"])
    assert json.loads(told.output)[0]["code"] == "ghb"
    assert sorted(tmp_path.iterdir()) == before
