"""Calls operations through the REST door, as a program with a bearer token does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from api.routes import PREFIX, AnyRoute, Route, name_of
from api.table import ROUTES

# The address without a portal, where one signs up.
BARE = "localhost:8024"
ROUTE_OF: dict[str, AnyRoute] = {name_of(route): route for route in ROUTES}

# Far above what a test needs: attempts are counted over the whole test, not by the second.
LOOSE = {
    "plan_free_people": 1000,
    "attempts_log_in": 10**6,
    "attempts_caller": 10**6,
    "attempts_mail": 10**6,
    "attempts_sign_up": 10**6,
    "commands_per_second": 10**6,
    "sessions_per_user": 10**6,
}


class Rest:
    """The API over HTTP, without a network."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(
        self,
        name: str,
        fields: Mapping[str, Any],
        *,
        host: str,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Calls an operation by its name with its fields, wherever its route wants them."""
        route = ROUTE_OF[name]
        rest = dict(fields)
        path = route.path
        if isinstance(route, Route):
            path = path.format(**{field: rest.pop(field) for field in route.path_fields})
        elif "{user_id}" in path:
            path = path.format(user_id=rest.pop("user_id"))
        if not isinstance(route, Route):
            return await self.send(
                route.method, path, host=host, token=token, content=rest.get("data")
            )
        if route.has_body:
            return await self.send(
                route.method, path, host=host, token=token, json=rest, headers=headers
            )
        return await self.send(
            route.method, path, host=host, token=token, params=rest, headers=headers
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        host: str,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Sends any request below ``/api/v1``."""
        sent = {"host": host, **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        return await self.client.request(method, PREFIX + path, headers=sent, **content)


def host_for(name: str, host: str) -> str:
    """Where an operation is found: signing up happens at the bare address."""
    return BARE if name in ("sign_up", "find_portals") else host


def problem(response: httpx.Response) -> dict[str, Any]:
    """The problem that an answer carries; fails when it is not one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    found: dict[str, Any] = json.loads(response.content)
    assert found["status"] == response.status_code
    return found
