"""Shorthands for what the tests of accounts do all the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from portal.accounts.mail_later import settled
from portal.catalogue import OPERATIONS
from portal.context import Actor, Caller, Context
from portal.errors import Problem
from tests.house import House

Do = Callable[..., Awaitable[Any]]


async def do(context: Context, name: str, /, **fields: Any) -> Any:
    """Calls an operation, and waits for what it does after its answer."""
    operation = OPERATIONS[name]
    answer = await operation.call(context, operation.request.model_validate(fields))
    await settled()
    return answer


async def refused(context: Context, name: str, /, **fields: Any) -> Problem:
    """The problem that an operation answers with; fails when it answers with none."""
    with pytest.raises(Problem) as caught:
        await do(context, name, **fields)
    return caught.value


def outside(house: House, portal_id: int | None = None) -> Context:
    """A request of nobody in particular."""
    return Context(house.services, portal_id, None, Caller(address="192.0.2.7", device="Test"))


def as_session(house: House, opened: Any) -> Context:
    """A request of a session that a log-in opened."""
    actor = Actor(opened.portal.id, opened.me.id, opened.me.role, opened.session_id)
    return Context(house.services, opened.portal.id, actor, Caller(address="192.0.2.7"))


def secret(link: str | None) -> str:
    """What stands in the fragment of a link."""
    assert link is not None
    return link.partition("#")[2]


def types(house: House, portal_id: int) -> list[str]:
    """The types of a portal's events so far."""
    return [event.type for event in house.events.get(portal_id, [])]
