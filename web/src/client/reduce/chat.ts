import type { Schema } from "../generated/catalogue";
import { type Message, type Room, type State, withEntry, withoutEntry } from "../state";
import { peopleKnown } from "./accounts";
import { commentsChanged } from "./feed";
import { appended, replaced } from "./history";
import { strangersForgotten } from "./rooms";

/** People came into a room, or it is new. Who was in it already takes only its members. */
export function membersAdded(state: State, body: Schema["MembersAdded"]): State {
  const known = state.rooms.get(body.room.id);
  const came = body.user_ids.includes(state.me.id);
  const next = peopleKnown(state, body.people);
  if (came || !known) {
    // A room that I am not told to be in: an event from before I left it.
    if (!came) return next;
    return { ...next, rooms: withEntry(next.rooms, body.room.id, body.room) };
  }
  return changeRoom(next, known, { member_ids: body.room.member_ids });
}

/** Someone else left a room. */
export function memberRemoved(state: State, roomId: number, userId: number): State {
  const room = state.rooms.get(roomId);
  if (!room) return state;
  const member_ids = room.member_ids.filter((id) => id !== userId);
  return strangersForgotten(changeRoom(state, room, { member_ids }));
}

/** A room has another name. */
export function roomRenamed(state: State, roomId: number, name: string): State {
  const room = state.rooms.get(roomId);
  return room ? changeRoom(state, room, { name }) : state;
}

/** A new message. My own are read as soon as they are sent. */
export function messageSent(state: State, message: Message): State {
  const mine = message.user_id === state.me.id;
  const room = state.rooms.get(message.room_id);
  let next = commentsChanged(state, message.room_id, 1);
  next = stoppedTyping(next, message.room_id, message.user_id);
  next = appended(next, message);
  if (!room) return next;
  return changeRoom(next, room, {
    last_seq: message.seq,
    last_message: message,
    read_seq: mine ? message.seq : room.read_seq,
    unread: mine ? 0 : room.unread + 1,
  });
}

/** A message has another text, or other reactions. */
export function messageEdited(state: State, message: Message): State {
  const next = replaced(state, message);
  const room = state.rooms.get(message.room_id);
  if (room?.last_message?.id !== message.id) return next;
  return changeRoom(next, room, { last_message: message });
}

/** A message lost its text; it does not count as unread any more. */
export function messageDeleted(state: State, message: Message): State {
  const next = replaced(commentsChanged(state, message.room_id, -1), message);
  const room = state.rooms.get(message.room_id);
  if (!room) return next;
  return changeRoom(next, room, {
    last_message: room.last_message?.id === message.id ? message : room.last_message,
    unread: message.seq > room.read_seq ? room.unread - 1 : room.unread,
  });
}

/** I have read, on some device. */
export function roomRead(state: State, body: Schema["RoomRead"]): State {
  const room = state.rooms.get(body.room_id);
  if (!room) return state;
  return changeRoom(state, room, { read_seq: body.read_seq, unread: body.unread });
}

function stoppedTyping(state: State, roomId: number, userId: number): State {
  const typing = state.typing.get(roomId);
  if (!typing?.has(userId)) return state;
  return { ...state, typing: withEntry(state.typing, roomId, withoutEntry(typing, userId)) };
}

function changeRoom(state: State, room: Room, change: Partial<Room>): State {
  return { ...state, rooms: withEntry(state.rooms, room.id, { ...room, ...change }) };
}
