"""The first tables of the shards.

A copy of `storage.schema` as it was then: migrations stay as they are while the schema moves on.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from storage.dialect import BigInt, numbers_table, portal_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

metadata = MetaData()

LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInt, nullable=null)


def _string(name: str, length: int, *, null: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=null)


portal_table(
    metadata,
    "clocks",
    _number("epoch"),
    _number("last"),
    _number("trimmed"),
    key=(),
)

portal_table(
    metadata,
    "events",
    Column("position", BigInt, nullable=False, autoincrement=False),
    _string("type", 64),
    _string("audience", 64),
    Column("body", LongText, nullable=False),
    _number("at"),
    Index("ix_events_at", "portal_id", "at"),
    key=("position",),
)

portal_table(
    metadata,
    "commands",
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    Column("client_id", String(64), nullable=False),
    _string("command", 64),
    _string("fingerprint", 64),
    Column("answer", LongText, nullable=False),
    _number("at"),
    Index("ix_commands_at", "portal_id", "at"),
    key=("user_id", "client_id"),
)

portal_table(
    metadata,
    "portals",
    _string("name", 100),
    _string("address", 63),
    _string("plan", 32),
    _number("created_at"),
    key=(),
)

portal_table(
    metadata,
    "users",
    Column("id", BigInt, nullable=False),
    _string("email", 254),
    _string("email_key", 254),
    _string("name", 100),
    _string("title", 100),
    _string("picture", 100, null=True),
    _string("role", 16),
    _string("language", 8),
    _string("password_hash", 200),
    _number("created_at"),
    _number("confirmed_at", null=True),
    _number("deactivated_at", null=True),
    _number("last_seen_at", null=True),
    _number("feed_read"),
    UniqueConstraint("portal_id", "email_key", name="uq_users_email"),
    key=("id",),
)

portal_table(
    metadata,
    "sessions",
    Column("id", BigInt, nullable=False),
    _number("user_id"),
    _string("token_hash", 64),
    _string("device", 200),
    _string("address", 64),
    _number("created_at"),
    _number("last_seen_at"),
    _number("expires_at"),
    _number("ended_at", null=True),
    UniqueConstraint("portal_id", "token_hash", name="uq_sessions_token"),
    Index("ix_sessions_user", "portal_id", "user_id"),
    key=("id",),
)

portal_table(
    metadata,
    "tokens",
    Column("token_hash", String(64), nullable=False),
    _string("purpose", 16),
    _number("user_id"),
    _number("created_at"),
    _number("expires_at"),
    _number("used_at", null=True),
    Index("ix_tokens_expires", "portal_id", "expires_at"),
    key=("token_hash",),
)

portal_table(
    metadata,
    "invitations",
    Column("id", BigInt, nullable=False),
    _string("token_hash", 64),
    _string("email", 254, null=True),
    _string("email_key", 254, null=True),
    _string("role", 16),
    _number("invited_by"),
    _number("created_at"),
    _number("expires_at"),
    _number("accepted_at", null=True),
    _number("closed_at", null=True),
    _string("link_token", 100, null=True),
    UniqueConstraint("portal_id", "token_hash", name="uq_invitations_token"),
    key=("id",),
)

portal_table(
    metadata,
    "rooms",
    Column("id", BigInt, nullable=False),
    _string("kind", 16),
    _string("name", 100),
    _string("visible_to", 16),
    _string("direct_key", 48, null=True),
    _number("created_by"),
    _number("created_at"),
    _number("last_seq"),
    _number("last_message_at", null=True),
    UniqueConstraint("portal_id", "direct_key", name="uq_rooms_direct"),
    key=("id",),
)

portal_table(
    metadata,
    "members",
    Column("room_id", BigInt, nullable=False, autoincrement=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    _number("read_seq"),
    _number("joined_at"),
    Index("ix_members_user", "portal_id", "user_id", "room_id"),
    key=("room_id", "user_id"),
)

portal_table(
    metadata,
    "messages",
    Column("id", BigInt, nullable=False),
    _number("room_id"),
    _number("seq"),
    _number("user_id"),
    Column("text", LongText, nullable=False),
    _string("client_id", 64),
    _number("created_at"),
    _number("edited_at", null=True),
    _number("deleted_at", null=True),
    UniqueConstraint("portal_id", "room_id", "seq", name="uq_messages_seq"),
    Index("ix_messages_deleted", "portal_id", "room_id", "deleted_at", "seq"),
    key=("id",),
)

portal_table(
    metadata,
    "posts",
    Column("id", BigInt, nullable=False),
    _number("position"),
    _number("user_id"),
    _string("visible_to", 16),
    Column("text", LongText, nullable=False),
    _number("room_id"),
    _number("created_at"),
    _number("edited_at", null=True),
    _number("deleted_at", null=True),
    UniqueConstraint("portal_id", "position", name="uq_posts_position"),
    UniqueConstraint("portal_id", "room_id", name="uq_posts_room"),
    key=("id",),
)

portal_table(
    metadata,
    "likes",
    Column("post_id", BigInt, nullable=False, autoincrement=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    _number("created_at"),
    key=("post_id", "user_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    numbers_table(op.get_bind())
