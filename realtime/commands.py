"""Commands from clients: decode, check, call the operation, answer. Nothing gets past here raw."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import orjson
import structlog
from pydantic import ValidationError

from portal.context import Actor, Caller, Context, Services
from portal.errors import Problem, from_validation, too_many, unavailable
from portal.model import Request
from portal.operation import AnyOperation
from realtime.outage import DATABASE_OUTAGES
from realtime.rates import TokenBuckets
from storage import tracing
from storage.measure import Histogram

logger = structlog.get_logger(__name__)


def unknown_command(name: str) -> Problem:
    """404: there is no such command."""
    return Problem(404, "unknown-command", "Unknown command", f"There is no command {name!r}.")


def malformed(detail: str) -> Problem:
    """422: not even a command with a JSON object."""
    return Problem(422, "invalid", "The request has mistakes", detail, {"": detail})


def internal(request_id: str) -> Problem:
    """500: our fault; the details are in our log, under the request id."""
    detail = f"Something went wrong on our side (request {request_id})."
    return Problem(500, "internal", "Internal error", detail)


def failed(problem: Problem) -> str:
    """The ack of a command that was refused."""
    return orjson.dumps({"ok": False, "problem": problem.as_json()}).decode()


class Commands:
    """Runs the operations that Socket.IO offers."""

    def __init__(self, services: Services, operations: Mapping[str, AnyOperation]) -> None:
        self.services = services
        self.operations = {name: op for name, op in operations.items() if op.socket}
        # How many came to which end, by command.
        self.counts: dict[tuple[str, str], int] = {}
        # From when a command came until it was answered, in seconds.
        self.times = Histogram()
        # Together they name each command of each life of a node.
        self._life = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self.rates = TokenBuckets(services.limits.commands_per_second)

    def admit(self, actor: Actor) -> Problem | None:
        """Counts a command of a user; the problem, when there were too many."""
        wait = self.rates.take((actor.portal_id, actor.user_id))
        return too_many("Too many commands; send fewer a second.", wait) if wait else None

    async def answer(self, actor: Actor, caller: Caller, data: Any) -> str:
        """The ack's JSON for the array of a Socket.IO event: a name and a JSON object."""
        started = time.perf_counter()
        request_id = f"{self._life}{next(self._numbers):x}"
        caller = replace(caller, request_id=request_id)
        context = Context(self.services, actor.portal_id, actor, caller)
        # For what is logged meanwhile; each command runs in a task, and so a context, of its own.
        structlog.contextvars.bind_contextvars(
            request=request_id, portal=actor.portal_id, user=actor.user_id
        )
        with tracing.span("command", portal=actor.portal_id) as span:
            name, end, answer = await self._answer(context, data)
            span.note(f"command {name}", command=name, end=end)
            if end == "failed":
                span.note(error=end)
        self.counts[name, end] = self.counts.get((name, end), 0) + 1
        self.times.note(time.perf_counter() - started)
        return answer

    async def _answer(self, context: Context, data: Any) -> tuple[str, str, str]:
        """The command's name, how it ended, and the answer."""
        name = "unknown"
        try:
            operation, request = self._decode(data)
            name = operation.name
            answer = await operation.call(context, request)
            return name, "done", f'{{"ok":true,"data":{answer.model_dump_json()}}}'
        except Problem as problem:
            return name, "refused", failed(problem)
        except DATABASE_OUTAGES as error:
            logger.warning("command_met_outage", error=str(error))
            return name, "failed", failed(unavailable("The database is away; try again shortly."))
        except Exception:
            logger.exception("command_failed", command=name)
            return name, "failed", failed(internal(context.caller.request_id))

    def _decode(self, data: Any) -> tuple[AnyOperation, Request]:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise malformed("A command is a name and a JSON object.")
        name, *rest = cast(list[Any], data)
        operation = self.operations.get(name)
        if operation is None:
            raise unknown_command(name[:64])
        payload: Any = rest[0] if rest else {}
        if len(rest) > 1 or not isinstance(payload, dict):
            raise malformed("Send exactly one JSON object with the command.")
        try:
            return operation, operation.request.model_validate(payload)
        except ValidationError as error:
            raise from_validation(error) from error
