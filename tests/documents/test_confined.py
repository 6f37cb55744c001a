"""The process in which a document is parsed: what it is held to, what it answers, and that nothing it does harms its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
from tests.documents import made
from tests.documents.made import docx, pages_pdf
from tests.documents.reading import with_limits

from openverdict.documents import LIMITS, child, read_document, read_document_bytes
from openverdict.documents import read as reading
from openverdict.documents.answer import checked
from openverdict.documents.source import read_file
from openverdict.errors import EngineError, InputError

POSIX = pytest.mark.skipif(os.name != "posix", reason="these limits are those of POSIX")


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let the process do something else than it is made for, once it has read what it is asked."""
    start = f"import sys, json, os, time; asked = sys.stdin.buffer.readline(); {code}"
    monkeypatch.setattr(reading, "_START", start)


def confined(code: str, **most: int) -> subprocess.CompletedProcess[str]:
    """Run a line in a process held to its limits."""
    before = "from openverdict.documents.child import confine, forbid; from openverdict.documents import Limits; "
    start = f"{before}limits = Limits(**{asdict(with_limits(**most))!r}); confine(limits); forbid(); {code}"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", start], env=env, capture_output=True, text=True, check=False
    )


def test_each_kind_is_read_in_a_process_of_its_own(tmp_path):
    for name, data in (
        ("a.docx", docx()),
        ("a.pdf", pages_pdf([["He was found in the park."]])),
        ("a.eml", made.mail("He was found in the park.\n")),
        ("a.txt", b"He was found in the park."),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        document = read_document(path)
        assert document.text.endswith("He was found in the park.")
        assert document == read_document_bytes(name, data)
        assert document.size_bytes == len(data)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("time.sleep(99)", "takes longer than 1 s"),
        ("os.close(1); time.sleep(99)", "takes longer than 1 s"),
        ("os._exit(3)", "made its reader break off"),
        ("os.abort()", "made its reader break off"),
        (
            "sys.stdout.write('x' * 30_000_000); sys.stdout.flush(); time.sleep(99)",
            "says more than",
        ),
        ("sys.stdout.write('nothing that is JSON')", "an answer that is none"),
        ("sys.stdout.write('[' * 100_000)", "an answer that is none"),
        ("sys.stdout.write(json.dumps({'refused': ['x']}))", "x"),
        ("sys.stdout.write(json.dumps({'refused': 'a\\n\\x1b[31mb'}))", "a [31mb"),
        ("pass", "made its reader break off"),
    ],
)
def test_whatever_the_process_does_is_one_line_to_its_parent(monkeypatch, code, says):
    instead(monkeypatch, code)
    monkeypatch.setattr(reading, "GRACE_S", 1)
    before = threading.active_count()
    with pytest.raises(InputError) as refused:
        read_document_bytes("a.txt", b"x", with_limits(wall_s=1, answer_bytes=1 << 20))
    assert says in str(refused.value)
    assert str(refused.value).startswith("a.txt: ")
    assert str(refused.value).isprintable()
    assert threading.active_count() == before


def test_a_process_that_reads_nothing_does_not_hold_up_its_parent(monkeypatch):
    monkeypatch.setattr(reading, "_START", "import os; os._exit(0)")
    with pytest.raises(InputError, match="break off"):
        read_document_bytes("a.txt", b"x" * (8 << 20))


def test_without_a_process_the_error_says_so(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EngineError, match="could not be started"):
        read_document_bytes("a.txt", b"x")


@POSIX
def test_memory_and_computing_time_are_limited(monkeypatch):
    start = (
        "import sys, json; asked = json.loads(sys.stdin.buffer.readline()); sys.path[:] = asked['path']; "
        "from openverdict.documents.child import confine; from openverdict.documents import Limits; "
        "confine(Limits(**asked['limits'])); "
    )
    monkeypatch.setattr(reading, "_START", start + "x = bytearray(1 << 30)")
    with pytest.raises(InputError, match="needs more than 300 MiB of memory"):
        read_document_bytes("a.txt", b"x", with_limits(memory_bytes=300 << 20))
    monkeypatch.setattr(reading, "_START", start + "\nwhile True: pass")
    with pytest.raises(InputError, match="more than 1 s of computing"):
        read_document_bytes("a.txt", b"x", with_limits(cpu_s=1))


@POSIX
def test_too_little_memory_for_a_document_is_said(monkeypatch):
    with pytest.raises(InputError, match="memory"):
        read_document_bytes(
            "a.txt", b"word " * (4 << 20), with_limits(memory_bytes=70 << 20, characters=10**9)
        )


