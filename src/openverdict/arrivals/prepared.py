"""A register prepared once: what new cases are compared with, and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from openverdict.cases import Register
from openverdict.errors import InputError
from openverdict.evidence import load_variables, model_hash, prepare
from openverdict.evidence.frozen import Frozen, freeze
from openverdict.evidence.guest import Hosts

LEAST_CASES = 2  # of fewer nothing can be learned


@dataclass(frozen=True)
class PreparedRegister:
    """What was learned from a register, frozen.

    `register_hash`: that of the register's content; `inputs`: hash of the files and settings that it was read from, if it came
    from files; `known_on`: the day as of which it was read (None: everything); `last_found`: day of the last case.
    """

    frozen: Frozen
    register_hash: str
    inputs: str | None = None
    known_on: date | None = None
    last_found: date | None = None
    simulated: bool = False

    def __len__(self) -> int:
        return len(self.frozen)

    @property
    def model_hash(self) -> str:
        """Hash of the evidence variables with all their settings."""
        return model_hash(self.frozen.variables)

    @cached_property
    def hosts(self) -> Hosts:
        """Ready for new cases."""
        return Hosts(self.frozen)


def prepare_register(
    register: Register,
    *,
    variables: Path | None = None,
    inputs: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> PreparedRegister:
    """Learn everything that is learned from a register, and freeze it.

    Raises:
        InputError: the register holds fewer than two cases, or the variables cannot be read.
    """
    if len(register) < LEAST_CASES:
        raise InputError(
            f"a register of {len(register)} cannot be prepared: nothing is usual in it; give two cases or more"
        )
    tell = progress or (lambda _step, _share: None)
    tell("learn", 0.0)
    known = load_variables(variables)
    digest = register.content_hash()
    frozen = freeze(register, prepare(register, known), digest)
    tell("learn", 1.0)
    return PreparedRegister(
        frozen,
        digest,
        inputs,
        register.known_on,
        register.table.get_column("found_at").dt.date().max(),  # type: ignore[arg-type]
        register.simulated,
    )
