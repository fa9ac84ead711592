"""Whatever is wrong with a request: a clear 4xx that names the field, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.routes import Route
from api.table import ROUTES
from portal.catalogue import OPERATIONS
from tests.gates.bad import Bad, bad_requests
from tests.house import House
from tests.walk.examples import example
from tests.walk.rest import Rest, host_for, problem
from tests.walk.serving import Served
from tests.walk.watch import state_of
from tests.walk.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATION_ROUTES = [route for route in ROUTES if isinstance(route, Route)]
WITH_BODY = [route for route in OPERATION_ROUTES if route.has_body]


def by_name(route: Route) -> str:
    return route.operation


# What is refused here never comes as far as a store: one is enough.
@pytest.fixture(scope="module")
def shared_house(served: Served) -> House:
    return served.house


@pytest.fixture(scope="module")
def rest(served: Served) -> Rest:
    return served.rest


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(served: Served) -> World:
    return await make_world(served.house)


class Prober:
    """Sends one operation's route whatever a test thinks of, as someone who may use it."""

    def __init__(self, rest: Rest, world: World, route: Route) -> None:
        self.rest = rest
        self.route = route
        self.good = example(route.operation, world.ours.things)
        self.host = host_for(route.operation, world.ours.host)
        public = OPERATIONS[route.operation].access == "public"
        asker = "member" if route.operation == "end_session" else "admin"
        self.token = None if public else world.ours.people[asker].token
        self.path = route.path.format(**{name: self.good[name] for name in route.path_fields})
        self.body = {k: v for k, v in self.good.items() if k not in route.path_fields}

    async def raw(self, content: bytes, **headers: str) -> httpx.Response:
        """Sends bytes as the body."""
        headers = {"content-type": "application/json", **headers}
        return await self.rest.send(
            self.route.method,
            self.path,
            host=self.host,
            token=self.token,
            content=content,
            headers=headers,
        )

    async def fields(self, fields: dict[str, Any]) -> httpx.Response:
        """Sends fields wherever the route wants them."""
        return await self.raw(json.dumps(fields).encode())


# How the library that validates speaks to programmers.
FOREIGN_WORDS = ("Input should", "String should", "List should", "Value error", "Object should")


def named(answer: httpx.Response) -> list[str]:
    """The fields that a problem names, each in words for people."""
    errors = problem(answer)["errors"]
    for error in errors:
        assert not error["message"].startswith(FOREIGN_WORDS), error
    return [error["field"] for error in errors]


def in_body(route: Route, good: dict[str, Any]) -> Iterator[Bad]:
    """The bad requests that the body of a route can carry."""
    for bad in bad_requests(OPERATIONS[route.operation].request, good):
        if bad.names not in route.path_fields:
            yield bad


@pytest.mark.parametrize("route", WITH_BODY, ids=by_name)
async def test_one_field_is_wrong(
    rest: Rest, world: World, shared_house: House, route: Route
) -> None:
    prober = Prober(rest, world, route)
    before = await state_of(shared_house, world.ours.portal_id)
    wrong: list[str] = []
    for bad in in_body(route, prober.good):
        body = {k: v for k, v in bad.fields.items() if k not in route.path_fields}
        answer = await prober.fields(body)
        if answer.status_code != 422:
            wrong.append(f"{bad.what}: {answer.status_code}")
        elif not any(f"{name}.".startswith(f"{bad.names}.") for name in named(answer)):
            wrong.append(f"{bad.what}: names {named(answer)}")
    assert wrong == []
    assert await state_of(shared_house, world.ours.portal_id) == before


DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES: list[tuple[str, bytes, set[int]]] = [
    ("null", b"null", {422}),
    ("array", b"[]", {422}),
    ("array of one", b"[{}]", {422}),
    ("text", b'"text"', {422}),
    ("number", b"7", {422}),
    ("true", b"true", {422}),
    ("broken", b'{"a": ', {400}),
    ("not JSON", b"a=1&b=2", {400}),
    ("two values", b"{}{}", {400}),
    ("NaN", b'{"a": NaN}', {400}),
    ("Infinity", b'{"a": Infinity}', {400}),
    ("not UTF-8", b'{"a": "\xff\xfe"}', {400}),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), {400}),
    ("overlong NUL", b'{"a": "\xc0\x80"}', {400}),
    ("a byte order mark", b"\xef\xbb\xbf{}", {400}),
    ("NUL bytes", b"\0\0\0\0", {400}),
    ("nested deeply", b'{"a": ' + DEEP + b"}", {400}),
    ("a very long number", b'{"a": ' + b"9" * 10_000 + b"}", {400, 422}),
    ("many fields", json.dumps({f"f{n}": n for n in range(5000)}).encode(), {422}),
    ("a long name", json.dumps({"n" * 100_000: 1}).encode(), {422}),
    ("huge", b'{"a": "' + b"x" * 1_100_000 + b'"}', {413}),
]


