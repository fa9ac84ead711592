"""Structured logs: one entry a line, with the request it belongs to; never a secret."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

# Whatever carries one of these names is not written, wherever it comes from.
_SECRET = frozenset(("password", "token", "ticket", "secret", "authorization", "cookie", "link"))


def _without_secrets(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    for name in _SECRET & entry.keys():
        entry[name] = "(not written)"
    return entry


def set_up(level: str, form: Literal["console", "json"] | None) -> None:
    """Sends our own entries and those of libraries to standard error."""
    chosen = form or ("console" if sys.stderr.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(chosen),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Libraries only when something is wrong: their everyday entries hold what ours leave out.
    for name in ("uvicorn", "socketio", "engineio", "sqlalchemy", "aiosqlite", "alembic", "boto3"):
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).propagate = True


def _renderers(form: Literal["console", "json"]) -> list[Processor]:
    if form == "console":
        return [structlog.dev.ConsoleRenderer()]
    return [
        structlog.processors.ExceptionRenderer(),
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(),
    ]
