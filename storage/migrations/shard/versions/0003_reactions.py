"""Answers to messages by emoji."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, String

from storage.dialect import BigInt, portal_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

metadata = MetaData()

portal_table(
    metadata,
    "reactions",
    Column("message_id", BigInt, nullable=False, autoincrement=False),
    Column("emoji", String(32), nullable=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    Column("created_at", BigInt, nullable=False),
    key=("message_id", "emoji", "user_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
