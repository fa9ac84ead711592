"""Where admins find who is connected, and what was done."""

from __future__ import annotations

from api.routes import Route
from portal.admin.model import Audit, ListAudit


def _older_entries(request: ListAudit, answer: Audit) -> dict[str, int] | None:
    if not answer.more_before or not answer.entries:
        return None
    return {"before": answer.entries[-1].id}


ROUTES = (
    Route("GET", "/connections", "list_connections"),
    Route("POST", "/people/{user_id}/end-sessions", "end_user_sessions"),
    Route("GET", "/audit", "list_audit", next_page=_older_entries),
)
