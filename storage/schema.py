"""The tables: what lives on a shard, and the small directory that says where a portal lives.

Times are integer milliseconds since 1970 (UTC); ids are names, never cursors.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from storage.dialect import BigInt, directory_table, portal_table

shard = MetaData()
directory = MetaData()

LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInt, nullable=null)


def _string(name: str, length: int, *, null: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=null)


# --- The directory ---------------------------------------------------------------------------

directory_portals = directory_table(
    directory,
    "directory_portals",
    Column("portal_id", BigInt, primary_key=True, autoincrement=True),
    Column("address", String(63), nullable=False, unique=True),
    _number("created_at"),
    # Set when the portal's rows stand on its shard; an address whose portal never got that far
    # is free again after a while.
    _number("ready_at", null=True),
)

# Append-only: who may write a portal is the row with its highest epoch.
directory_homes = directory_table(
    directory,
    "directory_homes",
    Column("portal_id", BigInt, primary_key=True, autoincrement=False),
    Column("epoch", BigInt, primary_key=True, autoincrement=False),
    _string("shard", 64),
    _string("site", 64),
    _number("since"),
)

# Which portals an e-mail address belongs to, for the log-in at the bare address.
directory_logins = directory_table(
    directory,
    "directory_logins",
    Column("email_key", String(254), primary_key=True),
    Column("portal_id", BigInt, primary_key=True, autoincrement=False),
    _number("user_id"),
)

# What nodes sign with.
directory_secrets = directory_table(
    directory,
    "directory_secrets",
    Column("name", String(64), primary_key=True),
    _string("secret", 128),
    _number("created_at"),
)

# --- The log ---------------------------------------------------------------------------------

clocks = portal_table(
    shard,
    "clocks",
    _number("epoch"),
    # The last position given out, and the last one that was trimmed away (0: none).
    _number("last"),
    _number("trimmed"),
    key=(),
)

events = portal_table(
    shard,
    "events",
    Column("position", BigInt, nullable=False, autoincrement=False),
    _string("type", 64),
    _string("audience", 64),
    Column("body", LongText, nullable=False),
    _number("at"),
    Index("ix_events_at", "portal_id", "at"),
    key=("position",),
)

# What each command with a client_id answered, so that it takes effect once.
commands = portal_table(
    shard,
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

# --- Accounts --------------------------------------------------------------------------------

portals = portal_table(
    shard,
    "portals",
    _string("name", 100),
    _string("address", 63),
    _string("plan", 32),
    _number("created_at"),
    key=(),
)

users = portal_table(
    shard,
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
    # The position of the newest post that the user has seen in the feed.
    _number("feed_read"),
    UniqueConstraint("portal_id", "email_key", name="uq_users_email"),
    key=("id",),
)

sessions = portal_table(
    shard,
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

# Single-use secrets sent by mail or handed from the bare address to a portal.
tokens = portal_table(
    shard,
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

# Invitations by mail name an address and work once; the link names none and works until closed.
invitations = portal_table(
    shard,
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
    # Kept only for the open link, which admins may look at again; mailed tokens are not kept.
    _string("link_token", 100, null=True),
    UniqueConstraint("portal_id", "token_hash", name="uq_invitations_token"),
    key=("id",),
)

# What admins did.
audit = portal_table(
    shard,
    "audit",
    Column("id", BigInt, nullable=False),
    _number("at"),
    _number("user_id"),
    _string("action", 64),
    _number("subject_id", null=True),
    _string("detail", 200),
    _string("address", 64),
    Index("ix_audit_at", "portal_id", "at"),
    key=("id",),
)

# --- Chat ------------------------------------------------------------------------------------

rooms = portal_table(
    shard,
    "rooms",
    Column("id", BigInt, nullable=False),
    _string("kind", 16),
    _string("name", 100),
    # Who sees its messages: "portal", or "members" (the audience "room:<id>").
    _string("visible_to", 16),
    # "7:12" for the direct room of users 7 and 12, so that there is one.
    _string("direct_key", 48, null=True),
    _number("created_by"),
    _number("created_at"),
    # Messages are numbered 1, 2, 3 ... in their room.
    _number("last_seq"),
    _number("last_message_at", null=True),
    UniqueConstraint("portal_id", "direct_key", name="uq_rooms_direct"),
    key=("id",),
)

members = portal_table(
    shard,
    "members",
    Column("room_id", BigInt, nullable=False, autoincrement=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    # The seq of the newest message that the member has read.
    _number("read_seq"),
    _number("joined_at"),
    Index("ix_members_user", "portal_id", "user_id", "room_id"),
    key=("room_id", "user_id"),
)

messages = portal_table(
    shard,
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

# What people answered a message with.
reactions = portal_table(
    shard,
    "reactions",
    Column("message_id", BigInt, nullable=False, autoincrement=False),
    Column("emoji", String(32), nullable=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    _number("created_at"),
    key=("message_id", "emoji", "user_id"),
)

# --- Feed ------------------------------------------------------------------------------------

posts = portal_table(
    shard,
    "posts",
    Column("id", BigInt, nullable=False),
    # The position of the event that made it: the feed's order.
    _number("position"),
    _number("user_id"),
    # "portal" or "people" (then the members of the discussion are who may see it).
    _string("visible_to", 16),
    Column("text", LongText, nullable=False),
    # Its discussion.
    _number("room_id"),
    _number("created_at"),
    _number("edited_at", null=True),
    _number("deleted_at", null=True),
    UniqueConstraint("portal_id", "position", name="uq_posts_position"),
    UniqueConstraint("portal_id", "room_id", name="uq_posts_room"),
    key=("id",),
)

likes = portal_table(
    shard,
    "likes",
    Column("post_id", BigInt, nullable=False, autoincrement=False),
    Column("user_id", BigInt, nullable=False, autoincrement=False),
    _number("created_at"),
    key=("post_id", "user_id"),
)
