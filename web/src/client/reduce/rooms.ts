import { type State, withoutEntry } from "../state";

/** A room is gone: I am in it no more, or its post was deleted. */
export function roomGone(state: State, roomId: number): State {
  return strangersForgotten({
    ...state,
    rooms: withoutEntry(state.rooms, roomId),
    histories: withoutEntry(state.histories, roomId),
  });
}

/** A guest knows only those who share a room with them. */
export function strangersForgotten(state: State): State {
  if (state.me.role !== "guest") return state;
  const near = new Set([state.me.id]);
  for (const room of state.rooms.values()) for (const id of room.member_ids) near.add(id);
  return {
    ...state,
    people: new Map([...state.people].filter(([id]) => near.has(id))),
    presence: new Map([...state.presence].filter(([id]) => near.has(id))),
  };
}
