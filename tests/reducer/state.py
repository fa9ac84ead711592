"""What a person's client would know, by snapshot and by events."""

from __future__ import annotations

from typing import Any

from portal.catalogue import OPERATIONS
from portal.context import Context
from portal.model import Nothing
from storage import log
from storage.log import Event
from tests.house import House


async def load(context: Context) -> dict[str, Any]:
    """The snapshot of a person, as it goes over the wire."""
    answer = await OPERATIONS["get_snapshot"].call(context, Nothing())
    state: dict[str, Any] = answer.model_dump(mode="json")
    return state


async def events_for(house: House, context: Context, after: int) -> list[Event]:
    """The events after a position that a person may see now."""
    async with context.read() as statements:
        events = await log.read_after(statements, context.portal, after, 10_000)
    return await visible(house, context, events)


def comparable(state: dict[str, Any]) -> dict[str, Any]:
    """A snapshot without what no event brings, and with its lists in one order.

    ``position`` differs when the last events were not for this person; presence is a signal;
    pages of posts are as long as each side keeps them.
    """
    kept = {name: state[name] for name in ("portal", "me", "feed")}
    kept["people"] = {person["id"]: person for person in state["people"]}
    kept["rooms"] = {room["id"]: room for room in state["rooms"]}
    kept["posts"] = {post["id"]: post for post in state["posts"]}
    return kept
