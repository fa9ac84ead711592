"""The web client's reducer, and portals to follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reducer.process import Reducer, build
from tests.walk.hashing import cheap_passwords


@pytest.fixture(scope="session")
def reducer() -> Iterator[Reducer]:
    """The web client's reducer, built from the sources as they are."""
    build()
    reducer = Reducer()
    yield reducer
    reducer.close()


@pytest.fixture(autouse=True)
def _cheap() -> Iterator[None]:
    """Each portal has half a dozen log-ins."""
    with cheap_passwords():
        yield
