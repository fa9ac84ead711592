"""All routes: one line a module."""

from __future__ import annotations

from api import accounts, admin, chat, feed, outbox, presence, snapshot
from api.routes import AnyRoute

MODULES: dict[str, tuple[AnyRoute, ...]] = {
    "accounts": (*accounts.ROUTES, *accounts.PICTURES),
    "admin": admin.ROUTES,
    "chat": chat.ROUTES,
    "feed": feed.ROUTES,
    "presence": presence.ROUTES,
    "snapshot": snapshot.ROUTES,
    "outbox": outbox.ROUTES,
}

ROUTES: tuple[AnyRoute, ...] = tuple(route for routes in MODULES.values() for route in routes)

# Operations that only make sense while a connection is open.
SOCKET_ONLY: frozenset[str] = presence.SOCKET_ONLY
