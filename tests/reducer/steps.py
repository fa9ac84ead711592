"""Steps of people in a portal: at least one for every command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from portal.context import Caller
from tests.walk.examples import CASES, EXAMPLES, Example
from tests.walk.world import Side, Things, new_id


def _room(t: Things, **fields: Any) -> dict[str, Any]:
    return {"room_id": t.room, **fields}


# What the examples of the walk do not aim at.
MORE: Mapping[str, Example] = {
    "add_members@two": lambda t: _room(t, user_ids=[t.outsider, t.former]),
    "create_room@with_guest": lambda t: {
        "client_id": new_id(),
        "name": "Cellar",
        "user_ids": [t.guest, t.outsider],
    },
    "create_room@alone": lambda t: {"client_id": new_id(), "name": "Cell"},
    "open_direct_room@guest": lambda t: {"user_id": t.guest},
    "remove_member@admin": lambda t: _room(t, user_id=t.admin),
    "mark_read@all": lambda t: _room(t, seq=2**40),
    "mark_read@discussion": lambda t: {"room_id": t.portal_talk, "seq": 1},
    "create_post@everybody": lambda t: {
        "client_id": new_id(),
        "text": "To you",
        "visible_to": "people",
        "user_ids": [t.admin, t.guest, t.outsider, t.former],
    },
    "set_role@member_guest": lambda t: {"user_id": t.member, "role": "guest"},
    "set_role@outsider_guest": lambda t: {"user_id": t.outsider, "role": "guest"},
    "set_role@guest_member": lambda t: {"user_id": t.guest, "role": "member"},
    "set_role@member_admin": lambda t: {"user_id": t.member, "role": "admin"},
    "deactivate@member": lambda t: {"user_id": t.member},
    "deactivate@guest": lambda t: {"user_id": t.guest},
}


@dataclass(frozen=True, slots=True)
class Step:
    """Someone does something (``operation`` or ``operation@case``), after others did."""

    does: str
    by: str
    # "by does" of each, before anybody looks.
    after: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " after ".join([f"{self.by} {self.does}", *reversed(self.after)])


async def act(side: Side, by: str, does: str) -> None:
    """Does it; it must succeed."""
    someone = side.people[by]
    if does in ("set_presence", "watch_presence"):
        # Presence belongs to a connection.
        context = replace(someone.context, caller=Caller(connection_id="a connection"))
        someone = replace(someone, context=context)
    fields = {**EXAMPLES, **CASES, **MORE}[does](side.things)
    await someone.do(does.partition("@")[0], **fields)


COMMENTED = "guest send_message@people_talk"

STEPS: tuple[Step, ...] = (
    # Accounts
    Step("log_out", "member"),
    Step("update_profile", "member"),
    Step("update_profile", "guest"),
    Step("update_profile", "former"),
    Step("change_password", "member"),
    Step("resend_confirmation", "admin"),
    Step("end_session", "member"),
    Step("end_other_sessions", "member"),
    Step("rename_portal", "admin"),
    Step("set_role", "admin"),
    Step("set_role@member_guest", "admin"),
    Step("set_role@outsider_guest", "admin"),
    Step("set_role@guest_member", "admin"),
    Step("set_role@member_admin", "admin"),
    Step("deactivate", "admin"),
    Step("deactivate@member", "admin"),
    Step("deactivate@guest", "admin"),
    Step("reactivate", "admin"),
    Step("invite", "admin"),
    Step("close_invitation", "admin"),
    Step("open_invitation_link", "admin"),
    Step("close_invitation_link", "admin"),
    # Chat
    Step("open_direct_room", "member"),
    Step("open_direct_room", "member", ("member open_direct_room",)),
    Step("open_direct_room@guest", "admin"),
    Step("open_direct_room@of_my_room", "guest"),
    Step("create_room", "member"),
    Step("create_room@with_guest", "admin"),
    Step("create_room@alone", "outsider"),
    Step("rename_room", "member"),
    Step("rename_room", "admin", ("member rename_room",)),
    Step("add_members", "member"),
    Step("add_members@two", "admin"),
    Step("add_members@two", "admin", ("member add_members", "outsider send_message")),
    Step("remove_member", "member"),
    Step("remove_member@admin", "member"),
    Step("leave_room", "member"),
    Step("leave_room", "guest"),
    Step("leave_room", "admin"),
    Step("send_message", "member"),
    Step("send_message", "guest"),
    Step("send_message@direct", "outsider"),
    Step("send_message@portal_talk", "member"),
    Step("send_message@portal_talk", "admin"),
    Step("send_message@portal_talk", "outsider"),
    Step("send_message@people_talk", "guest"),
    Step("edit_message", "member"),
    Step("edit_message", "member", ("guest send_message",)),
    Step("edit_message@direct", "member"),
    Step("edit_message@comment", "outsider"),
    Step("delete_message", "member"),
    Step("delete_message", "member", ("guest send_message",)),
    Step("delete_message", "admin", ("guest mark_read@all",)),
    Step("delete_message", "admin", ("admin delete_message",)),
    Step("delete_message@direct", "member"),
    Step("delete_message@comment", "outsider"),
    Step("delete_message@comment", "admin", ("admin send_message@portal_talk",)),
    Step("react", "guest"),
    Step("react", "admin", ("guest react", "admin react")),
    Step("react@direct", "outsider"),
    Step("react@comment", "former"),
    Step("unreact", "guest", ("guest react", "member react")),
    Step("unreact", "guest"),
    Step("unreact@comment", "former", ("former react@comment",)),
    Step("edit_message", "member", ("guest react",)),
    Step("delete_message", "member", ("guest react",)),
    Step("mark_read", "member"),
    Step("mark_read", "guest"),
    Step("mark_read@all", "guest"),
    Step("mark_read@all", "admin", ("member delete_message",)),
    Step("mark_read@direct", "outsider"),
    Step("mark_read@discussion", "member"),
    # Feed
    Step("create_post", "member"),
    Step("create_post@portal", "admin"),
    Step("create_post@everybody", "member"),
    Step("edit_post", "member"),
    Step("edit_post@people", "member"),
    Step("delete_post", "member"),
    Step("delete_post", "admin", ("outsider mark_feed_read",)),
    Step("delete_post@people", "member", (COMMENTED,)),
    Step("like_post", "outsider"),
    Step("like_post", "member", ("outsider like_post",)),
    Step("like_post@people", "guest"),
    Step("unlike_post", "outsider", ("outsider like_post", "admin like_post")),
    Step("unlike_post@people", "guest", ("guest like_post@people",)),
    Step("mark_feed_read", "outsider"),
    Step("mark_feed_read", "guest"),
    # A guest knows people by their rooms, and by those alone.
    Step("leave_room", "guest", ("member delete_post@people",)),
    Step("delete_post@people", "member", ("guest leave_room",)),
    Step("update_profile", "outsider", ("member delete_post@people",)),
    Step("end_user_sessions", "admin"),
    # Presence: signals, which change no state.
    Step("set_presence", "member"),
    Step("watch_presence", "member"),
    Step("typing", "member"),
)
