"""What every action tells, to exactly whom, and with exactly which fields.

`SHAPES` lists the fields of each event and signal. `ACTIONS` lists what a raw observer of each
role gets when something is done: a set of observers for each type of event that it causes, so that
an event too many, a receiver too many, and a field too many are all seen.

The observers are those of `tests.walk.world`, the member's ``phone``, and ``stranger``, the other
portal's admin, who is in no set.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.gates.live import Live
from tests.walk.world import new_id

Shape = Any
Act = Callable[[Live], Awaitable[object]]


def fields(names: str, **nested: Shape) -> Shape:
    """An object with these fields, some of which are objects or lists of them."""
    return {**dict.fromkeys(names.split()), **nested}


PERSON = fields("id name title picture role active")
ME = fields("id name title picture role active email confirmed language")
MESSAGE = fields(
    "id room_id seq user_id text client_id created_at edited_at deleted_at",
    reactions=[fields("emoji user_ids")],
)
ROOM_FIELDS = (
    "id kind name member_ids created_by created_at last_seq last_message read_seq unread post_id"
)
ROOM = fields(ROOM_FIELDS)
POST = fields(
    "id position user_id visible_to user_ids text room_id created_at edited_at comments liked_by"
)

SHAPES: Mapping[str, Shape] = {
    "person_joined": fields("", person=PERSON),
    "person_changed": fields("", person=PERSON),
    "me_changed": fields("", me=ME),
    "portal_changed": fields("name"),
    "session_started": fields("session_id device address created_at"),
    "session_ended": fields("session_id"),
    "invitations_changed": fields("open"),
    "members_added": fields("user_ids", room=ROOM, people=[PERSON]),
    "room_removed": fields("room_id user_id"),
    "member_removed": fields("room_id user_id"),
    "room_renamed": fields("room_id name"),
    "message_sent": fields("", message=MESSAGE),
    "message_edited": fields("", message=MESSAGE),
    "message_deleted": fields("", message=MESSAGE),
    "reactions_changed": fields("user_id emoji added", message=MESSAGE),
    "room_read": fields("room_id read_seq unread"),
    "post_created": fields("", post=POST),
    "post_edited": fields("post_id text edited_at"),
    "post_deleted": fields("post_id position user_id room_id"),
    "post_liked": fields("post_id user_id"),
    "post_unliked": fields("post_id user_id"),
    "feed_read": fields("", feed=fields("read_position unread")),
    # Signals.
    "presence": fields("", presence=fields("user_id state last_seen_at")),
    "typing": fields("room_id user_id"),
    "position": fields("position"),
    "ticket": fields("position ticket"),
}


def who(names: str) -> frozenset[str]:
    """A set of observers."""
    return frozenset(names.split())


MEMBER = who("member phone")
PORTAL = who("admin member phone outsider former")
IN_ROOM = who("admin member phone guest")
IN_DIRECT = who("member phone outsider")
CHOSEN = who("member phone outsider guest")
ADMINS = who("admin")
# The guest knows those of the room and of the post: not former.
KNOWN_TO_GUEST = PORTAL | who("guest")


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is done, and who gets which events of it."""

    name: str
    act: Act
    told: Mapping[str, frozenset[str]]


async def _send(live: Live, by: str, room: str, text: str = "Hello") -> None:
    await live.do(by, "send_message", client_id=new_id(), room_id=live.thing(room), text=text)


async def _comment_anew(live: Live) -> None:
    await _send(live, "former", "portal_talk")


async def _create_room(live: Live) -> None:
    await live.do(
        "member", "create_room", client_id=new_id(), name="Attic", user_ids=[live.thing("former")]
    )


async def _post_to_some(live: Live) -> None:
    await live.do(
        "member",
        "create_post",
        client_id=new_id(),
        text="Psst",
        visible_to="people",
        user_ids=[live.thing("guest")],
    )


