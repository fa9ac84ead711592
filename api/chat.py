"""Where the messenger's operations are found."""

from __future__ import annotations

from api.routes import Route
from portal.chat.model import ListMessages, Messages


def _more_messages(request: ListMessages, answer: Messages) -> dict[str, int] | None:
    """On in the direction that was asked for: newer after ``after``, else older."""
    if not answer.messages:
        return None
    if request.after is not None:
        return {"after": answer.messages[-1].seq} if answer.more_after else None
    return {"before": answer.messages[0].seq} if answer.more_before else None


ROUTES = (
    Route("GET", "/rooms", "list_rooms", etag=True),
    Route("POST", "/rooms", "create_room", 201),
    Route("GET", "/rooms/{room_id}", "get_room"),
    Route("PATCH", "/rooms/{room_id}", "rename_room"),
    Route("POST", "/rooms/{room_id}/members", "add_members"),
    Route("DELETE", "/rooms/{room_id}/members/{user_id}", "remove_member"),
    Route("POST", "/rooms/{room_id}/leave", "leave_room"),
    Route("PUT", "/people/{user_id}/room", "open_direct_room"),
    Route("GET", "/rooms/{room_id}/messages", "list_messages", next_page=_more_messages),
    Route("POST", "/rooms/{room_id}/messages", "send_message", 201),
    Route("PATCH", "/messages/{message_id}", "edit_message"),
    Route("DELETE", "/messages/{message_id}", "delete_message"),
    Route("PUT", "/messages/{message_id}/reactions", "react"),
    Route("DELETE", "/messages/{message_id}/reactions", "unreact"),
    Route("PUT", "/rooms/{room_id}/read", "mark_read"),
)
