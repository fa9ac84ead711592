"""The first tables of the directory.

A copy of `storage.schema` as it was then: migrations stay as they are while the schema moves on.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, String

from storage.dialect import BigInt, directory_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

metadata = MetaData()


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInt, nullable=null)


def _string(name: str, length: int, *, null: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=null)


directory_table(
    metadata,
    "directory_portals",
    Column("portal_id", BigInt, primary_key=True, autoincrement=True),
    Column("address", String(63), nullable=False, unique=True),
    _number("created_at"),
    _number("ready_at", null=True),
)

directory_table(
    metadata,
    "directory_homes",
    Column("portal_id", BigInt, primary_key=True, autoincrement=False),
    Column("epoch", BigInt, primary_key=True, autoincrement=False),
    _string("shard", 64),
    _string("site", 64),
    _number("since"),
)

directory_table(
    metadata,
    "directory_logins",
    Column("email_key", String(254), primary_key=True),
    Column("portal_id", BigInt, primary_key=True, autoincrement=False),
    _number("user_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
