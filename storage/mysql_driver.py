"""aiomysql's connection, which says in the driver's own words that it was reset."""

from __future__ import annotations

from typing import Any

import aiomysql
from pymysql.constants import CR
from pymysql.err import OperationalError

_Base: Any = aiomysql.Connection


class Connection(_Base):
    """Under uvloop, writing to a connection that was reset is a RuntimeError.

    SQLAlchemy would not know that for a lost connection, and hand it out again and again.
    """

    def _write_bytes(self, data: bytes) -> Any:
        try:
            base: Any = super()
            return base._write_bytes(data)
        except RuntimeError as error:
            self.close()
            raise OperationalError(CR.CR_SERVER_GONE_ERROR, "the connection was reset") from error

    async def ensure_closed(self) -> None:
        """Says goodbye, unless there is nobody to say it to."""
        try:
            base: Any = super()
            await base.ensure_closed()
        except RuntimeError:
            self.close()


async def connect(*positional: Any, **options: Any) -> Any:
    """A connection with aiomysql's own options."""
    connection: Any = Connection(*positional, **options)
    try:
        await connection._connect()
    except RuntimeError as error:
        # Reset while it was being made.
        raise OperationalError(CR.CR_CONN_HOST_ERROR, "the connection was reset") from error
    return connection
