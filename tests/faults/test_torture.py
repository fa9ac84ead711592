"""Half a minute of faults at random: another seed each time, which a failure names."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.cluster import Ground
from tests.faults.torture import FAULTS, plan, torture

pytestmark = [pytest.mark.faults, pytest.mark.mariadb, pytest.mark.redis, pytest.mark.timeout(180)]

SECONDS = 30.0


def test_a_seed_repeats_its_faults() -> None:
    steps = plan(7, 600)
    assert steps == plan(7, 600)
    assert steps != plan(8, 600)
    assert {step.fault for step in steps} == set(FAULTS)


async def test_everything_holds_whatever_happens(ground: Ground, tmp_path: Path) -> None:
    seed = int(os.environ.get("TORTURE_SEED") or random.SystemRandom().randrange(10**6))
    outcome = await torture(ground, tmp_path, seed, SECONDS)
    print(outcome.figures)
    assert not outcome.story, f"{outcome.story}\n{outcome.figures}"
