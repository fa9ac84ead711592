"""Who asks, and at which portal: the host name, then a bearer token or the browser's cookie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.devices import device_of
from api.origins import own_origin
from portal.accounts.authenticate import authenticate
from portal.addresses import address_of, session_cookie
from portal.context import Caller, Context, Services
from portal.errors import Problem, not_found, unauthorized

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookie:
    """The browser's cookie."""

    name: str
    secure: bool

    @classmethod
    def of(cls, public_url: str) -> Cookie:
        """The cookie of a server that people reach at this address."""
        return cls(session_cookie(public_url), urlsplit(public_url).scheme == "https")

    def put(self, response: Response, token: str) -> None:
        """Gives the browser its token. The session ends on the server, long before the cookie."""
        response.set_cookie(
            self.name,
            token,
            max_age=_YEAR_SECONDS,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def clear(self, response: Response) -> None:
        """Makes the browser forget its token."""
        response.delete_cookie(
            self.name, path="/", secure=self.secure, httponly=True, samesite="strict"
        )


async def identify(request: Request, services: Services, *, public: bool) -> Context:
    """The context of a request.

    What is public looks at no token, so that an old one is in nobody's way. Raises 404 at the
    address of no portal, 403 for a request that another site had a browser make, else 401.
    """
    context = Context(services, await _portal_at(request, services), caller=_caller(request))
    note(request, portal=context.portal_id)
    bearer = _bearer(request)
    cookie = request.cookies.get(Cookie.of(services.public_url).name)
    if bearer is None:
        _refuse_foreign(request, services, with_cookie=cookie is not None and not public)
    if public:
        return context
    if bearer is None and context.portal_id is None:
        raise unauthorized("Use the address of your portal, or a bearer token.")
    token = bearer or cookie
    if not token:
        raise unauthorized()
    actor = await authenticate(services, token, context.portal_id, context.caller)
    note(request, portal=actor.portal_id, user=actor.user_id)
    return replace(context, portal_id=actor.portal_id, actor=actor)


def note(request: Request, **facts: int | None) -> None:
    """Tells the access log whose request it is."""
    request.scope.setdefault("state", {}).update(facts)


async def _portal_at(request: Request, services: Services) -> int | None:
    address = address_of(services.public_url, request.headers.get("host", ""))
    if address is None:
        return None
    portal_id = await services.shards.find(address)
    if portal_id is None:
        raise not_found("portal")
    return portal_id


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("Authorization must be: Bearer <token>.")
    return token.strip()


def _refuse_foreign(request: Request, services: Services, *, with_cookie: bool) -> None:
    """A browser says where a request was made; only pages of this very host may change things."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    if origin is not None:
        allowed = own_origin(services.public_url, request.headers.get("host", ""), origin)
    else:
        allowed = not with_cookie or request.headers.get("sec-fetch-site") == "same-origin"
    if not allowed:
        raise Problem(
            403,
            "foreign-origin",
            "Not allowed from there",
            "With a cookie, send the portal's own Origin; programs use a bearer token.",
        )


def _caller(request: Request) -> Caller:
    languages = request.headers.get("accept-language", "").lower()
    return Caller(
        address=request.client.host if request.client else "",
        device=device_of(request.headers.get("user-agent", "")),
        request_id=str(request.scope.get("state", {}).get("request_id", "")),
        language="fi" if languages.startswith("fi") else "en",
    )
