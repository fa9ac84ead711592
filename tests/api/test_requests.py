"""Whatever a caller sends, the answer names what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as StarletteRoute

from api.errors import as_problem, problem_answer
from api.requests import decode
from api.routes import Route
from portal.chat.model import ListMessages, SendMessage
from portal.model import Nothing

LIMIT = 10_000
SEND = Route("POST", "/rooms/{room_id}/messages", "send_message", 201)
LIST = Route("GET", "/rooms/{room_id}/messages", "list_messages")
LEAVE = Route("POST", "/leave", "leave")
GOOD = {"client_id": "abcdefgh", "text": "Hei"}


def _endpoint(route: Route, model: type[Any]) -> StarletteRoute:
    async def endpoint(request: Request) -> Response:
        try:
            found = await decode(request, route, model, LIMIT)
        except Exception as error:
            return problem_answer(as_problem(error))
        return JSONResponse(found.model_dump())

    return StarletteRoute(route.path, endpoint, methods=[route.method])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    routes = [
        _endpoint(SEND, SendMessage),
        _endpoint(LIST, ListMessages),
        _endpoint(LEAVE, Nothing),
    ]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def _send(client: httpx.AsyncClient, content: bytes | str) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return await client.post("/rooms/7/messages", content=content, headers=headers)


def _fields(response: httpx.Response) -> set[str]:
    assert response.headers["content-type"] == "application/problem+json"
    return {error["field"] for error in response.json().get("errors", [])}


async def test_path_and_body_become_one_request(client: httpx.AsyncClient) -> None:
    response = await client.post("/rooms/7/messages", json=GOOD)
    assert response.json() == {"room_id": 7, **GOOD}


async def test_path_and_query_become_one_request(client: httpx.AsyncClient) -> None:
    response = await client.get("/rooms/7/messages?before=5&limit=10")
    assert response.json() == {"room_id": 7, "before": 5, "after": None, "limit": 10}


@pytest.mark.parametrize("content", [b"", b"{}", b" {} "])
async def test_nothing_may_be_said_in_two_ways(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post(
        "/leave", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"hello", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": Infinity}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 5000 + b"]" * 4000, 400),
        (b'{"client_id": ' + b"9" * 5000 + b"}", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b"7", 422),
    ],
)
async def test_what_is_no_json_object_is_refused(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    response = await _send(client, content)
    assert response.status_code == status, response.text
    assert response.json()["detail"]


async def test_broken_json_says_where(client: httpx.AsyncClient) -> None:
    response = await _send(client, b'{"text": "a",\n "x" 1}')
    assert "line 2, column 6" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": ["Hei"]}, "text"),
        ({"text": {"$ne": ""}}, "text"),
        ({"text": "  "}, "text"),
        ({"text": "x\u0000"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"client_id": "short"}, "client_id"),
        ({"client_id": 12345678}, "client_id"),
        ({"portal_id": 1}, "portal_id"),
        ({"user_id": 1}, "user_id"),
        ({"role": "admin"}, "role"),
        ({"__proto__": {"admin": True}}, "__proto__"),
        ({"constructor": {}}, "constructor"),
        ({"room_id": 8}, "room_id"),
        ({"\ud800": 1}, "?"),
        ({"x" * 9000: 1}, "x" * 64),
    ],
)
async def test_a_wrong_field_is_named(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    response = await _send(client, json.dumps({**GOOD, **change}))
    assert response.status_code == 422, response.text
    assert _fields(response) == {field}
    assert len(response.content) < 1000


async def test_a_missing_field_is_named(client: httpx.AsyncClient) -> None:
    response = await _send(client, b'{"client_id": "abcdefgh"}')
    assert response.status_code == 422
    assert _fields(response) == {"text"}


async def test_a_field_that_is_there_twice_is_refused(client: httpx.AsyncClient) -> None:
    response = await _send(client, b'{"text": "a", "text": "b", "client_id": "abcdefgh"}')
    assert (response.status_code, _fields(response)) == (422, {"text"})
    again = await client.get("/rooms/7/messages?limit=1&limit=2")
    assert (again.status_code, _fields(again)) == (422, {"limit"})


async def test_many_unknown_fields_do_not_make_a_large_answer(client: httpx.AsyncClient) -> None:
    response = await _send(client, json.dumps({f"field{n}": n for n in range(500)}))
    assert response.status_code == 422
    assert len(response.content) < 1000


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("/rooms/seven/messages", "room_id"),
        ("/rooms/7.0/messages", "room_id"),
        ("/rooms/1_0/messages", "room_id"),
        ("/rooms/%D9%A7/messages", "room_id"),
        ("/rooms/0/messages", "room_id"),
        ("/rooms/-1/messages", "room_id"),
        ("/rooms/99999999999999999999999/messages", "room_id"),
        ("/rooms/9007199254740992/messages", "room_id"),
        ("/rooms/7/messages?limit=ten", "limit"),
        ("/rooms/7/messages?limit=", "limit"),
        ("/rooms/7/messages?limit=0", "limit"),
        ("/rooms/7/messages?before=%20 5", "before"),
        ("/rooms/7/messages?portal_id=2", "portal_id"),
        ("/rooms/7/messages?room_id=8", "room_id"),
        ("/rooms/7/messages?before[$gt]=1", "before[$gt]"),
    ],
)
async def test_a_wrong_address_is_named(client: httpx.AsyncClient, url: str, field: str) -> None:
    response = await client.get(url)
    assert response.status_code == 422, response.text
    assert _fields(response) == {field}


async def test_the_query_does_not_count_beside_a_body(client: httpx.AsyncClient) -> None:
    response = await client.post("/rooms/7/messages?text=Hei", json=GOOD)
    assert (response.status_code, _fields(response)) == (422, {"text"})


async def test_a_get_takes_no_body(client: httpx.AsyncClient) -> None:
    response = await client.request("GET", "/rooms/7/messages", content=b'{"limit": 1}')
    assert response.status_code == 422


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_only_json_is_taken(client: httpx.AsyncClient, media: str) -> None:
    response = await client.post(
        "/rooms/7/messages", content=json.dumps(GOOD), headers={"content-type": media}
    )
    assert response.status_code == 415


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    response = await client.post("/rooms/7/messages", content=b"x", headers=headers)
    assert response.status_code == 415


async def test_a_large_body_is_cut_off_whether_or_not_it_is_announced(
    client: httpx.AsyncClient,
) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            assert taken <= LIMIT + 2000, "it goes on reading"
            yield b"x" * 1000

    announced = await _send(client, b"x" * (LIMIT + 1))
    assert announced.status_code == 413
    headers = {"content-type": "application/json"}
    streamed = await client.post("/rooms/7/messages", content=endless(), headers=headers)
    assert streamed.status_code == 413
