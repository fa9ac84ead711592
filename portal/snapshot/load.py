"""Loads the state that a client starts from: one moment, a fixed number of queries."""

from __future__ import annotations

from portal.accounts.views import load_portal, load_user, to_me
from portal.chat.views import load_rooms
from portal.context import Context
from portal.feed.views import feed_state, to_posts
from portal.model import Nothing
from portal.people import to_person
from portal.presence.model import Presence, State
from portal.snapshot.model import Snapshot
from storage import feed, log, people
from storage.feed import Viewer
from storage.people import PersonRow


async def get_snapshot(context: Context, _request: Nothing) -> Snapshot:
    """Everything that a client keeps, at one position."""
    me, portal_id = context.me, context.portal
    limit = context.limits.page
    states = await context.services.presence.states(portal_id)
    async with context.read() as statements:
        clock = await log.clock(statements, portal_id)
        user = await load_user(statements, context)
        viewer = await feed.viewer(statements, portal_id, me.user_id) or Viewer(user.role, 0)
        known = await people.visible_people(statements, portal_id, me.user_id, user.role)
        rows = await feed.page(
            statements, portal_id, me.user_id, user.role, before=None, limit=limit + 1
        )
        return Snapshot(
            position=clock.last,
            portal=await load_portal(statements, context),
            me=to_me(user),
            people=[to_person(row) for row in known],
            rooms=await load_rooms(statements, portal_id, me.user_id),
            posts=await to_posts(statements, portal_id, rows[:limit]),
            more_posts=len(rows) > limit,
            feed=await feed_state(statements, portal_id, me.user_id, viewer),
            presence=[_presence(row, states) for row in known],
        )


def _presence(row: PersonRow, states: dict[int, str]) -> Presence:
    state: State = "offline"
    match states.get(row.id):
        case "online":
            state = "online"
        case "away":
            state = "away"
        case _:
            pass
    return Presence(user_id=row.id, state=state, last_seen_at=row.last_seen_at)
