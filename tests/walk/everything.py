"""Does everything once that the server can do, so that whoever listens has heard it all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from sqlalchemy import update

from portal.catalogue import OPERATIONS
from portal.context import Context
from portal.errors import Problem
from server.jobs import tidy
from storage.messages import NUMBERED, recount_unread
from storage.presence import last_seen
from storage.schema import sessions
from tests.walk.examples import CASES, EXAMPLES, RAW, example
from tests.walk.observer import PATIENCE_SECONDS, Observer
from tests.walk.rest import host_for
from tests.walk.serving import Served
from tests.walk.world import Side, do, make_side, make_world


async def do_everything(served: Served) -> None:
    """Every operation and route, a connection that catches up, and the housekeeping."""
    world = await make_world(served.house)
    # First, so that the rest passes the time after which who went counts as gone.
    await _connect(served, world.ours)
    for name in (*EXAMPLES, *CASES):
        side = world.ours
        if OPERATIONS[name.partition("@")[0]].kind == "command":
            side = await make_side(served.house)
        await _do_once(side, name)
    for name in RAW:
        await _ask(served, world.ours, name.partition("@")[0], example(name, world.ours.things))
    await _do_what_no_example_does(served, world.ours)
    await _until_gone(served, world.ours)
    await _tidy(served, world.ours)


async def _ask(served: Served, side: Side, name: str, fields: dict[str, Any]) -> None:
    host, token = host_for(name, side.host), side.people["admin"].token
    await served.rest.call(name, fields, host=host, token=token)


async def _do_what_no_example_does(served: Served, side: Side) -> None:
    """A command that comes twice, reading what is unread, being a guest, coming back late."""
    things, outsider = side.things, side.people["outsider"]
    message = example("send_message@direct", things)
    for _ in range(2):
        await side.people["member"].do("send_message", **message)
    await outsider.do("mark_read", room_id=things.direct, seq=2**40)
    await outsider.do("mark_feed_read", position=2**50)
    await side.people["guest"].do("list_presence")
    database = await served.house.services.shards.home(side.portal_id)
    async with database.write() as statements:
        # Found by its place right after it was put there, which is before anybody could look.
        assert await statements.rows_by(NUMBERED.places, [(side.portal_id, things.direct, 1)])
        await statements.run(
            update(sessions).where(sessions.c.portal_id == side.portal_id).values(last_seen_at=0)
        )
    await _ask(served, side, "get_me", {})
    # What the counters are compared with.
    async with database.read() as statements:
        await recount_unread(statements, side.portal_id, outsider.id)


async def _do_once(side: Side, name: str) -> None:
    """As the first of the people who may, over no door."""
    operation = OPERATIONS[name.partition("@")[0]]
    fields = example(name, side.things)
    if operation.access == "public":
        someone = side.people["admin"]
        bare = operation.name in ("sign_up", "find_portals")
        portal_id = None if bare else side.portal_id
        await do(Context(someone.context.services, portal_id), operation.name, **fields)
        return
    for by in ("member", "outsider", "admin"):
        try:
            await side.people[by].do(operation.name, **fields)
        except Problem:
            continue
        return


async def _connect(served: Served, side: Side) -> None:
    """Everybody comes, from the beginning of the log; somebody acts; everybody goes."""
    names = [name for name in side.people if name != "gone"]
    observers = [Observer(name, served.url, side.people[name].token) for name in names]
    head = await side.people["member"].do("get_snapshot")
    await asyncio.gather(*(observer.connect(head.position - 5) for observer in observers))
    for observer in observers:
        await observer.do("set_presence", state="away")
        await observer.do("watch_presence", user_ids=[side.people["member"].id])
    # The node's own slow look at the clocks.
    await served.server.node.portals.poll()
    await asyncio.gather(*(observer.close() for observer in observers))


async def _until_gone(served: Served, side: Side) -> None:
    """Waits until the node has noted when those who went were last here."""
    database = await served.house.services.shards.home(side.portal_id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        seen: int | None = None
        while seen is None:
            await asyncio.sleep(0.05)
            async with database.read() as statements:
                known = await last_seen(statements, side.portal_id, 100)
            seen = known[side.things.guest]


async def _tidy(served: Served, side: Side) -> None:
    services = served.house.services
    limits = services.limits.model_copy(update={"log_days": -1, "client_id_days": -1})
    await tidy(replace(services, limits=limits), side.portal_id)
