"""The handshake: who connects, to which portal, from which page, and how far they have got."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from pydantic import Field, ValidationError

from portal.addresses import address_of, session_cookie
from portal.context import Actor, Caller, Services
from portal.errors import Problem, from_validation, not_found, unauthorized
from portal.model import Position, Request
from realtime.tickets import Ticket, Tickets, bound_to
from storage.shards import UnknownPortal

# Tells whether a page of ``origin`` may talk to ``host``.
AllowedOrigin = Callable[[str, str], bool]
# Finds out whose a token is; raises a Problem.
Authenticate = Callable[[Services, str, int | None, Caller], Awaitable[Actor]]


# Says whether the log still agrees with a ticket.
Vouch = Callable[[Ticket], Awaitable[Actor | None]]


class Auth(Request):
    """What a client gives with its connect: ``io(url, {auth: {token, position}})``."""

    token: str | None = Field(None, max_length=200, description="Else the browser's cookie.")
    position: Position | None = Field(None, description="The last one that the client handled.")
    ticket: str | None = Field(
        None, max_length=16_000, description="The newest that it was given, if any."
    )


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who connects, with the ticket that proved it, if one did."""

    actor: Actor
    caller: Caller
    position: int | None
    ticket: Ticket | None
    bound: bytes


async def _for_nobody(ticket: Ticket) -> Actor | None:
    return None


class Handshake:
    """Decides about connects."""

    def __init__(
        self,
        services: Services,
        authenticate: Authenticate,
        allowed_origin: AllowedOrigin,
        tickets: Tickets,
    ) -> None:
        self.services = services
        self.authenticate = authenticate
        self.allowed_origin = allowed_origin
        self.tickets = tickets
        # Set by whoever follows the logs, before anybody connects.
        self.vouch: Vouch = _for_nobody

    def origin_allowed(self, origin: str, environ: Mapping[str, Any]) -> bool:
        """For every request of the transport that has an Origin, whatever else it has."""
        return self.allowed_origin(str(environ.get("HTTP_HOST", "")), origin)

    async def admit(self, sid: str, environ: Mapping[str, Any], auth: Any) -> Admitted:
        """Who connects, and where they ask to continue; raises a Problem."""
        try:
            given = Auth.model_validate({} if auth is None else auth)
        except ValidationError as error:
            raise from_validation(error) from error
        portal_id = await self._portal(environ)
        token = given.token or self._cookie(environ)
        if token is None:
            raise unauthorized()
        caller, bound = caller_of(environ, sid), bound_to(token)
        ticket = self.tickets.read(given.ticket, bound) if given.ticket else None
        if ticket is not None and portal_id in (None, ticket.portal_id):
            actor = await self.vouch(ticket)
            if actor is not None:
                return Admitted(actor, caller, given.position, ticket, bound)
        try:
            actor = await self.authenticate(self.services, token, portal_id, caller)
        except UnknownPortal as error:
            raise unauthorized() from error
        return Admitted(actor, caller, given.position, None, bound)

    async def _portal(self, environ: Mapping[str, Any]) -> int | None:
        host = str(environ.get("HTTP_HOST", ""))
        address = address_of(self.services.public_url, host)
        if address is None:
            return None
        portal_id = await self.services.shards.find(address)
        if portal_id is None:
            raise not_found("portal")
        return portal_id

    def _cookie(self, environ: Mapping[str, Any]) -> str | None:
        try:
            cookies = SimpleCookie(str(environ.get("HTTP_COOKIE", "")))
        except CookieError:
            return None
        cookie = cookies.get(session_cookie(self.services.public_url))
        if cookie is None or not cookie.value:
            return None
        if not self._own_page(environ):
            raise Problem(
                403, "foreign-origin", "Not allowed", "The cookie is good only from Talkoo's pages."
            )
        return cookie.value

    def _own_page(self, environ: Mapping[str, Any]) -> bool:
        """Whether one of our pages asks: browsers send the cookie for any page that does.

        A websocket handshake always names its origin. For a GET on the page's own host (polling)
        browsers leave it out, and say so in a header that no page can forge.
        """
        origin = environ.get("HTTP_ORIGIN")
        if origin:
            return self.origin_allowed(str(origin), environ)
        websocket = "HTTP_UPGRADE" in environ
        return not websocket and environ.get("HTTP_SEC_FETCH_SITE") == "same-origin"


def caller_of(environ: Mapping[str, Any], sid: str) -> Caller:
    """What the transport knows of the client."""
    client = environ["asgi.scope"].get("client") or ("", 0)
    languages = str(environ.get("HTTP_ACCEPT_LANGUAGE", "")).lower()
    return Caller(
        address=str(client[0])[:64],
        device=str(environ.get("HTTP_USER_AGENT", ""))[:200],
        connection_id=sid,
        language="fi" if languages.startswith("fi") else "en",
    )
