"""Where the operations of accounts are found, and the pictures, which are bytes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.answers import bytes_answer
from api.requests import path_number, read_body
from api.routes import RawRoute, Route
from portal.accounts import pictures
from portal.accounts.model import MeAnswer
from portal.context import Context

ROUTES = (
    # At the bare address.
    Route("POST", "/portals", "sign_up", 201),
    Route("POST", "/portals/find", "find_portals"),
    # At a portal's address, before log-in.
    Route("GET", "/portal/public", "look_at_portal"),
    Route("POST", "/sessions", "log_in", 201, session="opens"),
    Route("POST", "/sessions/enter", "enter", 201, session="opens"),
    Route("POST", "/password-resets", "request_reset", 202),
    Route("POST", "/password-resets/finish", "reset_password"),
    Route("POST", "/confirmations", "confirm_email"),
    Route("POST", "/invitations/look", "look_at_invitation"),
    Route("POST", "/invitations/accept", "accept_invitation", 201, session="opens"),
    # Of myself.
    Route("DELETE", "/sessions/current", "log_out", session="ends"),
    Route("GET", "/me", "get_me"),
    Route("PATCH", "/me", "update_profile"),
    Route("POST", "/me/password", "change_password"),
    Route("POST", "/confirmations/resend", "resend_confirmation"),
    Route("GET", "/sessions", "list_sessions"),
    Route("DELETE", "/sessions/{session_id}", "end_session"),
    Route("POST", "/sessions/end-others", "end_other_sessions"),
    # The portal and its people.
    Route("GET", "/portal", "get_portal"),
    Route("PATCH", "/portal", "rename_portal"),
    Route("GET", "/people", "list_people", etag=True),
    Route("GET", "/people/{user_id}", "get_person"),
    Route("PUT", "/people/{user_id}/role", "set_role"),
    Route("POST", "/people/{user_id}/deactivate", "deactivate"),
    Route("POST", "/people/{user_id}/reactivate", "reactivate"),
    # Invitations.
    Route("POST", "/invitations", "invite", 201),
    Route("GET", "/invitations", "list_invitations"),
    Route("DELETE", "/invitations/{invitation_id}", "close_invitation"),
    Route("GET", "/invitation-link", "get_invitation_link"),
    Route("PUT", "/invitation-link", "open_invitation_link"),
    Route("DELETE", "/invitation-link", "close_invitation_link"),
)


async def _set_picture(request: Request, context: Context) -> Response:
    data = await read_body(request, context.limits.picture_bytes)
    answer = await pictures.set_picture(context, data)
    return JSONResponse(answer.model_dump(mode="json"))


async def _remove_picture(request: Request, context: Context) -> Response:
    answer = await pictures.remove_picture(context)
    return JSONResponse(answer.model_dump(mode="json"))


async def _read_picture(request: Request, context: Context) -> Response:
    data, media = await pictures.read_picture(context, path_number(request, "user_id"))
    return bytes_answer(request, data, media)


PICTURES = (
    RawRoute(
        "PUT",
        "/me/picture",
        "set_picture",
        "Set my picture.",
        _set_picture,
        takes=("image/png", "image/jpeg", "image/webp", "image/gif"),
        answer=MeAnswer,
    ),
    RawRoute(
        "DELETE",
        "/me/picture",
        "remove_picture",
        "Remove my picture.",
        _remove_picture,
        answer=MeAnswer,
    ),
    RawRoute(
        "GET",
        "/people/{user_id}/picture",
        "read_picture",
        "Someone's picture. `v` only makes a new address for a new picture.",
        _read_picture,
        gives=("image/webp", "image/png", "image/jpeg"),
        query=("v",),
    ),
)
