"""Says in words what kept a command from running, where the operator can mend it."""

from __future__ import annotations

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from server.parts import NotMigrated
from server.settings import Settings


class CannotListen(Exception):
    """An address to listen on cannot be had: the address, and why."""


class CannotShare(Exception):
    """Several processes cannot serve together with these settings."""


def explain(error: Exception, settings: Settings) -> str | None:
    """The reason and the remedy; None for what is a fault of the program."""
    if isinstance(error, NotMigrated):
        return f"the database is not up to date: {error}.\n  Run `talkoo migrate` first."
    if isinstance(error, CannotListen):
        address, reason = error.args
        name = "METRICS_LISTEN" if address == settings.metrics_listen else "LISTEN"
        return f"cannot listen on {address}: {reason}.\n  Set TALKOO_{name} to another."
    if isinstance(error, CannotShare):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        databases = {settings.directory_url, *settings.shard_urls.values()}
        shown = ", ".join(sorted(make_url(url).render_as_string() for url in databases))
        cause = error.orig if isinstance(error, DBAPIError) else error
        return f"a database does not work: {cause}\n  Look at {shown}."
    if isinstance(error, PermissionError):
        return f"no permission: {error}.\n  The folder of data is {settings.data.absolute()}."
    return None
