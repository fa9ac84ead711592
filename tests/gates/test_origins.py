"""Which pages may open a socket, and change anything over REST, with which credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tests.walk.raw import open_raw
from tests.walk.serving import Served
from tests.walk.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The origin of a page (OURS and THEIRS stand for the portals' hosts), and whether it may come
# with the cookie, and with a bearer token. Programs have no Origin, and need a token.
ORIGINS = (
    ("http://OURS", True, True),
    (None, False, True),
    ("null", False, False),
    ("", False, True),
    ("http://evil.test", False, False),
    ("http://OURS.evil.test", False, False),
    ("http://evil.testOURS", False, False),
    ("http://evil.test/OURS", False, False),
    ("http://evil.test#OURS", False, False),
    ("http://OURS@evil.test", False, False),
    ("http://evil.OURS", False, False),
    ("http://THEIRS", False, False),
    ("http://localhost:8024", False, False),
    ("http://localhost", False, False),
    ("https://OURS", False, False),
    ("http://OURS1", False, False),
    ("file://", False, False),
    ("http://OURS http://evil.test", False, False),
)


for_each_origin = pytest.mark.parametrize(
    ("origin", "cookie", "bearer"), ORIGINS, ids=[str(row[0]) for row in ORIGINS]
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(served: Served) -> AsyncIterator[World]:
    yield await make_world(served.house)


def headers_of(world: World, origin: str | None, cookie: bool) -> dict[str, str]:
    """What a browser, or a program, sends along."""
    headers: dict[str, str] = {}
    if origin is not None:
        origin = origin.replace("OURS", world.ours.host).replace("THEIRS", world.theirs.host)
        headers["Origin"] = origin
    if cookie:
        headers["Cookie"] = f"talkoo_session={world.ours.people['member'].token}"
    return headers


async def opens(served: Served, world: World, origin: str | None, cookie: bool) -> bool:
    """Whether a websocket gets through."""
    auth = {} if cookie else {"token": world.ours.people["member"].token}
    headers = headers_of(world, origin, cookie)
    try:
        async with open_raw(served.url, world.ours.host, **headers) as raw:
            refused = await raw.log_in(auth)
    except InvalidStatus as error:
        assert 400 <= error.response.status_code < 404
        return False
    assert refused is None or refused["data"]["status"] in (401, 403)
    return refused is None


@pytest.mark.parametrize(
    ("origin", "cookie", "bearer"), ORIGINS, ids=[str(row[0]) for row in ORIGINS]
)
async def test_websocket(
    served: Served, world: World, origin: str | None, cookie: bool, bearer: bool
) -> None:
    assert await opens(served, world, origin, cookie=True) is cookie
    assert await opens(served, world, origin, cookie=False) is bearer


@pytest.mark.parametrize(
    ("origin", "cookie", "bearer"), ORIGINS, ids=[str(row[0]) for row in ORIGINS]
)
async def test_polling(
    served: Served, world: World, origin: str | None, cookie: bool, bearer: bool
) -> None:
    headers = {"host": world.ours.host, **headers_of(world, origin, cookie=True)}
    client = served.rest.client
    path = f"{served.url}/socket.io/?EIO=4&transport=polling"
    opened = await client.get(path, headers=headers)
    # No answer may be read by a page of another site.
    allowed = opened.headers.get("access-control-allow-origin")
    assert allowed in (None, f"http://{world.ours.host}")
    if not opened.is_success:
        assert not cookie
        return
    sid = opened.text.partition('"sid":"')[2].partition('"')[0]
    await client.post(f"{path}&sid={sid}", headers=headers, content="40{}")
    answer = (await client.get(f"{path}&sid={sid}", headers=headers)).text
    assert answer.startswith("40") is cookie


@pytest.mark.parametrize(
    ("origin", "cookie", "bearer"), ORIGINS, ids=[str(row[0]) for row in ORIGINS]
)
async def test_rest(
    served: Served, world: World, origin: str | None, cookie: bool, bearer: bool
) -> None:
    headers = headers_of(world, origin, cookie=True)
    answer = await served.rest.send(
        "PATCH", "/me", host=world.ours.host, headers=headers, json={"title": "Cook"}
    )
    assert answer.status_code == (200 if cookie else 403), answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_a_form_of_another_site_changes_nothing(served: Served, world: World) -> None:
    """Forms can send these types without being asked; none of them is taken."""
    cookie = headers_of(world, f"http://{world.ours.host}", cookie=True)
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await served.rest.send(
            "PATCH",
            "/me",
            host=world.ours.host,
            headers={**cookie, "content-type": media},
            content=b'{"title": "x"}',
        )
        assert answer.status_code == 415
