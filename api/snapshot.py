"""Where the snapshot is found."""

from __future__ import annotations

from api.routes import Route

ROUTES = (Route("GET", "/snapshot", "get_snapshot", etag=True),)
