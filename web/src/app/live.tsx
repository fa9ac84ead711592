import { createContext, useContext, useSyncExternalStore } from "react";

import type { Client, View } from "../client/client";
import type { Person, Room, State } from "../client/state";

export const ClientContext = createContext<Client | undefined>(undefined);

/** The client of the portal that is open. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("there is no client outside of a portal");
  return client;
}

/** What there is to show, kept up to date. */
export function useView(): View {
  const client = useClient();
  return useSyncExternalStore(client.subscribe, client.look);
}

/** The state; only below `Portal`, which waits until there is one. */
export function useLive(): State {
  const { state } = useView();
  if (!state) throw new Error("the state is not loaded yet");
  return state;
}

/** What a room is called: a direct room by the other's name. */
export function roomName(state: State, room: Room): string {
  if (room.kind === "direct") return otherIn(state, room)?.name ?? "";
  if (room.kind === "discussion") {
    const post = state.posts.find((one) => one.room_id === room.id);
    return post ? firstLine(post.text) : room.name;
  }
  return room.name;
}

/** The other person in a direct room. */
export function otherIn(state: State, room: Room): Person | undefined {
  const other = room.member_ids.find((id) => id !== state.me.id);
  return other === undefined ? undefined : state.people.get(other);
}

/** The beginning of a text, on one line. */
export function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** Unread messages of all rooms that are listed. */
export function unreadRooms(state: State): number {
  let unread = 0;
  for (const room of state.rooms.values()) if (room.kind !== "discussion") unread += room.unread;
  return unread;
}
