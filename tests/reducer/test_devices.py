"""Unread counters: every device, a new snapshot and a recount agree, whatever people do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.house import open_house
from tests.reducer.company import KINDS, Action, Company
from tests.reducer.process import Reducer

pytestmark = pytest.mark.javascript

NUMBER = st.integers(0, 9)
ACTION = st.builds(Action, st.sampled_from(KINDS), st.integers(0, 2), NUMBER, NUMBER)


async def play(url: str, folder: Path, reducer: Reducer, actions: Sequence[Action]) -> Company:
    async with open_house(url, folder) as house:
        company = await Company.make(house, reducer)
        await company.play(actions)
        return company


@settings(
    max_examples=25,
    deadline=None,
    # Shrinking what failed would take minutes; the actions are printed as they are.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=st.lists(ACTION, min_size=30, max_size=60))
def test_anything_that_people_do(
    sqlite_url: str, tmp_path: Path, reducer: Reducer, actions: list[Action]
) -> None:
    asyncio.run(play(sqlite_url, tmp_path, reducer, actions))


@pytest.mark.mariadb
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_long_day(mariadb_url: str, tmp_path: Path, reducer: Reducer, seed: int) -> None:
    chance = random.Random(seed)
    actions = [
        Action(chance.choice(KINDS), chance.randrange(3), *chance.choices(range(10), k=2))
        for _ in range(200)
    ]
    company = await play(mariadb_url, tmp_path, reducer, actions)
    # The day was one: something of everything was made, and read on every device.
    assert len(company.messages) > 10
    assert len(company.posts) > 5
    assert all(device is not None for device in company.devices)
