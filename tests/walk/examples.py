"""A valid request for every operation, as someone who may would send it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from tests.walk.world import Things, new_id, picture

# ``things`` are of our portal, of the other one, or absent: the same request, aimed elsewhere.
Example = Callable[[Things], dict[str, Any]]

NEW_PASSWORD = "a new and better password"


def _nothing(things: Things) -> dict[str, Any]:
    return {}


def _new_email() -> str:
    return f"new.{uuid.uuid4().hex[:12]}@example.com"


ACCOUNTS: dict[str, Example] = {
    "sign_up": lambda t: {
        "company": "Acme",
        "email": _new_email(),
        "password": NEW_PASSWORD,
        "name": "Ada",
        "language": "fi",
    },
    "find_portals": lambda t: {"email": t.email, "password": t.password},
    "log_in": lambda t: {
        "email": t.email,
        "password": t.password,
        "token": True,
        "device": "Phone",
    },
    "enter": lambda t: {"ticket": t.ticket, "token": True, "device": "Laptop"},
    "log_out": _nothing,
    "request_reset": lambda t: {"email": t.email},
    "reset_password": lambda t: {"token": t.reset_token, "password": NEW_PASSWORD},
    "change_password": lambda t: {"old_password": t.password, "password": NEW_PASSWORD},
    "confirm_email": lambda t: {"token": t.confirm_token},
    "resend_confirmation": _nothing,
    "get_me": _nothing,
    "update_profile": lambda t: {"name": "A name", "title": "A title", "language": "fi"},
    "get_portal": _nothing,
    "rename_portal": lambda t: {"name": "Acme and sons"},
    "look_at_portal": _nothing,
    "list_people": _nothing,
    "get_person": lambda t: {"user_id": t.former},
    "set_role": lambda t: {"user_id": t.former, "role": "guest"},
    "deactivate": lambda t: {"user_id": t.former},
    "reactivate": lambda t: {"user_id": t.gone},
    "list_sessions": _nothing,
    "end_session": lambda t: {"session_id": t.session},
    "end_other_sessions": _nothing,
    "invite": lambda t: {"emails": [_new_email()], "role": "guest"},
    "list_invitations": _nothing,
    "close_invitation": lambda t: {"invitation_id": t.invitation},
    "open_invitation_link": lambda t: {"role": "guest"},
    "close_invitation_link": _nothing,
    "get_invitation_link": _nothing,
    "look_at_invitation": lambda t: {"token": t.invitation_token},
    "accept_invitation": lambda t: {
        "token": t.invitation_token,
        "name": "New",
        "password": NEW_PASSWORD,
        "language": "fi",
        "as_token": True,
        "device": "Phone",
    },
}

CHAT: dict[str, Example] = {
    "list_rooms": _nothing,
    "get_room": lambda t: {"room_id": t.room},
    "open_direct_room": lambda t: {"user_id": t.former},
    "create_room": lambda t: {"client_id": new_id(), "name": "Attic", "user_ids": [t.former]},
    "rename_room": lambda t: {"room_id": t.room, "name": "Cellar"},
    "add_members": lambda t: {"room_id": t.room, "user_ids": [t.outsider]},
    "remove_member": lambda t: {"room_id": t.room, "user_id": t.guest},
    "leave_room": lambda t: {"room_id": t.room},
    "send_message": lambda t: {"client_id": new_id(), "room_id": t.room, "text": "Hello again"},
    "edit_message": lambda t: {"message_id": t.message, "text": "Better"},
    "delete_message": lambda t: {"message_id": t.message},
    "react": lambda t: {"message_id": t.message, "emoji": "👍"},
    "unreact": lambda t: {"message_id": t.message, "emoji": "👍"},
    "list_messages": lambda t: {"room_id": t.room, "before": 3, "limit": 2},
    "mark_read": lambda t: {"room_id": t.room, "seq": 1},
}

FEED: dict[str, Example] = {
    "create_post": lambda t: {
        "client_id": new_id(),
        "text": "To one",
        "visible_to": "people",
        "user_ids": [t.former],
    },
    "edit_post": lambda t: {"post_id": t.portal_post, "text": "Better news"},
    "delete_post": lambda t: {"post_id": t.portal_post},
    "get_post": lambda t: {"post_id": t.portal_post},
    "like_post": lambda t: {"post_id": t.portal_post},
    "unlike_post": lambda t: {"post_id": t.portal_post},
    "list_posts": lambda t: {"limit": 5},
    "mark_feed_read": lambda t: {"position": 2**40 + 1},
}

ADMIN: dict[str, Example] = {
    "list_connections": _nothing,
    "end_user_sessions": lambda t: {"user_id": t.former},
    "list_audit": lambda t: {"limit": 5},
}

PRESENCE: dict[str, Example] = {
    "set_presence": lambda t: {"state": "away"},
    "typing": lambda t: {"room_id": t.room},
    "watch_presence": lambda t: {"user_ids": [t.former]},
    "list_presence": _nothing,
}

SNAPSHOT: dict[str, Example] = {"get_snapshot": _nothing}

EXAMPLES: dict[str, Example] = {**ACCOUNTS, **ADMIN, **CHAT, **FEED, **PRESENCE, **SNAPSHOT}

# Other things that the same operation can be aimed at; matrix rows name them ``operation@case``.
CASES: dict[str, Example] = {
    "get_person@of_my_room": lambda t: {"user_id": t.member},
    "get_person@deactivated": lambda t: {"user_id": t.gone},
    "set_role@last_admin": lambda t: {"user_id": t.admin, "role": "guest"},
    "deactivate@last_admin": lambda t: {"user_id": t.admin},
    "open_direct_room@of_my_room": lambda t: {"user_id": t.member},
    "create_room@of_my_room": lambda t: {
        "client_id": new_id(),
        "name": "Attic",
        "user_ids": [t.member],
    },
    "get_room@direct": lambda t: {"room_id": t.direct},
    "rename_room@direct": lambda t: {"room_id": t.direct, "name": "Cellar"},
    "add_members@direct": lambda t: {"room_id": t.direct, "user_ids": [t.former]},
    "leave_room@direct": lambda t: {"room_id": t.direct},
    "remove_member@direct": lambda t: {"room_id": t.direct, "user_id": t.outsider},
    "send_message@direct": lambda t: {"client_id": new_id(), "room_id": t.direct, "text": "Hi"},
    "edit_message@direct": lambda t: {"message_id": t.direct_message, "text": "Better"},
    "delete_message@direct": lambda t: {"message_id": t.direct_message},
    "list_messages@direct": lambda t: {"room_id": t.direct},
    "mark_read@direct": lambda t: {"room_id": t.direct, "seq": 1},
    "typing@direct": lambda t: {"room_id": t.direct},
    "send_message@portal_talk": lambda t: {
        "client_id": new_id(),
        "room_id": t.portal_talk,
        "text": "A comment",
    },
    "list_messages@portal_talk": lambda t: {"room_id": t.portal_talk},
    "edit_message@comment": lambda t: {"message_id": t.comment, "text": "Better"},
    "delete_message@comment": lambda t: {"message_id": t.comment},
    "react@direct": lambda t: {"message_id": t.direct_message, "emoji": "🎉"},
    "react@comment": lambda t: {"message_id": t.comment, "emoji": "🎉"},
    "unreact@direct": lambda t: {"message_id": t.direct_message, "emoji": "🎉"},
    "unreact@comment": lambda t: {"message_id": t.comment, "emoji": "🎉"},
    "send_message@people_talk": lambda t: {
        "client_id": new_id(),
        "room_id": t.people_talk,
        "text": "A comment",
    },
    "list_messages@people_talk": lambda t: {"room_id": t.people_talk},
    "typing@people_talk": lambda t: {"room_id": t.people_talk},
    "create_post@portal": lambda t: {"client_id": new_id(), "text": "To all"},
    "get_post@people": lambda t: {"post_id": t.people_post},
    "edit_post@people": lambda t: {"post_id": t.people_post, "text": "Better"},
    "delete_post@people": lambda t: {"post_id": t.people_post},
    "like_post@people": lambda t: {"post_id": t.people_post},
    "unlike_post@people": lambda t: {"post_id": t.people_post},
    "look_at_invitation@link": lambda t: {"token": t.link_token},
    "accept_invitation@link": lambda t: {
        "token": t.link_token,
        "email": _new_email(),
        "name": "New",
        "password": NEW_PASSWORD,
        "as_token": True,
    },
}


# The routes of bytes, which are no operations.
RAW: dict[str, Example] = {
    "set_picture": lambda t: {"data": picture()},
    "remove_picture": _nothing,
    "list_outbox": _nothing,
    "read_picture": lambda t: {"user_id": t.member},
    "read_picture@unknown": lambda t: {"user_id": t.former},
}


def example(name: str, things: Things) -> dict[str, Any]:
    """The request of an operation, a case of one, or a route of bytes."""
    return {**EXAMPLES, **CASES, **RAW}[name](things)
