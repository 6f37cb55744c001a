"""Uploaded files while somebody looks at what would become of them: in a folder of the app's own, readable by nobody else.

Beside the app's database stands `….spool`, and in it a folder an upload: the files under their own names, what was found in
them, and the mapping chosen. All of it goes when the files were taken in or thrown away, and after a week in any case.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.utils import timezone

from openverdict.documents.kinds import named_kind, refusal
from openverdict.errors import InputError
from openverdict.intake.files import KINDS
from openverdict.ledger.address import Address
from openverdict.web.models import ACTIVE, Job
from openverdict.web.running import current

KEPT = timedelta(days=7)
MOST_FILES = 50
PLACE = "OPENVERDICT_SPOOL"
ABOUT, MAPPING, REJECTS = "about.json", "mapping.toml", "rejects.parquet"
FILES, TOGETHER = "files", "together"
_TOKEN = re.compile(r"[0-9a-f]{32}")


def place_of(database: Address) -> Path:
    """Where uploads stand: beside the app's database; on PostgreSQL, where the variable says, or a folder of this user's."""
    if (given := os.environ.get(PLACE)) is not None:
        return Path(given)
    if database.path is not None:
        return database.path.with_name(f"{database.path.stem}.spool")
    mark = sha256(database.shown.encode()).hexdigest()[:12]
    user = getattr(os, "getuid", lambda: "user")()
    return Path(tempfile.gettempdir()) / f"openverdict-spool-{user}-{mark}"


def folder() -> Path:
    """The folder of this app's uploads, made if need be. A folder of somebody else's is refused."""
    path = place_of(current().database)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    user = getattr(os, "getuid", lambda: found.st_uid)()
    if path.is_symlink() or found.st_uid != user:
        raise InputError(f"{path}: is not this user's own folder; set {PLACE} to one that is")
    path.chmod(0o700)
    return path


@dataclass(frozen=True)
class Upload:
    """One upload: whose, when, which files; what was chosen and found so far (`about`)."""

    token: str
    folder: Path
    about: Mapping[str, Any]

    @property
    def paths(self) -> list[Path]:
        """Its files, in the order in which they came, each under its own name."""
        return [
            self.folder / FILES / str(place) / str(each["name"])
            for place, each in enumerate(self.about["files"])
        ]

    @property
    def together(self) -> Path:
        """Where its files stand side by side, those of a comparison."""
        return self.folder / TOGETHER

    def put_together(self) -> None:
        """Put its files into one folder; names are as they came, each once."""
        self.together.mkdir(mode=0o700)
        for path in self.paths:
            path.replace(self.together / path.name)

    @property
    def mapping(self) -> Path:
        """Where the mapping stands, where one was made on a page."""
        return self.folder / MAPPING

    @property
    def rejects(self) -> Path:
        """Where the rejects of the dry run stand."""
        return self.folder / REJECTS

    def keep(self, **told: Any) -> Upload:
        """Write down what was chosen or found."""
        about = {**self.about, **told}
        write(self.folder / ABOUT, json.dumps(about, ensure_ascii=False).encode())
        return Upload(self.token, self.folder, about)

    def remove(self) -> None:
        """Throw it away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """Write a file of the spool, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    part.replace(path)


def receive(
    user: str,
    files: Sequence[Any],
    sheet: str | None,
    *,
    case: str | None = None,
    comparison: bool = False,
) -> Upload:
    """Put uploaded files into a folder of their own. `case`: that documents are about; registers are about many.

    `comparison`: they are the folder of a comparison of persons, whose names the caller has looked at.

    Raises:
        InputError: a file that is not read by its name, an empty one, too many, or two of one name.
    """
    if len(files) > MOST_FILES:
        raise InputError(f"{len(files)} files at once: give at most {MOST_FILES}")
    for each in files:
        name = str(each.name)
        if case is not None and named_kind(name) is None:
            raise InputError(f"{name}: {refusal(name)}")
        if case is None and not comparison and Path(name).suffix.lower() not in KINDS:
            raise InputError(
                f"{name}: files ending in {Path(name).suffix or 'nothing'!r} are not read; "
                "save it as .csv, .xlsx, .parquet or .json"
            )
        if not each.size and not comparison:
            raise InputError(f"{name}: the file is empty; choose the one that holds something")
    token = secrets.token_hex(16)
    own = folder() / token
    try:
        for made in (own, own / FILES):
            made.mkdir(mode=0o700)
        for place, each in enumerate(files):
            (own / FILES / str(place)).mkdir(mode=0o700)
            _put(each, own / FILES / str(place) / str(each.name))
    except OSError as error:
        shutil.rmtree(own, ignore_errors=True)
        raise InputError(
            f"the files could not be kept ({error.strerror}); make room on the disk of the app"
        ) from None
    about = {
        "user": user,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "files": [{"name": str(each.name), "bytes": int(each.size)} for each in files],
        "sheet": sheet,
        "case": case,
        "comparison": comparison,
    }
    return Upload(token, own, {}).keep(**about)


def find(
    token: str, user: str, *, case: str | None = None, comparison: bool = False
) -> Upload | None:
    """An upload of this person's: of a register, of a document about a case, or of a comparison of persons; None where there
    is none (any more).
    """
    if not _TOKEN.fullmatch(token):
        return None
    own = folder() / token
    try:
        about = json.loads((own / ABOUT).read_bytes())
    except (OSError, ValueError):
        return None
    kind = (about.get("user"), about.get("case"), about.get("comparison", False))
    own_one = kind == (user, case, comparison)
    return Upload(token, own, about) if own_one else None


def uploads_of(user: str) -> list[Upload]:
    """The registers that a person uploaded and that were neither taken in nor thrown away, the newest at the head."""
    found = [find(path.name, user) for path in folder().iterdir() if path.is_dir()]
    own = [each for each in found if each is not None]
    return sorted(own, key=lambda each: str(each.about["made_at"]), reverse=True)


def tidy(now: datetime) -> int:
    """Remove uploads that nobody came back to, and what broken uploads left; how many."""
    busy = set(
        Job.objects.filter(state__in=ACTIVE).exclude(batch="").values_list("batch", flat=True)
    )
    removed = 0
    for path in folder().iterdir():
        old = now.timestamp() - path.lstat().st_mtime > KEPT.total_seconds()
        if path.name in busy or not old:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed += 1
    return removed


def _put(given: Any, path: Path) -> None:
    """Move a file that Django wrote into the spool; nothing is copied."""
    written = given.temporary_file_path() if hasattr(given, "temporary_file_path") else None
    if written is not None and Path(written).parent == folder():
        given.file.flush()
        with suppress(PermissionError):  # Windows moves no file that is open: it is copied
            Path(written).replace(path)
            path.chmod(0o600)
            return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for chunk in given.chunks():
            out.write(chunk)
