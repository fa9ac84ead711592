from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from server.middleware import AccessLog, TrueSender


async def _tell(scope: Scope, receive: Receive, send: Send) -> None:
    scope["state"].update(portal=3, user=7)
    answer = {"sender": scope["client"][0], "request_id": scope["state"]["request_id"]}
    await JSONResponse(answer)(scope, receive, send)


async def _get(
    nearest: str, headers: dict[str, str], trusted: tuple[str, ...], path: str = "/"
) -> httpx.Response:
    app = TrueSender(AccessLog(_tell), trusted)
    transport = httpx.ASGITransport(app, client=(nearest, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("nearest", "forwarded", "sender"),
    [
        # Nobody vouches for a stranger's claim.
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        # What the sender wrote before the proxy's own entry does not count.
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
async def test_only_trusted_proxies_say_who_sent(nearest: str, forwarded: str, sender: str) -> None:
    response = await _get(nearest, {"x-forwarded-for": forwarded}, ("10.0.0.0/8",))
    assert response.json()["sender"] == sender


async def test_a_request_id_is_made_or_taken_from_a_trusted_proxy() -> None:
    given = {"x-request-id": "abcd-1234"}
    trusted = await _get("10.0.0.1", given, ("10.0.0.0/8",))
    stranger = await _get("203.0.113.9", given, ("10.0.0.0/8",))
    broken = await _get("10.0.0.1", {"x-request-id": "bad id \x7f"}, ("10.0.0.0/8",))
    assert trusted.json()["request_id"] == trusted.headers["x-request-id"] == "abcd-1234"
    ids = [answer.headers["x-request-id"] for answer in (stranger, broken)]
    assert all(len(made) == 16 for made in ids)
    assert len(set(ids)) == 2


async def test_the_access_log_says_who_and_how_but_no_secret() -> None:
    with capture_logs() as entries:
        await _get("1.1.1.1", {"authorization": "Bearer canary"}, (), "/api/x?token=canary")
    entry: dict[str, Any] = dict(entries[0])
    wanted = {"method": "GET", "path": "/api/x", "status": 200, "portal": 3, "user": 7}
    assert wanted.items() <= entry.items()
    assert "canary" not in str(entries)