@pytest.mark.parametrize("route", WITH_BODY, ids=by_name)
async def test_the_body_is_wrong(rest: Rest, world: World, route: Route) -> None:
    prober = Prober(rest, world, route)
    wrong: list[str] = []
    for what, content, statuses in BODIES:
        answer = await prober.raw(content)
        if answer.status_code not in statuses:
            wrong.append(f"{what}: {answer.status_code}")
            continue
        problem(answer)
        if len(answer.content) > 4000:
            wrong.append(f"{what}: answers with {len(answer.content)} bytes")
    assert wrong == []


@pytest.mark.parametrize("route", WITH_BODY, ids=by_name)
async def test_a_field_comes_twice(
    rest: Rest, world: World, shared_house: House, route: Route
) -> None:
    prober = Prober(rest, world, route)
    before = await state_of(shared_house, world.ours.portal_id)
    for name in prober.body:
        one = json.dumps(prober.body)[1:-1]
        twice = json.dumps({name: prober.body[name]})[1:-1]
        answer = await prober.raw(f"{{{one}, {twice}}}".encode())
        assert (answer.status_code, named(answer)) == (422, [name])
    answer = await prober.raw(b'{"__proto__": {"role": "admin"}, "__proto__": 1}')
    assert answer.status_code == 422
    assert await state_of(shared_house, world.ours.portal_id) == before


@pytest.mark.parametrize("route", WITH_BODY, ids=by_name)
async def test_the_body_is_not_called_json(rest: Rest, world: World, route: Route) -> None:
    prober = Prober(rest, world, route)
    content = json.dumps(prober.body or {"a": 1}).encode()
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await prober.raw(content, **{"content-type": media})
        assert (answer.status_code, problem(answer)["type"]) == (415, "/problems/media-type")
    answer = await prober.raw(content, **{"content-encoding": "gzip"})
    assert answer.status_code == 415


NUMBERS = ("abc", "0", "-1", "1.5", "9" * 20, "1e3", "0x10", "%00", "%EF%BC%91", "+1", "1_0", "1;")


@pytest.mark.parametrize(
    "route", [route for route in OPERATION_ROUTES if route.path_fields], ids=by_name
)
async def test_a_number_in_the_address_is_wrong(rest: Rest, world: World, route: Route) -> None:
    prober = Prober(rest, world, route)
    query = {field: value for field, value in prober.good.items() if field not in route.path_fields}
    for name in route.path_fields:
        for text in NUMBERS:
            parts = {field: prober.good[field] for field in route.path_fields} | {name: text}
            answer = await rest.send(
                route.method,
                route.path.format(**parts),
                host=prober.host,
                token=prober.token,
                **({"json": prober.body} if route.has_body else {"params": query}),
            )
            assert (text, answer.status_code, named(answer)) == (text, 422, [name])


@pytest.mark.parametrize("route", OPERATION_ROUTES, ids=by_name)
async def test_the_query_is_wrong(rest: Rest, world: World, route: Route) -> None:
    prober = Prober(rest, world, route)
    known = OPERATIONS[route.operation].request.model_fields.keys() - set(route.path_fields)
    queries = [("portal_id", "1"), ("user_id", "1"), ("__proto__", "1"), ("limit[$gt]", "1")]
    if not route.has_body:
        queries += [(name, text) for name in known for text in ("abc", "-1", "", "1.5", "1,2")]
    queries += [(name, "1") for name in route.path_fields]
    for name, text in queries:
        answer = await rest.send(
            route.method,
            prober.path,
            host=prober.host,
            token=prober.token,
            params={name: text},
            **({"json": prober.body} if route.has_body else {}),
        )
        assert (name, text, answer.status_code) == (name, text, 422), answer.text
        assert named(answer)[0] == name
    if not route.has_body:
        for name in known:
            answer = await rest.send(
                route.method,
                f"{prober.path}?{name}=1&{name}=2",
                host=prober.host,
                token=prober.token,
            )
            assert (answer.status_code, named(answer)) == (422, [name])


@pytest.mark.parametrize("route", OPERATION_ROUTES, ids=by_name)
async def test_the_token_is_wrong(rest: Rest, world: World, route: Route) -> None:
    if OPERATIONS[route.operation].access == "public":
        return
    prober = Prober(rest, world, route)
    good = world.ours.people["admin"].token
    portal_id, _, secret = good.partition(".")
    forged = [
        f"{portal_id}.{'A' * 43}",
        secret,
        f"{world.theirs.portal_id}.{secret}",
        f"{portal_id}.{secret[:-1]}",
        f"{good}x",
        good.swapcase(),
        f"0{good}",
        f"-{good}",
        f"{portal_id}.",
        ".",
        "null",
        "é" * 10,
        "9" * 5000,
        world.stranger.token,
        world.ours.things.link_token,
        world.ours.things.reset_token,
    ]
    for token in forged:
        answer = await rest.client.request(
            route.method,
            f"/api/v1{prober.path}",
            headers=[
                (b"host", prober.host.encode()),
                (b"authorization", f"Bearer {token}".encode("latin-1")),
            ],
        )
        assert (token[:30], answer.status_code) == (token[:30], 401)
        problem(answer)
