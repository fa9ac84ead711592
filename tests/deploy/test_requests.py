"""Requests through the balancer: who asks and what for arrives, and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from tests.deploy.device import Device, open_web
from tests.deploy.site import Site
from tests.house import PASSWORD
from tests.services.mariadb import MariaDB

pytestmark = [pytest.mark.mariadb, pytest.mark.redis, pytest.mark.slow]

FORGERIES: list[dict[str, str]] = [
    {"X-Forwarded-For": "203.0.113.9"},
    # Some proxies remove what this names, their own headers included.
    {"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "Connection": "close, X-Forwarded-For"},
    {"X_Forwarded_For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"},
]


async def log_in(web: aiohttp.ClientSession, site: Site, headers: Mapping[str, str]) -> None:
    """As the page does: the cookie is kept."""
    body = {"email": site.people[0].email, "password": PASSWORD}
    origin = {"Origin": site.portal, **headers}
    async with web.post(f"{site.portal}/api/v1/sessions", json=body, headers=origin) as answer:
        assert answer.status == 201, await answer.text()


async def own_session(web: aiohttp.ClientSession, site: Site) -> dict[str, Any]:
    async with web.get(f"{site.portal}/api/v1/sessions") as answer:
        assert answer.status == 200, await answer.text()
        found = await answer.json()
    return next(session for session in found["sessions"] if session["current"])


# The second one is trusted, as a proxy's, and even so it cannot be somebody else.
@pytest.mark.parametrize("address", ["127.0.0.77", "127.0.0.1", "::1"])
async def test_host_and_address_arrive(site: Site, address: str) -> None:
    for forgery in FORGERIES:
        async with open_web(site.balancer, address) as web:
            await log_in(web, site, forgery)
            assert (await own_session(web, site))["address"] == address


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_address_of_a_live_connection_arrives(
    site: Site, mariadb: MariaDB, transport: str
) -> None:
    # The address is noted when it was not for a while.
    mariadb.execute("UPDATE sessions SET last_seen_at = 0", database="talkoo")
    forged = {"X-Forwarded-For": "203.0.113.9"}
    device = Device(site.balancer, site.people[0].token, transport, "127.0.0.78", forged)
    async with device:
        found = await device.command("list_sessions", {})
    assert [one["address"] for one in found["sessions"] if one["current"]] == ["127.0.0.78"]


async def test_a_page_of_elsewhere_is_refused(site: Site) -> None:
    async with open_web(site.balancer) as web:
        await log_in(web, site, {})
        asked = f"{site.portal}/socket.io/?EIO=4&transport=polling"
        for origin, status in ((site.portal, 200), ("https://evil.example", 400)):
            async with web.get(asked, headers={"Origin": origin}) as answer:
                assert answer.status == status


async def test_plain_http_is_sent_to_tls(site: Site) -> None:
    async with open_web(site.balancer) as web:
        asked = f"http://127.0.0.1:{site.balancer.plain_port}/people?page=2"
        headers = {"Host": "acme.talkoo.example.com"}
        async with web.get(asked, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 301
            assert answer.headers["Location"] == "https://acme.talkoo.example.com/people?page=2"


def send(site: Site, headers: str, body: bytes = b"") -> bytes:
    """Any bytes whatever; returns how the answer begins, if one comes."""
    plain = socket.create_connection(("127.0.0.1", site.balancer.port), 30)
    with (
        site.balancer.trust.wrap_socket(plain, server_hostname="127.0.0.1") as line,
        contextlib.suppress(OSError),
    ):
        head = f"PUT /api/v1/me/picture HTTP/1.1\r\nHost: talkoo\r\n{headers}\r\n\r\n"
        line.sendall(head.encode() + body)
        return line.recv(12)
    return b""


async def test_what_is_too_large_is_refused_at_the_door(site: Site) -> None:
    answered = await asyncio.to_thread(send, site, "Content-Length: 7000000")
    assert answered == b"HTTP/1.1 413"
    async with open_web(site.balancer) as web:
        await log_in(web, site, {})
        # As large as a picture may be: a node reads all of it, and finds that it is none.
        headers = {"Origin": site.portal, "Content-Type": "image/png"}
        picture = f"{site.portal}/api/v1/me/picture"
        async with web.put(picture, data=bytes(5_000_000), headers=headers) as answer:
            assert answer.status == 422, await answer.text()


async def test_what_is_refused_unread_takes_no_node_out(site: Site) -> None:
    """Nobody may pass their own bad requests off as faults of the nodes."""
    # A header that no node takes, before a body that it then leaves unread.
    odd, size = "X-Odd: a\x01b\r\nContent-Length: 5900000", 5_900_000
    async with open_web(site.balancer) as web:
        for _ in range(12):
            await asyncio.to_thread(send, site, odd, bytes(size))
            with contextlib.suppress(aiohttp.ClientError):
                async with web.put(f"{site.portal}/api/v1/me/picture", data=bytes(size)):
                    pass
            async with web.get(f"{site.portal}/api/v1/portal/public") as answer:
                assert answer.status == 200


async def test_only_pages_bring_the_cookie_and_only_once(site: Site) -> None:
    async with open_web(site.balancer) as web:
        for path, brings in (("/api/v1/portal/public", False), ("/", True), ("/", False)):
            async with web.get(site.portal + path) as answer:
                assert ("talkoo_client" in answer.cookies) == brings, path


async def handshake(site: Site, address: str, page: bool) -> int:
    """Begins to poll with a new browser; tells which node answers, twice the same."""
    async with open_web(site.balancer, address) as web:
        if page:
            async with web.get(site.portal) as answer:
                assert answer.status == 200
        nodes: set[int] = set()
        for _ in range(2):
            async with web.get(f"{site.portal}/socket.io/?EIO=4&transport=polling") as answer:
                assert answer.status == 200
                nodes.add(site.answered(answer.headers["x-request-id"]))
    assert len(nodes) == 1
    return nodes.pop()


async def test_browsers_behind_one_address_are_spread(site: Site) -> None:
    found = {await handshake(site, "127.0.0.1", page=True) for _ in range(16)}
    assert found == {0, 1}


async def test_programs_are_spread_by_their_address(site: Site) -> None:
    found = [await handshake(site, f"127.0.2.{n}", page=False) for n in range(1, 17)]
    assert set(found) == {0, 1}
    assert found == [await handshake(site, f"127.0.2.{n}", page=False) for n in range(1, 17)]