async def _like_and_unlike(live: Live) -> None:
    await live.do("outsider", "like_post", post_id=live.thing("people_post"))
    await live.do("outsider", "unlike_post", post_id=live.thing("people_post"))


async def _accept(live: Live) -> None:
    await live.public(
        "accept_invitation",
        token=live.thing("invitation_token"),
        name="New",
        password="a password for me",
    )


async def _log_in_and_out(live: Live) -> None:
    opened = await live.public(
        "log_in", email=live.thing("email"), password=live.thing("password"), token=True
    )
    await live.do("member", "end_session", session_id=opened["session_id"])


def does(by: str, name: str, /, **given: Any) -> Act:
    """Somebody calls an operation; fields that name a thing of the world stand for its id."""

    return lambda live: live.do(by, name, **given)


ACTIONS: tuple[Action, ...] = (
    # Accounts.
    Action(
        "a new name",
        does("member", "update_profile", name="Mimi", title="Cook"),
        {"person_changed": KNOWN_TO_GUEST, "me_changed": MEMBER},
    ),
    Action(
        "a new name of somebody whom the guest does not know",
        does("former", "update_profile", name="Fay"),
        {"person_changed": PORTAL, "me_changed": who("former")},
    ),
    Action(
        "another language",
        # Settling has made it "fi".
        does("member", "update_profile", language="en"),
        {"me_changed": MEMBER},
    ),
    Action(
        "another role",
        does("admin", "set_role", user_id="$former", role="admin"),
        {"person_changed": PORTAL, "me_changed": who("former")},
    ),
    Action(
        "deactivation",
        does("admin", "deactivate", user_id="$former"),
        # The connections of the one who goes end at this event: nothing comes after it.
        {"person_changed": PORTAL},
    ),
    Action(
        "reactivation",
        does("admin", "reactivate", user_id="$gone"),
        {"person_changed": PORTAL},
    ),
    Action(
        "a new name of the portal",
        does("admin", "rename_portal", name="Acme and sons"),
        {"portal_changed": KNOWN_TO_GUEST},
    ),
    Action(
        "a log-in on another device, ended at once",
        _log_in_and_out,
        {"session_started": MEMBER, "session_ended": MEMBER},
    ),
    Action(
        "invitations",
        does("admin", "invite", emails=["somebody@example.com"]),
        {"invitations_changed": ADMINS},
    ),
    Action(
        "an invitation is closed",
        does("admin", "close_invitation", invitation_id="$invitation"),
        {"invitations_changed": ADMINS},
    ),
    Action(
        "an invitation is accepted",
        _accept,
        {"person_joined": PORTAL, "invitations_changed": ADMINS},
    ),
    Action(
        "the link is closed",
        does("admin", "close_invitation_link"),
        {"invitations_changed": ADMINS},
    ),
    # Chat.
    Action("a new room", _create_room, {"members_added": who("member phone former")}),
    Action(
        "a new direct room",
        does("admin", "open_direct_room", user_id="$former"),
        {"members_added": who("admin former")},
    ),
    Action(
        "people come into a room",
        does("member", "add_members", room_id="$room", user_ids=["$former"]),
        {"members_added": IN_ROOM | who("former")},
    ),
    Action(
        "someone is removed from a room",
        does("member", "remove_member", room_id="$room", user_id="$guest"),
        {"room_removed": who("guest"), "member_removed": who("admin member phone")},
    ),
    Action(
        "someone leaves a room",
        does("admin", "leave_room", room_id="$room"),
        {"room_removed": who("admin"), "member_removed": who("member phone guest")},
    ),
    Action(
        "a new name of a room",
        does("member", "rename_room", room_id="$room", name="Cellar"),
        {"room_renamed": IN_ROOM},
    ),
    Action(
        "a message to a room",
        lambda live: _send(live, "guest", "room"),
        {"message_sent": IN_ROOM},
    ),
    Action(
        "a message to one",
        lambda live: _send(live, "outsider", "direct"),
        {"message_sent": IN_DIRECT},
    ),
    Action(
        "a first comment on what everybody sees",
        _comment_anew,
        {"members_added": who("member phone outsider former"), "message_sent": PORTAL},
    ),
    Action(
        "a comment on what some see",
        lambda live: _send(live, "guest", "people_talk"),
        {"message_sent": CHOSEN},
    ),
    Action(
        "a message is edited",
        does("member", "edit_message", message_id="$message", text="Better"),
        {"message_edited": IN_ROOM},
    ),
    Action(
        "a comment is edited",
        does("outsider", "edit_message", message_id="$comment", text="Better"),
        {"message_edited": PORTAL},
    ),
    Action(
        "a message is deleted",
        does("admin", "delete_message", message_id="$message"),
        {"message_deleted": IN_ROOM},
    ),
    Action(
        "a direct message is deleted",
        does("member", "delete_message", message_id="$direct_message"),
        {"message_deleted": IN_DIRECT},
    ),
    Action(
        "a reaction to a message",
        does("guest", "react", message_id="$message", emoji="👍"),
        {"reactions_changed": IN_ROOM},
    ),
    Action(
        "a reaction to a direct message",
        does("outsider", "react", message_id="$direct_message", emoji="👍"),
        {"reactions_changed": IN_DIRECT},
    ),
    Action(
        "a reaction to a comment",
        does("former", "react", message_id="$comment", emoji="👍"),
        {"reactions_changed": PORTAL},
    ),
    Action(
        "a room is read",
        does("outsider", "mark_read", room_id="$direct", seq=1),
        {"room_read": who("outsider")},
    ),
    # Feed.
    Action(
        "a post to all",
        does("admin", "create_post", client_id="new_client_id", text="News"),
        # Its discussion has one member so far.
        {"members_added": who("admin"), "post_created": PORTAL},
    ),
    Action(
        "a post to some",
        _post_to_some,
        dict.fromkeys(("members_added", "post_created"), who("member phone guest")),
    ),
    Action(
        "a post is edited",
        does("member", "edit_post", post_id="$people_post", text="Better"),
        {"post_edited": CHOSEN},
    ),
    Action(
        "a post to all is edited",
        does("member", "edit_post", post_id="$portal_post", text="Better"),
        {"post_edited": PORTAL},
    ),
    Action(
        "a like that is taken back",
        _like_and_unlike,
        {"post_liked": CHOSEN, "post_unliked": CHOSEN},
    ),
    Action(
        "a post to some is deleted",
        does("member", "delete_post", post_id="$people_post"),
        {"post_deleted": CHOSEN},
    ),
    Action(
        "a post to all is deleted",
        does("admin", "delete_post", post_id="$portal_post"),
        {"post_deleted": PORTAL},
    ),
    Action(
        "the feed is read",
        does("member", "mark_feed_read", position=2**41 - 1),
        {"feed_read": MEMBER},
    ),
)

# Signals: the same, with who is here. A signal reaches everybody in the audience but its maker,
# unless it is about the maker's own state.
SIGNAL_ACTIONS: tuple[Action, ...] = (
    Action(
        "typing in a room",
        does("member", "typing", room_id="$room"),
        {"typing": who("admin guest")},
    ),
    Action(
        "typing to one",
        does("outsider", "typing", room_id="$direct"),
        {"typing": MEMBER},
    ),
    Action(
        "typing below what everybody sees",
        does("former", "typing", room_id="$portal_talk"),
        {"typing": PORTAL - who("former")},
    ),
    Action(
        "typing below what some see",
        does("guest", "typing", room_id="$people_talk"),
        {"typing": CHOSEN - who("guest")},
    ),
    Action(
        "away, of somebody whom the guest does not know",
        does("former", "set_presence", state="away"),
        {"presence": PORTAL},
    ),
    Action(
        "away, of somebody whom the guest knows",
        does("outsider", "set_presence", state="away"),
        {"presence": KNOWN_TO_GUEST},
    ),
)
