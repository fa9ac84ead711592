"""What has run its time and belongs to no module."""

from __future__ import annotations

from sqlalchemy import delete

from storage.database import Statements
from storage.schema import commands


async def forget_commands(statements: Statements, portal_id: int, before_ms: int) -> int:
    """Forgets the answers of old commands; returns how many."""
    return await statements.run(
        delete(commands).where(commands.c.portal_id == portal_id, commands.c.at < before_ms)
    )
