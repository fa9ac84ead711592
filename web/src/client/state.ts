import type { Schema } from "./generated/catalogue";

export type Person = Schema["Person"];
export type Me = Schema["Me"];
export type Room = Schema["Room"];
export type Message = Schema["Message"];
export type Post = Schema["Post"];
export type Presence = Schema["Presence"];
export type Snapshot = Schema["Snapshot"];

/** The loaded part of a room's history: consecutive messages, ascending by seq. */
export interface History {
  /** Whether its first page is here; before that, only what came live since it was asked for. */
  readonly loaded: boolean;
  readonly messages: readonly Message[];
  readonly moreBefore: boolean;
  /** Newer messages exist that are not loaded: live ones are then not appended. */
  readonly moreAfter: boolean;
  /** Changes of messages that are not loaded (yet). */
  readonly loose: readonly Message[];
}

/** Everything that a client knows. Immutable: each change makes a new one. */
export interface State {
  readonly position: number;
  readonly portal: Schema["PortalInfo"];
  readonly me: Me;
  readonly people: ReadonlyMap<number, Person>;
  readonly rooms: ReadonlyMap<number, Room>;
  readonly histories: ReadonlyMap<number, History>;
  /** Descending by position. */
  readonly posts: readonly Post[];
  readonly morePosts: boolean;
  readonly feed: Schema["FeedState"];
  readonly presence: ReadonlyMap<number, Presence>;
  /** Until when (milliseconds) someone counts as typing, by room and user. */
  readonly typing: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** Grows when invitations changed, so that who shows them loads them again. */
  readonly invitationsVersion: number;
  /** Likewise for my sessions. */
  readonly sessionsVersion: number;
}

/** A state to begin from. */
export function fromSnapshot(snapshot: Snapshot): State {
  return {
    position: snapshot.position,
    portal: snapshot.portal,
    me: snapshot.me,
    people: byId(snapshot.people),
    rooms: byId(snapshot.rooms),
    histories: new Map(),
    posts: snapshot.posts,
    morePosts: snapshot.more_posts,
    feed: snapshot.feed,
    presence: new Map(snapshot.presence.map((one) => [one.user_id, one])),
    typing: new Map(),
    invitationsVersion: 0,
    sessionsVersion: 0,
  };
}

/** The state in a snapshot's shape: what the server would send now. */
export function toSnapshot(state: State): Snapshot {
  return {
    position: state.position,
    portal: state.portal,
    me: state.me,
    people: [...state.people.values()],
    rooms: [...state.rooms.values()],
    posts: [...state.posts],
    more_posts: state.morePosts,
    feed: state.feed,
    presence: [...state.presence.values()],
  };
}

function byId<T extends { id: number }>(things: readonly T[]): Map<number, T> {
  return new Map(things.map((thing) => [thing.id, thing]));
}

/** A map with one entry changed. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}

/** A map without one entry. */
export function withoutEntry<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
