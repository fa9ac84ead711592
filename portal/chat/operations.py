"""What the messenger does and tells."""

from __future__ import annotations

from portal.chat import messages, model, reactions, reading, rooms
from portal.model import Done, EventBody, Nothing, SignalBody
from portal.operation import MEMBERS, AnyOperation, command, query

OPERATIONS: tuple[AnyOperation, ...] = (
    query("list_rooms", rooms.list_rooms, Nothing, model.Rooms, "My rooms."),
    query("get_room", rooms.get_room, model.GetRoom, model.RoomAnswer, "One of my rooms."),
    command(
        "open_direct_room",
        rooms.open_direct_room,
        model.OpenDirectRoom,
        model.RoomAnswer,
        "Open the direct room with someone.",
    ),
    command(
        "create_room",
        rooms.create_room,
        model.CreateRoom,
        model.RoomAnswer,
        "Make a group room.",
        MEMBERS,
    ),
    command("rename_room", rooms.rename_room, model.RenameRoom, model.RoomAnswer, "Rename a room."),
    command("add_members", rooms.add_members, model.AddMembers, model.RoomAnswer, "Add people."),
    command(
        "remove_member",
        rooms.remove_member,
        model.RemoveMember,
        model.RoomAnswer,
        "Remove someone from a room.",
    ),
    command("leave_room", rooms.leave_room, model.LeaveRoom, Done, "Leave a room."),
    command(
        "send_message",
        messages.send_message,
        model.SendMessage,
        model.MessageAnswer,
        "Send a message, or a comment to a post's discussion.",
    ),
    command(
        "edit_message",
        messages.edit_message,
        model.EditMessage,
        model.MessageAnswer,
        "Edit my message.",
    ),
    command(
        "delete_message",
        messages.delete_message,
        model.DeleteMessage,
        model.MessageAnswer,
        "Delete a message.",
    ),
    command(
        "react", reactions.react, model.React, model.MessageAnswer, "React to a message by emoji."
    ),
    command(
        "unreact", reactions.unreact, model.Unreact, model.MessageAnswer, "Take a reaction back."
    ),
    query(
        "list_messages",
        messages.list_messages,
        model.ListMessages,
        model.Messages,
        "A page of a room's history.",
    ),
    command("mark_read", reading.mark_read, model.MarkRead, model.ReadAnswer, "Mark as read."),
)

EVENTS: tuple[type[EventBody], ...] = (
    model.MembersAdded,
    model.RoomRemoved,
    model.MemberRemoved,
    model.RoomRenamed,
    model.MessageSent,
    model.MessageEdited,
    model.MessageDeleted,
    model.ReactionsChanged,
    model.RoomRead,
)

SIGNALS: tuple[type[SignalBody], ...] = ()
