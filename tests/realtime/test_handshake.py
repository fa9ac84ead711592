"""The handshake: which page may open a connection, with what, and to which portal."""

from __future__ import annotations

import json

import httpx
import pytest

from portal.addresses import address_of, session_cookie
from tests.realtime.world import Served, User, World, polling_handshake


@pytest.fixture
async def served(world: World) -> Served:
    return await world.serve()


ORIGINS = {
    "own": ("http://{host}", True),
    "foreign": ("http://evil.example", False),
    "null": ("null", False),
    "other portal": ("http://other.localhost:{port}", False),
    "bare address": ("http://localhost:{port}", False),
    "suffix": ("http://{host}.evil.example", False),
    "suffix of the name": ("http://x{host}", False),
    "other port": ("http://{address}.localhost:1", False),
    "other scheme": ("https://{host}", False),
    "two": ("http://{host}, http://evil.example", False),
    "none": (None, True),
}


@pytest.mark.parametrize("name", ORIGINS)
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_an_origin_is_checked_before_anything_else(
    world: World, served: Served, name: str, transport: str
) -> None:
    portal = await world.portal()
    address = world.addresses[portal]
    host = f"{address}.localhost:{served.port}"
    pattern, allowed = ORIGINS[name]
    headers = {"Host": host}
    if pattern is not None:
        headers["Origin"] = pattern.format(host=host, port=served.port, address=address)
    if transport == "websocket":
        headers |= {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
    status = await _status(f"{served.url}/socket.io/?EIO=4&transport={transport}", headers)
    assert status == (({"polling": 200, "websocket": 101}[transport]) if allowed else status)
    assert (status in (200, 101)) is allowed


async def _status(url: str, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient() as http, http.stream("GET", url, headers=headers) as response:
        return response.status_code


async def _connect(served: Served, headers: dict[str, str], auth: object) -> dict[str, object]:
    """A whole Socket.IO connect over polling, by hand; returns what the server says to it."""
    async with httpx.AsyncClient(headers=headers) as http:
        url = f"{served.url}/socket.io/?EIO=4&transport=polling"
        opened = await http.get(url)
        assert opened.status_code == 200, opened.text
        url += f"&sid={json.loads(opened.text[1:])['sid']}"
        sent = await http.post(url, content="40" + json.dumps(auth))
        assert sent.status_code == 200
        packet = (await http.get(url)).text.split("\x1e")[0]
    return {"type": packet[:2], **json.loads(packet[2:])}


COOKIES = {
    "own page": ({"Origin": "http://{host}"}, True),
    "own page, as browsers poll": ({"Sec-Fetch-Site": "same-origin"}, True),
    "no origin": ({}, False),
    "empty origin": ({"Origin": ""}, False),
    "same site": ({"Sec-Fetch-Site": "same-site"}, False),
    "cross site": ({"Sec-Fetch-Site": "cross-site"}, False),
    "typed in": ({"Sec-Fetch-Site": "none"}, False),
}


@pytest.mark.parametrize("name", COOKIES)
async def test_the_cookie_is_good_only_from_our_pages(
    world: World, served: Served, name: str
) -> None:
    user = await world.user(await world.portal())
    host = f"{world.addresses[user.portal_id]}.localhost:{served.port}"
    extra, allowed = COOKIES[name]
    headers = {"Host": host, "Cookie": f"a=b; talkoo_session={user.token}"}
    headers |= {key: value.format(host=host) for key, value in extra.items()}
    answer = await _connect(served, headers, {})
    assert answer["type"] == ("40" if allowed else "44")
    if not allowed:
        assert answer["data"]["status"] == 403  # type: ignore[index]


async def test_the_cookie_needs_an_origin_on_a_websocket(world: World, served: Served) -> None:
    """Only a page can forge nothing here: a websocket handshake of a browser names its origin."""
    from realtime.connect import Handshake
    from realtime.tickets import Tickets
    from tests.realtime.stand_ins import authenticate

    tickets = Tickets(b"key")
    handshake = Handshake(served.services, authenticate, lambda host, origin: True, tickets)
    environ = {"HTTP_UPGRADE": "websocket", "HTTP_SEC_FETCH_SITE": "same-origin"}
    assert not handshake._own_page(environ)
    assert handshake._own_page(environ | {"HTTP_ORIGIN": "http://x"})


async def test_a_token_needs_no_origin_and_beats_the_cookie(world: World, served: Served) -> None:
    user = await world.user(await world.portal())
    other = await world.user(user.portal_id)
    host = f"{world.addresses[user.portal_id]}.localhost:{served.port}"
    cookie = {"Cookie": f"talkoo_session={other.token}"}
    for headers in ({"Host": host}, {"Host": host} | cookie, {"Host": f"localhost:{served.port}"}):
        answer = await _connect(served, headers, user.auth())
        assert answer["type"] == "40"
        users = {c.user_id for c in served.node.gateway.connections.values()}
        assert users == {user.id}


async def test_a_token_is_good_only_in_its_portal(world: World, served: Served) -> None:
    user: User = await world.user(await world.portal())
    foreign = world.addresses[await world.portal()]
    answer = await _connect(served, {"Host": f"{foreign}.localhost:{served.port}"}, user.auth())
    assert (answer["type"], answer["data"]["status"]) == ("44", 401)  # type: ignore[index]
    answer = await _connect(served, {"Host": f"nowhere.localhost:{served.port}"}, user.auth())
    assert (answer["type"], answer["data"]["status"]) == ("44", 404)  # type: ignore[index]


@pytest.mark.parametrize("auth", [[], "", False, [{"token": "x"}]])
async def test_an_auth_that_is_no_object_is_refused_and_not_ignored(
    served: Served, auth: object
) -> None:
    answer = await _connect(served, {}, auth)
    assert (answer["type"], answer["data"]["status"]) == ("44", 422)  # type: ignore[index]


async def test_what_polling_answers_is_kept_by_no_cache(served: Served) -> None:
    response = await polling_handshake(served, {})
    assert response.headers["cache-control"] == "no-store"
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-origin" not in response.headers
    refused = await polling_handshake(served, {"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("acme.localhost:8024", "acme"),
        ("ACME.Localhost", "acme"),
        ("a-1.localhost", "a-1"),
        ("localhost:8024", None),
        ("localhost", None),
        ("127.0.0.1:8024", None),
        ("a.b.localhost", None),
        (".localhost", None),
        ("-a.localhost", None),
        ("acme.localhost.evil.example", None),
        ("acmelocalhost", None),
        ("acme.localhost:x", None),
        ("[::1]:8024", None),
        ("", None),
        ("a" * 64 + ".localhost", None),
    ],
)
def test_the_host_names_the_portal(host: str, address: str | None) -> None:
    assert address_of("http://localhost:8024", host) == address


def test_with_https_the_cookie_belongs_to_one_host() -> None:
    assert session_cookie("https://talkoo.example") == "__Host-talkoo_session"
    assert session_cookie("http://localhost:8024") == "talkoo_session"
