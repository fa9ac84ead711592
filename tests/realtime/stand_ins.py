"""Stand-ins for the operations and the log-in, a few lines each."""

from __future__ import annotations

import asyncio
from typing import ClassVar, cast

from portal import audience
from portal.context import Actor, Caller, Context, Role, Services, record
from portal.errors import Problem, unauthorized
from portal.model import Answer, ClientId, Done, EventBody, Id, MarkdownText, Nothing, Request
from portal.operation import MEMBERS, AnyOperation, command, query
from portal.presence.operations import OPERATIONS as PRESENCE
from storage import log
from storage.commit import Tx
from storage.schema import sessions, users


class Said(EventBody):
    type: ClassVar[str] = "said"
    room_id: int
    text: str
    user_id: int


class Say(Request):
    client_id: ClientId
    room_id: Id
    text: MarkdownText


class SaidAnswer(Answer):
    position: int
    text: str


class Snap(Answer):
    position: int
    role: str


async def say(context: Context, request: Say) -> SaidAnswer:
    async def change(tx: Tx) -> SaidAnswer:
        said = Said(room_id=request.room_id, text=request.text, user_id=context.me.user_id)
        position = record(tx, audience.room(request.room_id), said)
        return SaidAnswer(position=position, text=request.text)

    return await context.commit_once(change, request, SaidAnswer)


# What `ponder` waits for.
thought = asyncio.Event()


async def ponder(context: Context, request: Nothing) -> Done:
    await thought.wait()
    return Done()


async def break_down(context: Context, request: Nothing) -> Done:
    raise RuntimeError("a secret detail")


async def refuse(context: Context, request: Nothing) -> Done:
    raise Problem(409, "no-way", "No way", "Not like this.")


async def get_snapshot(context: Context, request: Nothing) -> Snap:
    async with context.read() as statements:
        clock = await log.clock(statements, context.portal)
    return Snap(position=clock.last, role=context.me.role)


OPERATIONS: dict[str, AnyOperation] = {
    operation.name: operation
    for operation in (
        command("say", say, Say, SaidAnswer, "Say something"),
        command("ponder", ponder, Nothing, Done, "Take your time"),
        command("break_down", break_down, Nothing, Done, "A mistake of ours"),
        command("refuse", refuse, Nothing, Done, "A mistake of yours"),
        command("insiders", refuse, Nothing, Done, "Not for guests", access=MEMBERS),
        command("rest_only", refuse, Nothing, Done, "Not here", socket=False),
        query("get_snapshot", get_snapshot, Nothing, Snap, "The state"),
        *PRESENCE,
    )
}


async def authenticate(
    services: Services, token: str, portal_id: int | None, caller: Caller
) -> Actor:
    """Stand-in tokens: ``<portal>.<session>``."""
    portal, _, session = token.partition(".")
    if not (portal.isdigit() and session.isdigit()) or portal_id not in (None, int(portal)):
        raise unauthorized()
    context = Context(services, int(portal))
    async with context.read() as statements:
        row = await statements.first(
            sessions.join(
                users, (users.c.portal_id == int(portal)) & (users.c.id == sessions.c.user_id)
            )
            .select()
            .with_only_columns(users.c.id, users.c.role, sessions.c.ended_at)
            .where(sessions.c.portal_id == int(portal), sessions.c.id == int(session))
        )
    if row is None or row.ended_at is not None:
        raise unauthorized()
    return Actor(int(portal), int(row.id), cast(Role, row.role), int(session))
