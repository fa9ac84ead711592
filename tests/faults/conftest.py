"""The ground on which clusters are opened and broken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, Ground, open_cluster, open_ground
from tests.faults.company import Company, open_companies
from tests.services.mariadb import MariaDB


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One MariaDB for all faults: another than that of the other tests, which must not break."""
    with open_ground(MariaDB(tmp_path_factory.mktemp("ground"))) as ground:
        yield ground


@pytest.fixture
async def cluster(ground: Ground, tmp_path: Path) -> AsyncIterator[Cluster]:
    """Two nodes."""
    async with open_cluster(ground, tmp_path) as cluster:
        yield cluster


@pytest.fixture
async def companies(cluster: Cluster, tmp_path: Path) -> AsyncIterator[tuple[Company, Company]]:
    """Two portals on them."""
    async with open_companies(cluster, tmp_path) as companies:
        yield companies
