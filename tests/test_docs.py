"""The documentation says what the program does, and its own checker finds what is broken."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scripts.docs import faults

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CALL = re.compile(r"^\s*(?:\S*/)?openverdict +([a-z][^#\n]*)", re.MULTILINE)


def _calls() -> list[tuple[str, str]]:
    return [
        (str(page.relative_to(ROOT)), call.strip())
        for page in PAGES
        for block in re.findall(
            r"^```(?:sh|text)?\n(.*?)^```|((?:^    .*\n)+)",
            page.read_text(encoding="utf-8"),
            re.M | re.S,
        )
        for call in CALL.findall("".join(block))
    ]


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_somewhere_for_who_reads_the_page_in_the_repository(page):
    text = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    assert [to for to in LINK.findall(text) if not (page.parent / to).exists()] == []


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    """The commands of the program by name."""
    from typer.main import get_command

    from openverdict.cli import app

    program: Any = get_command(app)
    return program.commands


@pytest.mark.parametrize(("page", "call"), _calls(), ids=lambda value: value)
def test_a_command_in_the_docs_exists_with_its_options(page, call, commands):
    name, *words = call.split()
    assert name in commands, f"{page}: openverdict {call}"
    command = commands[name]
    while getattr(command, "commands", None):  # a command of commands: checkpoint export
        assert words, f"{page}: openverdict {call}"
        assert words[0] in command.commands, f"{page}: openverdict {call}"
        command = command.commands[words.pop(0)]
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known, f"{page}: openverdict {call}"


def test_the_names_in_the_python_example_exist():
    import openverdict

    for page in (ROOT / "README.md", ROOT / "docs" / "reference" / "api.md"):
        line = re.search(r"^from openverdict import (.+)$", page.read_text(encoding="utf-8"), re.M)
        assert line is not None
        for name in line[1].split(", "):
            assert callable(getattr(openverdict, name))


def _site(folder: Path, body: str) -> Path:
    (folder / "index.html").write_text(f"<h1 id=top>t</h1>{body}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<a href="gone.html">x</a>', "leads nowhere"),
        ('<a href="#gone">x</a>', "has no such anchor"),
        ('<img src="gone.png">', "leads nowhere"),
        ('<script src="//elsewhere.example/a.js"></script>', "fetches"),
        ('<link rel="stylesheet" href="https://elsewhere.example/a.css">', "fetches"),
    ],
)
def test_the_docs_checker_finds(tmp_path, body, says):
    found = faults(_site(tmp_path, body))
    assert any(says in fault for fault in found)


def test_the_page_of_performance_says_what_the_stored_figures_say():
    from benchmarks.scale_parts.page import page

    figures = (ROOT / "benchmarks" / "results" / "scale.json").read_text(encoding="utf-8")
    written = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert written == page(json.loads(figures))


def test_the_docs_checker_passes_a_sound_page(tmp_path):
    body = '<a href="#top">x</a><a href="index.html#top">y</a><a href="https://elsewhere.example">z</a>'
    assert faults(_site(tmp_path, body)) == []


def test_an_empty_site_is_a_fault(tmp_path):
    assert len(faults(tmp_path)) == 1


def test_the_register_of_the_tutorial_reads_whole_and_uses_listed_codes(tmp_path):
    from openverdict.cases import FieldType, dictionary
    from openverdict.intake import read_register

    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    listing = re.search(r"```text\n(case_id,.*?)```", page, re.S)
    assert listing is not None
    file = tmp_path / "register.csv"
    file.write_text(listing[1], encoding="utf-8")
    read = read_register(file)
    assert (len(read.register), read.rejected_rows) == (6, 0)
    for name, field in dictionary().items():
        if field.type is FieldType.CODE and field.values and not field.equality:
            assert set(read.register.table.get_column(name).drop_nulls()) <= set(field.values)
