"""A site behind each balancer in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.balancers import HAProxy, Nginx
from tests.deploy.site import Site, open_site


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both balancers, or those that the module names in ``BALANCERS``."""
    if "shared_site" in metafunc.fixturenames:
        kinds = getattr(metafunc.module, "BALANCERS", [HAProxy, Nginx])
        names = [kind.name for kind in kinds]
        metafunc.parametrize("shared_site", kinds, indirect=True, ids=names, scope="package")


@pytest.fixture(scope="package")
def shared_site(
    request: pytest.FixtureRequest, mariadb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Started once for all tests of this folder."""
    folder = tmp_path_factory.mktemp(request.param.name)
    with open_site(request.param, mariadb_url, folder) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """Whole, whatever the test before did to it."""
    shared_site.mend()
    return shared_site
