"""What admins did."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, MetaData, String

from storage.dialect import BigInt, portal_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = MetaData()

portal_table(
    metadata,
    "audit",
    Column("id", BigInt, nullable=False),
    Column("at", BigInt, nullable=False),
    Column("user_id", BigInt, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject_id", BigInt, nullable=True),
    Column("detail", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    Index("ix_audit_at", "portal_id", "at"),
    key=("id",),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
