"""What admins do is noted; sessions that they end are over."""

from __future__ import annotations

import pytest

from portal import catalogue
from portal.accounts.authenticate import authenticate
from portal.accounts.starting import DAY_MS
from portal.context import Caller, Context
from portal.errors import Problem
from portal.operation import ADMINS
from server.jobs import tidy
from storage.database import now_ms
from tests.team import Team, ids
from tests.walk.world import do

# What only admins can do, and changes nothing worth remembering.
NOT_NOTED = {"resend_confirmation"}


async def noted(context: Context) -> list[tuple[str, int | None, str]]:
    """What stands in the record, the oldest first."""
    page = await do(context, "list_audit")
    assert all(entry.user_id == context.me.user_id for entry in page.entries)
    return [(e.action, e.subject_id, e.detail) for e in reversed(page.entries)]


async def test_each_thing_that_only_admins_do_is_noted(team: Team) -> None:
    ada, ben = team.ada, ids(team.ben)[0]
    await do(ada, "rename_portal", name="New name")
    await do(ada, "set_role", user_id=ben, role="admin")
    await do(ada, "deactivate", user_id=ben)
    await do(ada, "reactivate", user_id=ben)
    invited = await do(ada, "invite", emails=["eve@example.test"], role="member")
    await do(ada, "close_invitation", invitation_id=invited.invitations[0].id)
    await do(ada, "open_invitation_link", role="guest")
    await do(ada, "close_invitation_link")
    await team.house.token(team.cy)
    await do(ada, "end_user_sessions", user_id=ids(team.cy)[0])
    found = await noted(ada)
    assert found == [
        ("rename_portal", None, "New name"),
        ("set_role", ben, "member -> admin"),
        ("deactivate", ben, ""),
        ("reactivate", ben, ""),
        ("invite", None, "eve@example.test"),
        ("close_invitation", invited.invitations[0].id, ""),
        ("open_invitation_link", None, "guest"),
        ("close_invitation_link", None, ""),
        ("end_user_sessions", ids(team.cy)[0], "1 sessions"),
    ]
    commands = {o.name for o in catalogue.OPERATIONS.values() if o.kind == "command"}
    only_admins = {n for n in commands if catalogue.OPERATIONS[n].access == ADMINS}
    assert only_admins - NOT_NOTED == {action for action, _, _ in found}


async def test_what_changes_nothing_is_not_noted(team: Team) -> None:
    ada, ben = team.ada, ids(team.ben)[0]
    await do(ada, "set_role", user_id=ben, role="member")
    await do(ada, "reactivate", user_id=ben)
    await do(ada, "close_invitation_link")
    with pytest.raises(Problem):
        await do(ada, "set_role", user_id=ids(ada)[0], role="member")
    await do(ada, "end_user_sessions", user_id=ben)
    assert await noted(ada) == []


async def test_the_record_comes_in_pages(team: Team) -> None:
    for number in range(5):
        await do(team.ada, "rename_portal", name=f"Name {number}")
    first = await do(team.ada, "list_audit", limit=3)
    assert [entry.detail for entry in first.entries] == ["Name 4", "Name 3", "Name 2"]
    assert first.more_before
    rest = await do(team.ada, "list_audit", limit=3, before=first.entries[-1].id)
    assert [entry.detail for entry in rest.entries] == ["Name 1", "Name 0"]
    assert not rest.more_before


async def test_old_entries_are_forgotten(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await do(team.ada, "rename_portal", name="Old")
    await tidy(team.house.services, team.ada.portal)
    assert len(await noted(team.ada)) == 1
    soon = team.house.with_limits(audit_days=1).services
    monkeypatch.setattr("server.jobs.now_ms", lambda: now_ms() + 2 * DAY_MS)
    await tidy(soon, team.ada.portal)
    assert await noted(team.ada) == []


async def test_sessions_that_an_admin_ends_are_over(team: Team) -> None:
    services, cy = team.house.services, ids(team.cy)[0]
    tokens = [await team.house.token(team.cy) for _ in range(3)]
    actors = [await authenticate(services, token, None, Caller()) for token in tokens]
    some = await do(team.ada, "end_user_sessions", user_id=cy, session_ids=[actors[0].session_id])
    assert some.ended == 1
    with pytest.raises(Problem):
        await authenticate(services, tokens[0], None, Caller())
    await authenticate(services, tokens[1], None, Caller())
    assert (await do(team.ada, "end_user_sessions", user_id=cy)).ended == 2
    for token in tokens:
        with pytest.raises(Problem):
            await authenticate(services, token, None, Caller())


async def test_sessions_of_somebody_else_are_not_found(team: Team) -> None:
    token = await team.house.token(team.ben)
    actor = await authenticate(team.house.services, token, None, Caller())
    with pytest.raises(Problem) as refused:
        await do(
            team.ada,
            "end_user_sessions",
            user_id=ids(team.cy)[0],
            session_ids=[actor.session_id],
        )
    assert refused.value.details.status == 404
    await authenticate(team.house.services, token, None, Caller())
    assert await noted(team.ada) == []
