"""The house keeps its rules: rooms say what they are for, locks are whole, and nothing names this machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "openverdict"
MODULES = sorted(SOURCE.rglob("*.py"))
ROOMS = sorted(path.parent for path in SOURCE.glob("*/__init__.py"))


def _tracked() -> list[Path]:
    """Every file that a clone would get; in an unpacked archive without git, every file outside dot folders."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
        names = [name for name in listing.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def _texts() -> list[tuple[Path, str]]:
    texts = []
    for path in _tracked():
        try:
            texts.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return texts


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_opens_by_saying_what_it_is_for(module: Path):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_a_room_says_what_it_is_for_and_hands_out_names(room: Path):
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert len(ast.get_docstring(tree) or "") > 60
    assert "__all__" in names


def test_every_room_has_its_tests_in_the_same_place():
    without = [
        room.name for room in ROOMS if not list((ROOT / "tests" / room.name).rglob("test_*.py"))
    ]
    assert without == []


def test_no_file_names_a_package_host():
    # In two halves, so that this file does not name one either.
    hosts = ["p" + "ypi.org", "p" + "ythonhosted.org", "deb." + "debian.org", "registry." + "npmjs"]
    pattern = re.compile("|".join(map(re.escape, hosts)), re.IGNORECASE)
    assert [str(path) for path, text in _texts() if pattern.search(text)] == []


def test_no_file_names_a_place_on_somebodys_machine():
    pattern = re.compile("/" + r"(?:home|Users|work|root)/[A-Za-z0-9_.-]+")
    assert [str(path) for path, text in _texts() if pattern.search(text)] == []


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda p: p.name
)
def test_every_locked_requirement_is_pinned_by_hash_and_names_no_source(lock: Path):
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip().replace("\\\n", " "))
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


def test_the_lock_holds_every_requirement_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    pinned = {
        _canonical(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", locked, re.MULTILINE)
    }
    needed = {_canonical(re.split(r"[\[<>=!~; ]", line)[0]) for line in project["dependencies"]}
    assert needed <= pinned


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_facade_starts_without_the_heavy_libraries():
    code = "import sys, openverdict; print(*({'polars', 'numba', 'scipy', 'pyarrow'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
