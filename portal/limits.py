"""Every limit of what a portal does; operators set them, `docs/settings.md` lists them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """Sizes, counts and rates, each with a sane default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plan_free_people: int = Field(
        default=12, ge=1, description="Active people in a portal on plan free."
    )
    message_characters: int = Field(
        default=8_000, ge=1, le=100_000, description="Characters in a message."
    )
    post_characters: int = Field(
        default=20_000, ge=1, le=100_000, description="Characters in a post."
    )
    reactions_per_message: int = Field(
        default=50, ge=1, le=1000, description="Different emoji that a message is answered with."
    )
    room_members: int = Field(default=5_000, ge=2, description="Members of one room.")
    rooms_per_user: int = Field(default=5_000, ge=1, description="Rooms that one user can be in.")
    page: int = Field(
        default=50, ge=1, le=200, description="Entries in a page unless asked for fewer."
    )
    page_most: int = Field(
        default=200, ge=1, le=1000, description="Entries that a page may be asked for."
    )
    picture_bytes: int = Field(default=5_000_000, ge=1, description="Bytes of an uploaded picture.")
    picture_pixels: int = Field(
        default=40_000_000, ge=1, description="Pixels of an uploaded picture."
    )
    password_characters: int = Field(
        default=10, ge=8, le=64, description="Fewest characters of a password."
    )
    session_days: int = Field(default=90, ge=1, description="Days until an unused session ends.")
    sessions_per_user: int = Field(
        default=50, ge=1, description="Live sessions of one user; oldest ends."
    )
    invitation_days: int = Field(
        default=14, ge=1, description="Days that an invitation is good for."
    )
    invitations_open: int = Field(
        default=500, ge=1, description="Unanswered invitations of a portal."
    )
    invitations_at_once: int = Field(default=50, ge=1, description="Addresses in one invitation.")
    reset_minutes: int = Field(
        default=60, ge=1, description="Minutes that a reset link is good for."
    )
    confirm_days: int = Field(
        default=7, ge=1, description="Days that a confirmation link is good for."
    )
    attempts_log_in: int = Field(
        default=10, ge=1, description="Log-ins per address and person in 5 min."
    )
    attempts_caller: int = Field(
        default=100, ge=1, description="Log-ins per network address in 5 minutes."
    )
    attempts_mail: int = Field(
        default=5, ge=1, description="Mails to one address by anonymous ask an hour."
    )
    attempts_sign_up: int = Field(
        default=20, ge=1, description="Sign-ups per network address an hour."
    )
    commands_per_second: int = Field(default=50, ge=1, description="Commands of one user a second.")
    catch_up_events: int = Field(
        default=1_000, ge=1, description="Events behind, beyond which: resync."
    )
    log_days: int = Field(default=30, ge=1, description="Days that the log is kept.")
    audit_days: int = Field(
        default=365, ge=1, description="Days that what admins did is remembered."
    )
    client_id_days: int = Field(default=7, ge=1, description="Days that a client_id is remembered.")
    connections_per_user: int = Field(
        default=30, ge=1, description="Live connections of one user a node."
    )
    frame_bytes: int = Field(
        default=1_000_000, ge=10_000, description="Bytes of one frame from a client."
    )
    slow_bytes: int = Field(
        default=1_000_000,
        ge=100_000,
        description="Bytes that wait for a client that does not read, beyond which it is cut.",
    )
    slow_events: int = Field(
        default=4_000, ge=100, description="Events that wait for it, beyond which it is cut."
    )
    body_bytes: int = Field(
        default=1_000_000, ge=10_000, description="Bytes of a JSON request body."
    )
    people: int = Field(
        default=50_000, ge=1, description="People of a portal that a list returns at most."
    )
