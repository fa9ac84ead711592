import { type Presence, type State, withEntry } from "../state";

/** Typing is forgotten after this long without another word of it, in milliseconds. */
export const TYPING_MS = 6000;

/** Someone came, went, or is idle. */
export function presenceChanged(state: State, presence: Presence): State {
  return { ...state, presence: withEntry(state.presence, presence.user_id, presence) };
}

/** Someone is typing in a room. */
export function typing(state: State, roomId: number, userId: number, now: number): State {
  if (userId === state.me.id) return state;
  const inRoom = state.typing.get(roomId) ?? new Map<number, number>();
  return {
    ...state,
    typing: withEntry(state.typing, roomId, withEntry(inRoom, userId, now + TYPING_MS)),
  };
}
