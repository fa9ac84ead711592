"""Whatever goes wrong, as RFC 9457 problem+json."""

from __future__ import annotations

import math

import structlog
from sqlalchemy.exc import DBAPIError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.errors import Problem, unavailable
from storage.shards import UnknownPortal

logger = structlog.get_logger(__name__)


def problem_answer(problem: Problem) -> Response:
    """A problem as an answer."""
    headers = {"cache-control": "no-store"}
    if problem.details.retry_after is not None:
        headers["retry-after"] = str(math.ceil(problem.details.retry_after))
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="talkoo"'
    body = problem.details.model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers, "application/problem+json")


def as_problem(error: Exception) -> Problem:
    """What the caller is told of an error; what only the operator may know goes to the log."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return of_status(error.status_code)
    if isinstance(error, UnknownPortal):
        return Problem(404, "not-found", "Not found", "There is no such portal.")
    if isinstance(error, (OSError, TimeoutError)) or (
        isinstance(error, DBAPIError) and (error.connection_invalidated or _is_away(error))
    ):
        logger.warning("unavailable", error=repr(error))
        return unavailable("A part of the server is away; try again shortly.")
    logger.error("request_failed", exc_info=error)
    return of_status(500)


def _is_away(error: DBAPIError) -> bool:
    # MySQL: cannot connect, gone away, lost, shutting down, too many connections.
    code = error.orig.args[0] if error.orig and error.orig.args else None
    return code in (1040, 1053, 1927, 2002, 2003, 2006, 2013) or "database is locked" in str(code)


def of_status(status: int) -> Problem:
    """What the doors themselves refuse."""
    known = {
        404: ("no-route", "Not found", "There is nothing at this address."),
        405: ("method", "Wrong method", "This address does not know the method; see Allow."),
        500: ("internal", "The server failed", "It is our fault. The log has the request id."),
    }
    code, title, detail = known.get(status, ("refused", "Refused", "The request was refused."))
    return Problem(status, code, title, detail)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """The handler for what Starlette itself raises."""
    answer = problem_answer(as_problem(error))
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer
