import type { Schema } from "../generated/catalogue";
import { type History, type Message, type State, withEntry, withoutEntry } from "../state";

// Changes of messages that are not loaded wait for the page that brings them, as it may have been
// read before them; more than this many are not made while a page is on its way.
const MOST_LOOSE = 200;

const AWAITED: History = {
  loaded: false,
  messages: [],
  moreBefore: true,
  moreAfter: false,
  loose: [],
};

/** The newest page is asked for: what happens from now on is kept, and joins it. */
export function historyAwaited(state: State, roomId: number): State {
  return withHistory(state, roomId, AWAITED);
}

/** Joins a page of history to what is loaded. */
export function historyLoaded(state: State, roomId: number, page: Schema["Messages"]): State {
  const known = state.histories.get(roomId) ?? AWAITED;
  return withHistory(state, roomId, joined(known, page));
}

/** Forgets a room's history, so that it is loaded afresh. */
export function historyForgotten(state: State, roomId: number): State {
  return { ...state, histories: withoutEntry(state.histories, roomId) };
}

/** A new message comes at the end, unless there newer ones are missing. */
export function appended(state: State, message: Message): State {
  const history = state.histories.get(message.room_id);
  if (!history || history.moreAfter) return state;
  const last = history.messages.at(-1);
  if (last && last.seq >= message.seq) return replaced(state, message);
  return withHistory(state, message.room_id, {
    ...history,
    messages: [...history.messages, message],
  });
}

/** A message changed: where it is loaded, or when it will be. */
export function replaced(state: State, message: Message): State {
  const history = state.histories.get(message.room_id);
  if (!history) return state;
  if (!history.messages.some((one) => one.id === message.id)) {
    const loose = [...history.loose, message].slice(-MOST_LOOSE);
    return withHistory(state, message.room_id, { ...history, loose });
  }
  const messages = history.messages.map((one) => (one.id === message.id ? message : one));
  return withHistory(state, message.room_id, { ...history, messages });
}

function joined(known: History, page: Schema["Messages"]): History {
  const first = known.messages[0]?.seq ?? Infinity;
  const last = known.messages.at(-1)?.seq ?? 0;
  const bySeq = new Map<number, Message>();
  // The newest version of each: of the page, of what is loaded, of what changed meanwhile.
  for (const message of page.messages) bySeq.set(message.seq, message);
  for (const message of known.messages) keepLater(bySeq, message);
  for (const message of known.loose) if (bySeq.has(message.seq)) keepLater(bySeq, message);
  const pageFirst = page.messages[0]?.seq ?? (page.more_before ? Infinity : 0);
  const pageLast = page.messages.at(-1)?.seq ?? (page.more_after ? 0 : Infinity);
  return {
    loaded: true,
    messages: [...bySeq.values()].sort((a, b) => a.seq - b.seq),
    moreBefore: !known.loaded || pageFirst <= first ? page.more_before : known.moreBefore,
    moreAfter: !known.loaded || pageLast >= last ? page.more_after : known.moreAfter,
    loose: known.loose,
  };
}

function keepLater(bySeq: Map<number, Message>, message: Message): void {
  const other = bySeq.get(message.seq);
  if (!other || changedAt(message) >= changedAt(other)) bySeq.set(message.seq, message);
}

function changedAt(message: Message): number {
  return message.deleted_at ?? message.edited_at ?? 0;
}

function withHistory(state: State, roomId: number, history: History): State {
  return { ...state, histories: withEntry(state.histories, roomId, history) };
}
