"""The fuzzer's own targets and seeds work and a few damaged inputs each are read or refused."""

from __future__ import annotations

import random

import pytest
from benchmarks.fuzz_documents import TARGETS, seeds


@pytest.mark.parametrize("target", TARGETS)
def test_every_reader_takes_its_seeds_and_damaged_ones_without_an_error_of_its_own(target):
    read = TARGETS[target]()
    draw = random.Random(7)
    for seed in seeds(target):
        read(seed)
        for _ in range(3):
            data = bytearray(seed)
            for _ in range(draw.randrange(1, 6)):
                data[draw.randrange(len(data))] = draw.randrange(256)
            read(bytes(data))
        read(seed[: draw.randrange(len(seed))])
