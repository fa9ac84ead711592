"""Secrets that all nodes share, made by the first that needs them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, String

from storage.dialect import BigInt, directory_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = MetaData()

directory_table(
    metadata,
    "directory_secrets",
    Column("name", String(64), primary_key=True),
    Column("secret", String(128), nullable=False),
    Column("created_at", BigInt, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
