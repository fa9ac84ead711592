"""What goes in and out of the messenger: rooms and messages."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from portal.accounts.model import Person
from portal.chat.emoji import Emoji
from portal.model import (
    Answer,
    ClientId,
    Count,
    EventBody,
    Id,
    Line,
    MarkdownText,
    Model,
    Position,
    Request,
    Time,
)

RoomKind = Literal["direct", "group", "discussion"]


# --- Things ----------------------------------------------------------------------------------


class Reaction(Model):
    """An emoji that people answered a message with."""

    emoji: str
    user_ids: list[Id] = Field(description="Who did, ascending.")


class Message(Model):
    """An entry in a room. A deleted one keeps its place, without its text."""

    id: Id
    room_id: Id
    seq: Id = Field(description="Its number in the room: 1, 2, 3 ...")
    user_id: Id
    text: str = Field(description="Markdown; empty when deleted.")
    client_id: str = Field(description="The sender's own id for it.")
    created_at: Time
    edited_at: Time | None
    deleted_at: Time | None
    reactions: list[Reaction] = Field(description="By emoji, in the order of their code points.")


class Room(Model):
    """A conversation that I am in."""

    id: Id
    kind: RoomKind
    name: str = Field(description="Empty for a direct room: show the other's name.")
    member_ids: list[Id] = Field(description="Ascending.")
    created_by: Id
    created_at: Time
    last_seq: Count
    last_message: Message | None
    read_seq: Count = Field(description="The newest message that I have read.")
    unread: Count = Field(description="Messages after read_seq that are not deleted.")
    post_id: Id | None = Field(
        default=None, description="The post, when it is a post's discussion."
    )


# --- Requests and answers --------------------------------------------------------------------


class Rooms(Answer):
    """My rooms, the most lately used first."""

    rooms: list[Room]


class RoomAnswer(Answer):
    room: Room


class GetRoom(Request):
    room_id: Id


class OpenDirectRoom(Request):
    """The direct room with someone; made on first use, then always the same one."""

    user_id: Id


class CreateRoom(Request):
    """A group room with me and others in it."""

    client_id: ClientId
    name: Line
    user_ids: list[Id] = Field(default_factory=list[Id], max_length=5000)


class RenameRoom(Request):
    room_id: Id
    name: Line


class AddMembers(Request):
    room_id: Id
    user_ids: list[Id] = Field(min_length=1, max_length=1000)


class RemoveMember(Request):
    """By whoever made the room, or an admin of the portal."""

    room_id: Id
    user_id: Id


class LeaveRoom(Request):
    room_id: Id


class SendMessage(Request):
    """To a room, or to a post's discussion: a comment."""

    client_id: ClientId
    room_id: Id
    text: MarkdownText


class MessageAnswer(Answer):
    message: Message
    position: Position = Field(description="Of its event in the log.")


class EditMessage(Request):
    """By its author."""

    message_id: Id
    text: MarkdownText


class DeleteMessage(Request):
    """By its author, or an admin of the portal."""

    message_id: Id


class React(Request):
    """Answers a message with an emoji; by whoever can read it. Twice is once."""

    message_id: Id
    emoji: Emoji


class Unreact(Request):
    """Takes one's own reaction back; one that is not there is fine."""

    message_id: Id
    emoji: Emoji


class ListMessages(Request):
    """A page of history. ``before`` or ``after`` a seq, or around one; else the newest."""

    room_id: Id
    before: Id | None = None
    after: Count | None = None
    limit: Id | None = None


class Messages(Answer):
    """Ascending by seq. ``more_before`` and ``more_after`` tell whether there is more."""

    messages: list[Message]
    more_before: bool
    more_after: bool


class MarkRead(Request):
    """I have read up to this message. It never moves back."""

    room_id: Id
    seq: Count


class ReadAnswer(Answer):
    room_id: Id
    read_seq: Count
    unread: Count


# --- Events ----------------------------------------------------------------------------------


class MembersAdded(EventBody):
    """People came into a room (or it is new); audience ``room:<id>``, those who came included.

    ``room`` is as those who came see it. Who was in it already takes only its ``member_ids``.
    ``people`` are those who came, and everybody in the room when a guest came.
    """

    type: ClassVar[str] = "members_added"
    room: Room
    user_ids: list[Id]
    people: list[Person]


class RoomRemoved(EventBody):
    """I am no longer in a room; audience ``user:<id>``, before ``member_removed``."""

    type: ClassVar[str] = "room_removed"
    room_id: Id
    user_id: Id


class MemberRemoved(EventBody):
    """Someone left or was removed; audience ``room:<id>``: those who remain."""

    type: ClassVar[str] = "member_removed"
    room_id: Id
    user_id: Id


class RoomRenamed(EventBody):
    """Audience ``room:<id>``."""

    type: ClassVar[str] = "room_renamed"
    room_id: Id
    name: str


class MessageSent(EventBody):
    """Audience ``room:<id>``, or ``portal`` for a comment on a post that everybody sees."""

    type: ClassVar[str] = "message_sent"
    message: Message


class MessageEdited(EventBody):
    """Audience as for ``message_sent``."""

    type: ClassVar[str] = "message_edited"
    message: Message


class MessageDeleted(EventBody):
    """Audience as for ``message_sent``; the message without its text."""

    type: ClassVar[str] = "message_deleted"
    message: Message


class ReactionsChanged(EventBody):
    """Someone reacted to a message, or took it back; audience as for ``message_sent``."""

    type: ClassVar[str] = "reactions_changed"
    message: Message
    user_id: Id
    emoji: str
    added: bool


class RoomRead(EventBody):
    """I have read, on some device; audience ``user:<id>``."""

    type: ClassVar[str] = "room_read"
    room_id: Id
    read_seq: Count
    unread: Count
