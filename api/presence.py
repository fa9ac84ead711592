"""Where presence is found. Being here and typing are told over Socket.IO only."""

from __future__ import annotations

from api.routes import Route

ROUTES = (Route("GET", "/presence", "list_presence"),)

SOCKET_ONLY = frozenset(("set_presence", "typing", "watch_presence"))