@POSIX
@pytest.mark.parametrize(
    "code",
    [
        "open('made.txt', 'w')",
        "import os; os.open('made.txt', os.O_CREAT | os.O_WRONLY)",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import os; os.remove('/nowhere')",
    ],
)
def test_the_process_reaches_for_nothing_outside(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = confined(code)
    assert done.returncode != 0
    assert "it was stopped" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_process_is_told_nothing_of_its_parent_but_where_python_is(monkeypatch):
    monkeypatch.setenv("OPENVERDICT_SECRET", "the key of the log")
    instead(
        monkeypatch,
        "sys.stdout.write(json.dumps({'refused': ' '.join(os.environ) + ' '.join(sys.argv)}))",
    )
    with pytest.raises(InputError) as refused:
        read_document_bytes("Name of a person.txt", b"x")
    said = str(refused.value).partition(": ")[2]
    assert "SECRET" not in said
    assert "person" not in said


GOOD = {"text": "ab", "places": [[0, 2, "line 1"]], "metadata": {}, "notes": [], "unread": [], "attachments": []}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""}, {"text": 1}, {"text": "a\x1b"}, {"text": "abc"}, {"text": "a\r"},
        {"places": []}, {"places": [[0, 1, "x"]]}, {"places": [[0, 3, "x"]]}, {"places": [[-1, 2, "x"]]},
        {"places": [[0, 2, 3]]}, {"places": [[0, 2]]}, {"places": [[0, 2.0, "x"]]}, {"places": [[True, 2, "x"]]},
        {"places": [[0, 2, "x" * 501]]}, {"places": [[0, 1, "x"], [0, 2, "y"]]}, {"places": "ab"},
        {"metadata": []}, {"metadata": {"a b": "x"}}, {"metadata": {"a": 1}}, {"metadata": {"a": "x" * 1_001}},
        {"notes": [1]}, {"notes": "x"}, {"notes": ["x"] * 1_001}, {"unread": [["x"]]}, {"unread": [["x", 1]]},
        {"attachments": [["x", "0" * 63, 1, True]]}, {"attachments": [["x", "z" * 64, 1, True]]},
        {"attachments": [["x", "0" * 64, -1, True]]}, {"attachments": [["x", "0" * 64, 1, 1]]},
        {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_is_believed_only_if_every_part_of_it_holds(change):
    def answer(said: object) -> bytes:
        return json.dumps(said).encode()

    assert checked("a.txt", "0" * 64, 2, "txt", answer(GOOD), LIMITS).text == "ab"
    with pytest.raises(InputError, match="an answer that is none"):
        checked("a.txt", "0" * 64, 2, "txt", answer({**GOOD, **change}), LIMITS)


def test_what_no_parser_foresaw_is_a_refusal_too(monkeypatch):
    def fails(data: bytes, pieces: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(child.READERS, "txt", fails)
    assert "ZeroDivisionError" in child.parse("txt", b"x", LIMITS)["refused"]
    for error in (MemoryError, RecursionError):

        def raises(data: bytes, pieces: object, error: type[Exception] = error) -> None:
            raise error

        monkeypatch.setitem(child.READERS, "txt", raises)
        assert "; " in child.parse("txt", b"x", LIMITS)["refused"]


HOSTILE: dict[str, bytes | Callable[[], bytes]] = {
    "zip that lies.docx": partial(made.lying_zip, 256 << 20),  # which takes a second to make
    "zip of 10 GB.docx": made.big_zip(),
    "overlapping zip.docx": made.overlapping_zip(),
    "laughs.docx": docx(document=made.LAUGHS),
    "deep.docx": docx(
        "<w:p>" * 100_000
        + "</w:p>" * 100_000
        + "<!--"
        + "".join(map(chr, range(32, 127))) * 90
        + "-->"
    ),
    "deep mail.eml": made.nested_mail(10_000),
    "deep page.eml": made.mail(None, "<b>" * 100_000),
    "10,000 pages.pdf": pages_pdf([["x"]] * 10_000),
    "deep arrays.pdf": made.hostile_pdfs()["deep_arrays"],
    "bomb.pdf": made.hostile_pdfs()["bomb"],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_within_the_limits_with_one_line(name):
    made_one = HOSTILE[name]
    data = made_one if isinstance(made_one, bytes) else made_one()
    with pytest.raises(InputError) as refused:
        read_document_bytes(name, data, with_limits(unpacked_bytes=8 << 20))
    said = str(refused.value)
    assert said.startswith(f"{name}: ")
    assert "; " in said
    assert said.isprintable()
    assert "break off" not in said
    assert "could not be read (" not in said


def test_a_file_of_a_gibibyte_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(
        InputError, match=r"large.txt: has 1,073,741,824 bytes, more than 64 MiB; split it"
    ):
        read_document(path)


@POSIX
def test_links_pipes_devices_and_folders_are_refused_without_waiting(tmp_path):
    target = tmp_path / "a.txt"
    target.write_bytes(b"x")
    (tmp_path / "link.txt").symlink_to(target)
    (tmp_path / "lost.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.pdf").mkdir()
    os.mkfifo(tmp_path / "pipe.eml")
    for name, says in (
        ("link.txt", "is a link"), ("lost.txt", "is a link"), ("folder.pdf", "is a folder"),
        ("pipe.eml", "is a device or a pipe"), ("gone.docx", "no such file"), ("a\0b.txt", "no name of a file"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            read_document(tmp_path / name)
    device = Path("/dev/zero")
    with pytest.raises(InputError, match="documents are read as"):
        read_document(device)
    with pytest.raises(InputError, match="is a device or a pipe"):
        read_file(device, LIMITS)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.docx", pages_pdf([["x"]]), "is a PDF, not a DOCX"),
        ("a.docx", b"plain words", "named DOCX and is none"),
        ("a.docx", b"\xd0\xcf\x11\xe0", "password, or an old Word"),
        ("a.pdf", docx(), "a zip archive or an Office file, not a PDF"),
        ("a.pdf", b"plain words", "named PDF and is none"),
        ("a.txt", pages_pdf([["x"]]), "is a PDF, not text"),
        ("a.docm", docx(), "with macros; save it as .docx"),
        ("a.doc", b"x", "an old Word document; save it as .docx"),
        ("a.msg", b"x", "save it as .eml"),
        ("a.jpg", b"x", "recognise its characters"),
        ("a.xyz", b"x", "ends in '.xyz'; documents are read as"),
        ("a", b"x", "ends in 'nothing'"),
        (".pdf", b"x", "ends in 'nothing'"),
        ("a.pdf", b"", "is empty"),
    ],
)
def test_a_file_of_another_kind_is_refused_as_what_it_is(name, data, says, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=says) as refused:
        read_document(path)
    assert str(refused.value).startswith(f"{name}: ")


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="cannot be opened"):
        read_document(path)
