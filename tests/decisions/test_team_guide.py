"""The guide for a team that works by commands: what it says is typed, line by line, and comes out as it says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openverdict.cli import app

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "team.md"


def lines() -> list[str]:
    """Every command of the guide, continued lines joined."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    return [
        line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()
    ]


def typed(line: str) -> str:
    """What one line says on standard output; the program's own commands run in this process, which is quicker."""
    command, _, target = line.partition(" > ")
    words = shlex.split(command)
    if words[0] == "openverdict":
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, f"{line}\n{result.output}"
        said = result.stdout
    else:
        words[0] = sys.executable if words[0] == "python" else words[0]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said = done.stdout
    if target:
        Path(target.strip()).write_text(said, encoding="utf-8")
    return said


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """The folder in which all of it was typed, and what each line said."""
    folder = tmp_path_factory.mktemp("team")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("OPENVERDICT_SIGNING_KEY", raising=False)
        said = [(line, typed(line)) for line in lines()]
    return folder, said


def answers(worked, start):
    return [said for line, said in worked[1] if line.startswith(start)]


def test_every_command_of_the_guide_does_what_the_guide_says(worked):
    folder, _ = worked
    (verified,) = answers(worked, "python pack/")
    assert verified.rstrip().endswith("intact")
    assert "Intact" in answers(worked, "openverdict verify")[0]
    assert "A second person" in answers(worked, "openverdict decide record")[0]
    assert "A second person" not in answers(worked, "openverdict decide second")[0]
    yes, no = answers(worked, "openverdict account why")
    assert yes.startswith("Yes")
    assert no.startswith("No")
    for name in ("considered.html", "lead.html", "never.html", "never.csv", "never.xlsx"):
        assert (folder / name).stat().st_size


def test_the_lead_of_the_guide_was_never_decided_on_and_its_report_says_so(worked):
    told = json.loads((worked[0] / "lead.json").read_text(encoding="utf-8"))
    assert "Nobody decided on it." in told["never"]
    assert any("referral 1: unanswered since" in said for said in told["never"])
    assert [(each["subject"], each["conclusion"]) for each in told["beside"]] == [
        ("B|C", "similar")
    ]


def test_the_pack_of_the_guide_for_a_panel_names_nobody(worked):
    text = (worked[0] / "panel.zip").read_bytes()
    assert b"a.reviewer" not in text
    profile = json.loads((worked[0] / "pack" / "attached" / "profile.json").read_text("utf-8"))
    assert profile["decisions"] == 4
    assert profile["decisions_withheld"] == 0


def test_the_late_result_of_the_guide_is_told_and_its_erasure_is_proved(worked):
    (told,) = answers(worked, "openverdict news notices")
    assert "case B: coroners_doubt" in told
    assert "case B: list_changed by run 2" in told
    assert (
        "late results on 1 case. Told: a.reviewer (1 case)."
        in (answers(worked, "openverdict review")[1])
    )
    assert "Approved by: a.supervisor" in answers(worked, "openverdict keep check")[0]
    assert all("Intact" in said for said in answers(worked, "openverdict verify"))
