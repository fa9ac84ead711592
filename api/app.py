"""The REST door as an ASGI application, made of the tables of routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api import pages
from api.answers import json_answer
from api.authentication import Cookie, identify
from api.errors import as_problem, of_status, on_http_exception, problem_answer
from api.headers import PrivateAnswers, SafeHeaders
from api.pace import Pace
from api.requests import decode
from api.routes import PREFIX, AnyRoute, RawRoute, Route
from api.table import MODULES, ROUTES
from portal import catalogue
from portal.accounts.model import LoggedIn
from portal.context import Context, Services
from portal.errors import forbidden, too_many
from portal.model import Answer
from portal.operation import AnyOperation


def make_api(services: Services, version: str) -> ASGIApp:
    """Everything below ``/api``."""
    app = Starlette(
        routes=[*_endpoints(services, ROUTES), *pages.routes(catalogue, MODULES, version)],
        exception_handlers={HTTPException: on_http_exception},
    )
    app.router.redirect_slashes = False
    https = services.public_url.startswith("https:")
    return SafeHeaders(PrivateAnswers(app), https)


def _endpoints(services: Services, routes: Sequence[AnyRoute]) -> list[StarletteRoute]:
    """One endpoint a path. Those without names in braces come first, so that they are found."""
    ordered = sorted(routes, key=lambda route: ("{" in route.path, route.path))
    pace = Pace(services.limits.commands_per_second)
    found: list[StarletteRoute] = []
    for path, group in groupby(ordered, key=lambda route: route.path):
        endpoint = Endpoint(services, {route.method: route for route in group}, pace)
        found.append(StarletteRoute(PREFIX + path, endpoint))
    return found


class Endpoint:
    """One path, with a route for each method."""

    def __init__(self, services: Services, routes: Mapping[str, AnyRoute], pace: Pace) -> None:
        self.services = services
        self.pace = pace
        self.routes = dict(routes)
        if "GET" in self.routes:
            self.routes["HEAD"] = self.routes["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, whatever happens."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Exception as error:
            response = problem_answer(as_problem(error))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        route = self.routes.get(request.method)
        if route is None:
            response = problem_answer(of_status(405))
            response.headers["allow"] = ", ".join(sorted(self.routes))
            return response
        if isinstance(route, RawRoute):
            context = await identify(request, self.services, public=False)
            if context.me.role not in route.access:
                raise forbidden("Your role does not allow this.")
            return await route.handle(request, context)
        return await self._operate(request, route, catalogue.OPERATIONS[route.operation])

    async def _operate(self, request: Request, route: Route, operation: AnyOperation) -> Response:
        context = await identify(request, self.services, public=operation.access == "public")
        _slow_down(self.pace, context)
        limit = context.limits.body_bytes
        asked = await decode(request, route, operation.request, limit)
        answer: Answer = await operation.call(context, asked)
        if route.session == "opens" and isinstance(answer, LoggedIn):
            return self._open_session(request, route, answer, asked)
        response = json_answer(request, answer, route.status, etag=route.etag)
        if route.session == "ends":
            Cookie.of(self.services.public_url).clear(response)
        if route.next_page and (onward := route.next_page(asked, answer)):
            response.headers["link"] = _next_link(request, onward)
        return response

    def _open_session(
        self, request: Request, route: Route, answer: LoggedIn, asked: object
    ) -> Response:
        """Browsers get a cookie that no script can read; the token itself only who asked for it."""
        if getattr(asked, "token", None) is True or getattr(asked, "as_token", False):
            return json_answer(request, answer, route.status, etag=False)
        hidden = answer.model_copy(update={"token": None})
        response = json_answer(request, hidden, route.status, etag=False)
        if answer.token is not None:
            Cookie.of(self.services.public_url).put(response, answer.token)
        return response


def _slow_down(pace: Pace, context: Context) -> None:
    if context.actor is None:
        return
    wait = pace.step((context.actor.portal_id, context.actor.user_id))
    if wait > 0:
        raise too_many("Too many requests; send fewer a second.", wait)


def _next_link(request: Request, onward: Mapping[str, int]) -> str:
    """The address of the next page: this one, with another cursor."""
    kept = {k: v for k, v in request.query_params.items() if k not in ("before", "after")}
    return f'<{request.url.path}?{urlencode({**kept, **onward})}>; rel="next"'
