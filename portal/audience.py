"""Who may see an event, written as the log writes it.

``portal``      every member and admin of the portal (guests are not among them)
``everybody``   every user of the portal, guests too
``user:7``      one user, on all devices
``room:12``     the members of a room
``person:7``    whoever may know that user: members, admins, and guests who share a room
``admins``      the admins
``watchers:7``  the connections that look at that user now (signals only)
"""

from __future__ import annotations

PORTAL = "portal"
EVERYBODY = "everybody"
ADMINS = "admins"


def user(user_id: int) -> str:
    """One user, on all devices."""
    return f"user:{user_id}"


def room(room_id: int) -> str:
    """The members of a room."""
    return f"room:{room_id}"


def person(user_id: int) -> str:
    """Whoever may know a user."""
    return f"person:{user_id}"


def watchers(user_id: int) -> str:
    """Whoever looks at a user now."""
    return f"watchers:{user_id}"


def split(audience: str) -> tuple[str, int]:
    """``("room", 12)`` for ``room:12``; the number is 0 where there is none."""
    kind, _, number = audience.partition(":")
    return kind, int(number or 0)
