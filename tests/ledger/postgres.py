"""A PostgreSQL server of the tests' own: started from the system's package, in a folder that goes away with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests import memory


def find_binaries() -> Path | None:
    """The folder with initdb and postgres, where Debian's package or the path has them."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[4])
    )
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _as_somebody() -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    return ["runuser", "-u", "postgres" if "postgres" in names else "nobody", "--"]


@dataclass
class Cluster:
    """A running server, reached through a socket in its own folder."""

    folder: Path
    binaries: Path
    user: list[str]

    @classmethod
    def start(cls, binaries: Path, *settings: str, in_memory: bool = True) -> Cluster:
        """Make a cluster and start it. `settings`: lines of postgresql.conf."""
        # In memory where there is room for it. A socket's path has to be short.
        place = memory.folder() if in_memory else None
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir=place or "/tmp"))  # noqa: S108
        user = _as_somebody()
        if user:
            shutil.chown(folder, user[2])
        cluster = cls(folder, binaries, user)
        cluster._run(
            "initdb", "-D", "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        lines = ["listen_addresses = ''", f"unix_socket_directories = '{folder}'", *settings]
        # Into the folder through its owner, who alone may write there.
        cluster._run(
            "sh",
            "-c",
            f"cat >> data/postgresql.conf <<'END'\n{chr(10).join(lines)}\nEND",
            tool=False,
        )
        cluster._run("pg_ctl", "-D", "data", "-w", "-s", "-l", "log", "start")
        cluster._watch()
        return cluster

    def _watch(self) -> None:
        """Let the server go when this process has gone without stopping it: killed, or out of time."""
        program = self.binaries / "pg_ctl"
        stop = f"'{program}' -D '{self.folder}/data' -s -m immediate stop; rm -rf '{self.folder}'"
        watch = f"while [ -d /proc/{os.getpid()} ] && [ -d data ]; do sleep 3; done; cd /; {stop}"
        subprocess.run(
            [*self.user, "sh", "-c", f"( {watch} ) </dev/null >/dev/null 2>&1 &"],
            cwd=self.folder,
            check=True,
            start_new_session=True,
        )

    def url(self, database: str) -> str:
        """The address of one database."""
        return f"postgresql://tests@/{database}?host={self.folder}"

    def execute(self, text: str, database: str = "postgres") -> None:
        """One statement, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(text)

    def crash(self) -> None:
        """Let the server go down without notice, and come back from its log."""
        self._run("pg_ctl", "-D", "data", "-s", "-m", "immediate", "-w", "stop")
        self._run("pg_ctl", "-D", "data", "-w", "-s", "-l", "log", "start")

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._run("pg_ctl", "-D", "data", "-s", "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *words: str, tool: bool = True, check: bool = True) -> None:
        program = str(self.binaries / name) if tool else name
        subprocess.run(
            [*self.user, program, *words],
            cwd=self.folder,
            check=check,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if not check else None,
        )
