"""The web client's reducer, and a portal to follow."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.house import House, open_house, prepare
from tests.reducer.process import Reducer, build
from tests.walk.hashing import cheap_passwords
from tests.walk.world import Side, make_side


@pytest.fixture(scope="session")
def reducer() -> Iterator[Reducer]:
    """The web client's reducer, built from the sources as they are."""
    build()
    reducer = Reducer()
    yield reducer
    reducer.close()


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Side]:
    """A database with one portal, which is copied: building one takes longer than a step does."""
    folder = tmp_path_factory.mktemp("original")
    with cheap_passwords():
        return folder / "talkoo.db", asyncio.run(_build(folder))


async def _build(folder: Path) -> Side:
    url = _url(folder)
    await prepare(url)
    async with open_house(url, folder / "blobs") as house:
        return await make_side(house)


@pytest.fixture
async def side(cheap: None, original: tuple[Path, Side], tmp_path: Path) -> AsyncIterator[Side]:
    """A portal that a test may use up."""
    path, built = original
    shutil.copy(path, tmp_path / path.name)
    async with open_house(_url(tmp_path), tmp_path / "blobs") as house:
        yield _moved(built, house)


def _url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'talkoo.db'}"


def _moved(side: Side, house: House) -> Side:
    """The same people, in another house."""
    people = {
        name: replace(someone, context=replace(someone.context, services=house.services))
        for name, someone in side.people.items()
    }
    return replace(side, people=people)
