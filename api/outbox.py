"""The mails that a server without a mail server keeps, for the admin to click their links."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.routes import RawRoute
from portal import catalogue
from portal.context import Context
from portal.errors import not_found
from portal.model import Answer, Model, Nothing, Time
from portal.operation import ADMINS

_NEWEST = 100


class KeptMail(Model):
    """A mail that was written into the outbox instead of being sent."""

    to: str
    subject: str
    text: str
    link: str
    sent_at: Time


class OutboxAnswer(Answer):
    """This portal's mails, newest first."""

    mails: list[KeptMail]


@runtime_checkable
class KeepsMail(Protocol):
    """A way of sending mail that may keep it instead."""

    async def kept(self, prefix: str, limit: int) -> list[KeptMail] | None:
        """The newest mails whose link begins so; None when mails are really sent."""
        ...


async def _list_outbox(request: Request, context: Context) -> Response:
    mail = context.services.mail
    answer = await catalogue.OPERATIONS["get_portal"].call(context, Nothing())
    # The slash matters: acme.localhost:80 must not see those of acme.localhost:8024.
    kept = (
        await mail.kept(f"{answer.portal.url}/", _NEWEST) if isinstance(mail, KeepsMail) else None
    )
    if kept is None:
        raise not_found("outbox")
    return json_answer(request, OutboxAnswer(mails=kept), 200, etag=False)


ROUTES = (
    RawRoute(
        "GET",
        "/outbox",
        "list_outbox",
        "The mails of this portal, where there is no mail server to send them.",
        _list_outbox,
        answer=OutboxAnswer,
        access=ADMINS,
    ),
)
