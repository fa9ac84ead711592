"""What answers without a session is written down, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route

from api.table import ROUTES
from tests.walk.rest import BARE
from tests.walk.serving import Served
from tests.walk.world import make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST = Path(__file__).with_name("public_routes.txt")


def allowed() -> set[str]:
    lines = LIST.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def routes_in(app: Any) -> Iterator[tuple[str, str]]:
    """Every method and path of an application, through whatever is wrapped around it."""
    seen: set[int] = set()
    waiting: list[tuple[Any, str]] = [(app, "")]
    while waiting:
        found, at = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        for route in getattr(found, "routes", ()):
            if isinstance(route, Mount):
                waiting.append((route.app, at + route.path))
            elif isinstance(route, Route):
                # Endpoints of several methods dispatch themselves.
                methods = route.methods or getattr(route.endpoint, "routes", {}).keys()
                yield from ((method, at + route.path) for method in methods)
        waiting += [(inner, at) for inner in held_by(found) if callable(inner)]


def held_by(app: Any) -> list[Any]:
    """What an application, or a wrapper of one, refers to: its attributes and its variables."""
    names = getattr(app, "__dict__", {}).keys() | set(getattr(type(app), "__slots__", ()))
    cells = getattr(app, "__closure__", None) or ()
    return [getattr(app, name, None) for name in names] + [cell.cell_contents for cell in cells]


async def test_the_walk_finds_the_routes(served: Served) -> None:
    found = set(routes_in(served.server.app))
    assert {(route.method, f"/api/v1{route.path}") for route in ROUTES} <= found


async def test_everything_else_is_401(served: Served) -> None:
    world = await make_world(served.house)
    opened: set[str] = set()
    for method, path in sorted(set(routes_in(served.server.app))):
        if method in ("HEAD", "OPTIONS"):
            continue
        for host in (world.ours.host, BARE):
            answer = await served.rest.client.request(
                method,
                re.sub(r"\{\w+\}", str(world.ours.things.member), path),
                headers={"host": host},
                json={} if method in ("POST", "PUT", "PATCH") else None,
            )
            if answer.status_code != 401:
                opened.add(f"{method} {path}")
    assert opened == allowed(), "see tests/gates/public_routes.txt"


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/debug", "/.env", "/.git/config", "/api/v1/../../etc/passwd", "/openapi.json"],
)
async def test_nothing_of_the_inside_is_served(served: Served, path: str) -> None:
    # The web client answers for all addresses that may be its own, with its page and nothing else.
    answer, page = [
        await served.rest.client.get(asked, headers={"host": BARE}) for asked in (path, "/")
    ]
    assert answer.status_code == 404 or without_nonce(answer.text) == without_nonce(page.text)


def without_nonce(page: str) -> str:
    """What is the same each time."""
    return re.sub(r'nonce="[^"]*"', "", page)
