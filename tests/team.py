"""A portal with an admin, two members and a guest, and what they do by operations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from portal.context import Context
from portal.errors import Problem
from tests.house import House
from tests.walk.world import do, new_id


@dataclass(frozen=True)
class Team:
    """Four people of one portal."""

    house: House
    ada: Context
    ben: Context
    cy: Context
    gus: Context

    @classmethod
    async def make(cls, house: House) -> Team:
        """Ada is the admin, Ben and Cy are members, Gus is a guest."""
        ada = await house.make_portal()
        ben, cy = await house.join(ada, "Ben"), await house.join(ada, "Cy")
        return cls(house, ada, ben, cy, await house.join(ada, "Gus", "guest"))

    async def room(self, by: Context, *others: Context, name: str = "Kitchen") -> Any:
        """A new group room."""
        made = await do(by, "create_room", client_id=new_id(), name=name, user_ids=ids(*others))
        return made.room

    async def say(self, by: Context, room_id: int, text: str = "Hello") -> Any:
        """A new message."""
        sent = await do(by, "send_message", client_id=new_id(), room_id=room_id, text=text)
        return sent.message

    async def post(self, by: Context, *to: Context, text: str = "News") -> Any:
        """A new post, to the portal unless to somebody."""
        fields: dict[str, Any] = {"client_id": new_id(), "text": text}
        if to:
            fields |= {"visible_to": "people", "user_ids": ids(*to)}
        return (await do(by, "create_post", **fields)).post

    async def deactivate(self, someone: Context) -> None:
        """By Ada."""
        await do(self.ada, "deactivate", user_id=someone.me.user_id)

    def told(self, since: int = 0) -> list[tuple[str, str, dict[str, Any]]]:
        """The events of the portal after the first ``since``: type, audience and body."""
        events = self.house.events[self.ada.portal][since:]
        return [(event.type, event.audience, json.loads(event.body)) for event in events]

    @property
    def happened(self) -> int:
        """How many events there were."""
        return len(self.house.events.get(self.ada.portal, []))


def ids(*people: Context) -> list[int]:
    """Their user ids."""
    return [person.me.user_id for person in people]


async def refused(by: Context, name: str, /, **fields: Any) -> Problem:
    """The problem with which an operation is refused."""
    with pytest.raises(Problem) as caught:
        await do(by, name, **fields)
    return caught.value


async def at_once(*calls: Any) -> Sequence[Any]:
    """Runs everything concurrently; what was refused is a Problem in its place."""
    return await asyncio.gather(*calls, return_exceptions=True)
