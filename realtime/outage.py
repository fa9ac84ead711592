"""What tells that the database is away for the moment, rather than that the program is wrong."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

DATABASE_OUTAGES = (OperationalError, InterfaceError, PoolTimeout, OSError)
