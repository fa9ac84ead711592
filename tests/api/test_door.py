"""The REST door: who is let in, what is set and cleared, and what every answer carries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import pytest

from api.app import make_api
from api.routes import PREFIX, Route, name_of
from api.table import ROUTES, SOCKET_ONLY
from portal.catalogue import OPERATIONS
from portal.context import Context
from tests.house import PASSWORD, House

BARE = "localhost:8024"


@dataclass
class Portal:
    """A portal, its admin, and how to reach it."""

    context: Context
    host: str
    email: str
    token: str


@pytest.fixture
async def rest(house: House) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_api(house.services, "1.2.3"))
    url = f"http://{BARE}{PREFIX}"
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        yield client


async def open_portal(house: House) -> Portal:
    context = await house.make_portal()
    answer = await OPERATIONS["get_portal"].call(context, OPERATIONS["get_portal"].request())
    email = house.emails[context.portal, context.me.user_id]
    host = answer.portal.url.removeprefix("http://")
    return Portal(context, host, email, await house.token(context))


@pytest.fixture
async def portal(house: House) -> Portal:
    return await open_portal(house)


def bearer(portal: Portal) -> dict[str, str]:
    return {"host": portal.host, "authorization": f"Bearer {portal.token}"}


def cookie(portal: Portal, name: str = "talkoo_session") -> dict[str, str]:
    return {"host": portal.host, "cookie": f"{name}={portal.token}"}


# --- The table -------------------------------------------------------------------------------


def test_every_operation_has_a_route() -> None:
    routed = {route.operation for route in ROUTES if isinstance(route, Route)}
    assert routed | SOCKET_ONLY == set(OPERATIONS)
    assert not routed & SOCKET_ONLY


def test_no_address_and_no_name_is_given_twice() -> None:
    addresses = [(route.method, route.path) for route in ROUTES]
    assert len(set(addresses)) == len(addresses)
    assert len({name_of(route) for route in ROUTES}) == len(ROUTES)


def test_the_fields_in_a_path_are_the_requests() -> None:
    for route in ROUTES:
        if isinstance(route, Route):
            assert set(route.path_fields) <= set(OPERATIONS[route.operation].request.model_fields)


# --- Who asks --------------------------------------------------------------------------------


async def test_a_bearer_token_is_good_at_its_portal_and_at_the_bare_address(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    for host in (portal.host, BARE, "127.0.0.1:8024"):
        response = await rest.get("/me", headers={**bearer(portal), "host": host})
        assert response.status_code == 200, response.text
        assert response.json()["me"]["id"] == portal.context.me.user_id


async def test_a_token_is_good_nowhere_else(rest: httpx.AsyncClient, house: House) -> None:
    here, there = await open_portal(house), await open_portal(house)
    response = await rest.get("/me", headers={**bearer(here), "host": there.host})
    assert response.status_code == 401
    by_cookie = await rest.get("/me", headers={**cookie(here), "host": there.host})
    assert by_cookie.status_code == 401
    at_no_portal = await rest.get("/me", headers={**bearer(here), "host": f"absent.{BARE}"})
    assert at_no_portal.status_code == 404


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YWJj", "bearer x", "Bearer 1.x", "Bearer -1." + "x" * 43]
)
async def test_a_wrong_token_is_401(rest: httpx.AsyncClient, portal: Portal, header: str) -> None:
    response = await rest.get("/me", headers={"host": portal.host, "authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_nothing_but_the_public_is_reachable_before_log_in(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    """The list of what is reachable without log-in is this one; anything else is 401."""
    public = {
        "sign_up", "find_portals", "look_at_portal", "log_in", "enter", "request_reset",
        "reset_password", "confirm_email", "look_at_invitation", "accept_invitation",
    }  # fmt: skip
    for route in ROUTES:
        path = route.path.replace("{", "").replace("}", "")
        path = "/".join("1" if part.endswith("_id") else part for part in path.split("/"))
        headers = {"host": portal.host, "content-type": "application/json"}
        response = await rest.request(route.method, path, headers=headers)
        assert (response.status_code == 401) == (name_of(route) not in public), name_of(route)


async def test_an_ended_session_is_401_at_once(rest: httpx.AsyncClient, portal: Portal) -> None:
    assert (await rest.delete("/sessions/current", headers=bearer(portal))).status_code == 200
    assert (await rest.get("/me", headers=bearer(portal))).status_code == 401


# --- Cookies and other sites -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://{host}"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://{host}"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://{host}.evil.test"}, 403),
        ({"origin": "http://other.localhost:8024"}, 403),
        ({"origin": "http://localhost:8024"}, 403),
        ({"origin": "http://evil.test", "sec-fetch-site": "same-origin"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
async def test_the_cookie_changes_things_only_from_the_portals_own_pages(
    rest: httpx.AsyncClient, portal: Portal, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.format(host=portal.host) for name, value in headers.items()}
    response = await rest.patch("/me", json={"title": "Boss"}, headers={**cookie(portal), **sent})
    assert response.status_code == status, response.text


async def test_another_site_cannot_log_somebody_in(rest: httpx.AsyncClient, portal: Portal) -> None:
    body = {"email": portal.email, "password": PASSWORD}
    headers = {"host": portal.host, "origin": "http://evil.test"}
    response = await rest.post("/sessions", json=body, headers=headers)
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


async def test_logging_in_sets_a_cookie_that_scripts_cannot_read(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    body = {"email": portal.email, "password": PASSWORD}
    response = await rest.post("/sessions", json=body, headers={"host": portal.host})
    assert response.status_code == 201
    assert response.json()["token"] is None
    crumbs = {part.strip().lower() for part in response.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= crumbs
    assert not any(part.startswith("domain") for part in crumbs)
    value = response.cookies["talkoo_session"]
    again = await rest.get(
        "/me", headers={"host": portal.host, "cookie": f"talkoo_session={value}"}
    )
    assert again.status_code == 200


async def test_who_asks_for_the_token_gets_it_and_no_cookie(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    body = {"email": portal.email, "password": PASSWORD, "token": True}
    response = await rest.post("/sessions", json=body, headers={"host": portal.host})
    assert response.json()["token"].startswith(f"{portal.context.portal}.")
    assert "set-cookie" not in response.headers


async def test_logging_out_clears_the_cookie(rest: httpx.AsyncClient, portal: Portal) -> None:
    headers = {**cookie(portal), "origin": f"http://{portal.host}"}
    response = await rest.delete("/sessions/current", headers=headers)
    assert response.status_code == 200
    assert 'talkoo_session=""' in response.headers["set-cookie"]
    assert (await rest.get("/me", headers=cookie(portal))).status_code == 401


async def test_over_https_the_cookie_has_the_name_that_nobody_else_can_set(
    house: House, portal: Portal
) -> None:
    services = replace(house.services, public_url="https://localhost:8024")
    transport = httpx.ASGITransport(make_api(services, "1"))
    async with httpx.AsyncClient(transport=transport, base_url="https://t") as client:
        response = await client.post(
            PREFIX + "/sessions",
            json={"email": portal.email, "password": PASSWORD},
            headers={"host": portal.host},
        )
        assert response.headers["set-cookie"].startswith("__Host-talkoo_session=")
        assert "secure" in response.headers["set-cookie"].lower()
        assert "max-age" in response.headers["strict-transport-security"]
        old = await client.get(PREFIX + "/me", headers=cookie(portal))
        assert old.status_code == 401


# --- What answers carry ----------------------------------------------------------------------


async def test_every_answer_is_kept_by_no_cache_and_runs_nothing(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    paths = [route.path for route in ROUTES if route.method == "GET" and "{" not in route.path]
    for path in [*paths, "/people/999999", "/absent"]:
        response = await rest.get(path, headers=bearer(portal))
        assert response.headers["cache-control"] == "no-store", path
        assert {"Cookie", "Authorization"} <= set(response.headers["vary"].split(", ")), path
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/people", "/rooms", "/snapshot"])
async def test_what_has_not_changed_is_not_sent_again(
    rest: httpx.AsyncClient, portal: Portal, path: str
) -> None:
    first = await rest.get(path, headers=bearer(portal))
    headers = {**bearer(portal), "if-none-match": first.headers["etag"]}
    second = await rest.get(path, headers=headers)
    assert (second.status_code, second.content) == (304, b"")
    await rest.patch("/me", json={"title": "Boss", "name": "Bea"}, headers=bearer(portal))
    await rest.post("/rooms", json={"client_id": "a" * 8, "name": "R"}, headers=bearer(portal))
    assert (await rest.get(path, headers=headers)).status_code == 200


async def test_pages_are_linked(rest: httpx.AsyncClient, portal: Portal) -> None:
    for number in range(5):
        body = {"client_id": f"client-{number}", "text": f"Post {number}"}
        assert (await rest.post("/posts", json=body, headers=bearer(portal))).status_code == 201
    seen: list[str] = []
    url: str | None = "/posts?limit=2"
    while url and len(seen) < 9:
        assert "limit=2" in url
        response = await rest.get(url, headers=bearer(portal))
        seen += [post["text"] for post in response.json()["posts"]]
        link = response.headers.get("link", "")
        url = link.split(">")[0].removeprefix(f"<{PREFIX}") or None
    assert seen == [f"Post {number}" for number in (4, 3, 2, 1, 0)]


async def test_history_is_linked_in_the_direction_that_was_asked(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    room = {"client_id": "a" * 8, "name": "R"}
    made = await rest.post("/rooms", json=room, headers=bearer(portal))
    path = f"/rooms/{made.json()['room']['id']}/messages"
    for number in range(1, 6):
        body = {"client_id": f"client-{number}", "text": "Hei"}
        await rest.post(path, json=body, headers=bearer(portal))
    older = await rest.get(f"{path}?limit=2", headers=bearer(portal))
    assert older.headers["link"] == f'<{PREFIX}{path}?limit=2&before=4>; rel="next"'
    newer = await rest.get(f"{path}?limit=2&after=1", headers=bearer(portal))
    assert newer.headers["link"] == f'<{PREFIX}{path}?limit=2&after=3>; rel="next"'
    last = await rest.get(f"{path}?limit=2&after=3", headers=bearer(portal))
    assert "link" not in last.headers


# --- What goes wrong -------------------------------------------------------------------------


async def test_nothing_there_and_the_wrong_method_are_problems_too(
    rest: httpx.AsyncClient, portal: Portal
) -> None:
    absent = await rest.get("/absent", headers=bearer(portal))
    assert (absent.status_code, absent.json()["type"]) == (404, "/problems/no-route")
    wrong = await rest.put("/rooms", json={}, headers=bearer(portal))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    for response in (absent, wrong):
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == response.status_code


async def test_a_fault_of_ours_says_nothing_of_its_cause(
    rest: httpx.AsyncClient, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(context: object, request: object) -> None:
        raise RuntimeError("canary")

    failing = replace(OPERATIONS["list_rooms"], run=broken)
    monkeypatch.setitem(OPERATIONS, "list_rooms", failing)
    response = await rest.get("/rooms", headers=bearer(portal))
    assert (response.status_code, response.json()["type"]) == (500, "/problems/internal")
    assert "canary" not in response.text


async def test_a_lost_database_is_503_and_worth_another_try(
    rest: httpx.AsyncClient, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(context: object, request: object) -> None:
        raise ConnectionRefusedError("root@db")

    monkeypatch.setitem(OPERATIONS, "list_rooms", replace(OPERATIONS["list_rooms"], run=away))
    response = await rest.get("/rooms", headers=bearer(portal))
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "root" not in response.text


async def test_too_many_requests_a_second_are_held_up(house: House) -> None:
    slow = house.with_limits(commands_per_second=3)
    portal = await open_portal(slow)
    transport = httpx.ASGITransport(make_api(slow.services, "1"))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://t{PREFIX}") as client:
        statuses = [
            (await client.get("/portal", headers=bearer(portal))).status_code for _ in range(30)
        ]
    assert 429 in statuses
    assert statuses[0] == 200


# --- The descriptions ------------------------------------------------------------------------


async def test_the_descriptions_are_there_for_everybody(rest: httpx.AsyncClient) -> None:
    root = f"http://{BARE}"
    rest_json = (await rest.get(f"{root}/api/v1/openapi.json")).json()
    live_json = (await rest.get(f"{root}/api/asyncapi.json")).json()
    assert rest_json["openapi"].startswith("3.1")
    assert live_json["asyncapi"].startswith("3.0")
    page = await rest.get(f"{root}/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(f'id="{name_of(route)}"' in page.text for route in ROUTES)
    assert "<script" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    style = await rest.get(f"{root}/api/docs/reference.css")
    assert style.headers["content-type"].startswith("text/css")
