"""A team on each store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import House
from tests.team import Team
from tests.walk.hashing import cheap_passwords


@pytest.fixture
async def team(house: House) -> Team:
    """An admin, two members and a guest."""
    return await Team.make(house)


@pytest.fixture(autouse=True)
def _cheap() -> Iterator[None]:
    with cheap_passwords():
        yield
