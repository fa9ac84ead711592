"""Live connections, and what admins did."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portal.model import Answer, Id, Model, Request, Time


class LiveConnection(Model):
    """One live connection of a session."""

    id: str
    session_id: Id
    user_id: Id
    node: str = Field(description="The server process that it is connected to.")
    device: str = Field(description="Browser and system, as the device told.")
    address: str = Field(description="Network address of the client.")
    transport: Literal["websocket", "polling"]
    since: Time
    last_active: Time = Field(description="When its last command came.")
    waiting: int = Field(description="Packets that wait for the client to read them.")
    rate: float = Field(description="Commands a minute, of late.")


class LiveConnections(Answer):
    """Every live connection of the portal, on all nodes."""

    connections: list[LiveConnection]


class EndUserSessions(Request):
    """End sessions of someone: some, or all."""

    user_id: Id
    session_ids: Annotated[list[Id], Field(max_length=1000)] | None = Field(
        None, description="All of them when left out."
    )


class Ended(Answer):
    """How many sessions ended."""

    ended: int


class AuditEntry(Model):
    """Something that an admin did."""

    id: Id
    at: Time
    user_id: Id = Field(description="Who did it.")
    action: str = Field(description="What: the name of the operation.")
    subject_id: Id | None = Field(description="To whom, or to what.")
    detail: str
    address: str


class ListAudit(Request):
    """A page of what admins did, the newest first."""

    before: Id | None = Field(None, description="Only entries before this one.")
    limit: Annotated[int, Field(ge=1)] | None = None


class Audit(Answer):
    """What admins did."""

    entries: list[AuditEntry]
    more_before: bool
