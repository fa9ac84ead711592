import { expect, test } from "vitest";

import type { LiveSignal, LogEvent } from "./generated/catalogue";
import { historyAwaited, historyLoaded } from "./reduce/history";
import { TYPING_MS } from "./reduce/presence";
import { apply, hear } from "./reducer";
import { fromSnapshot, type Message, type Room, type Snapshot, type State } from "./state";

const me = {
  id: 1,
  name: "Ada",
  title: "",
  picture: null,
  role: "member",
  active: true,
  email: "ada@acme.test",
  confirmed: true,
  language: "en",
} as const;

const room: Room = {
  id: 5,
  kind: "group",
  name: "Kitchen",
  member_ids: [1, 2],
  created_by: 1,
  created_at: 0,
  last_seq: 0,
  last_message: null,
  read_seq: 0,
  unread: 0,
  post_id: null,
};

const snapshot: Snapshot = {
  position: 100,
  portal: { id: 1, name: "Acme", address: "acme", url: "", plan: "free", people_limit: 12 },
  me,
  people: [],
  rooms: [room],
  posts: [],
  more_posts: false,
  feed: { read_position: 0, unread: 0 },
  presence: [],
};

function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: seq,
    room_id: 5,
    seq,
    user_id: 2,
    text: `text ${seq}`,
    client_id: `client-${seq}`,
    created_at: seq,
    edited_at: null,
    deleted_at: null,
    reactions: [],
    ...change,
  };
}

const sent = (position: number, one: Message): LogEvent => ({
  position,
  type: "message_sent",
  at: 0,
  body: { message: one },
});
const kitchen = (state: State) => state.rooms.get(5);

test("an event is handled once", () => {
  let state = fromSnapshot(snapshot);
  state = apply(state, sent(101, message(1)));
  expect(apply(state, sent(101, message(1)))).toBe(state);
  expect(apply(state, sent(99, message(9)))).toBe(state);
  expect(kitchen(state)?.unread).toBe(1);
});

test("what I send counts as read, with all before it", () => {
  let state = fromSnapshot(snapshot);
  state = apply(state, sent(101, message(1)));
  state = apply(state, sent(102, message(2, { user_id: 1 })));
  expect(kitchen(state)).toMatchObject({ unread: 0, read_seq: 2, last_seq: 2 });
});

test("a deleted unread message is not unread any more", () => {
  let state = fromSnapshot(snapshot);
  state = apply(state, sent(101, message(1)));
  const gone = message(1, { text: "", deleted_at: 9 });
  state = apply(state, { position: 102, type: "message_deleted", at: 0, body: { message: gone } });
  expect(kitchen(state)).toMatchObject({ unread: 0, last_message: gone });
});

test("events about what I do not have change nothing but the position", () => {
  const before = fromSnapshot(snapshot);
  const after = apply(before, sent(101, message(1, { room_id: 77 })));
  expect(after).toEqual({ ...before, position: 101 });
});

test("pages of history join what is live, without doubles", () => {
  let state = fromSnapshot(snapshot);
  const page = (seqs: number[], more_before: boolean, more_after: boolean) => ({
    messages: seqs.map((seq) => message(seq)),
    more_before,
    more_after,
  });
  state = historyLoaded(state, 5, page([4, 5], true, false));
  state = apply(state, sent(101, message(6)));
  state = historyLoaded(state, 5, page([2, 3, 4], true, true));
  const history = state.histories.get(5);
  expect(history?.messages.map((one) => one.seq)).toEqual([2, 3, 4, 5, 6]);
  expect(history).toMatchObject({ moreBefore: true, moreAfter: false });
});

test("a page that was read before an edit does not take it back", () => {
  let state = fromSnapshot(snapshot);
  state = historyLoaded(state, 5, {
    messages: [message(1)],
    more_before: false,
    more_after: false,
  });
  const edited = message(1, { text: "new", edited_at: 7 });
  state = apply(state, { position: 101, type: "message_edited", at: 0, body: { message: edited } });
  state = historyLoaded(state, 5, {
    messages: [message(1)],
    more_before: false,
    more_after: false,
  });
  expect(state.histories.get(5)?.messages).toEqual([edited]);
});

test("live messages are not appended where newer ones are missing", () => {
  let state = fromSnapshot(snapshot);
  const page = { messages: [message(1)], more_before: false, more_after: true };
  state = historyLoaded(state, 5, page);
  state = apply(state, sent(101, message(9)));
  expect(state.histories.get(5)?.messages.map((one) => one.seq)).toEqual([1]);
});

test("typing is heard for six seconds, or until the message", () => {
  let state = fromSnapshot(snapshot);
  state = hear(state, { type: "typing", body: { room_id: 5, user_id: 2 } }, 1000);
  expect(state.typing.get(5)?.get(2)).toBe(1000 + TYPING_MS);
  state = apply(state, sent(101, message(1)));
  expect(state.typing.get(5)?.has(2)).toBe(false);
  const mine = hear(state, { type: "typing", body: { room_id: 5, user_id: 1 } }, 1000);
  expect(mine.typing.get(5)?.size).toBe(0);
});

test("a position that was passed on without an event never goes back", () => {
  const state = fromSnapshot(snapshot);
  expect(hear(state, { type: "position", body: { position: 140 } }, 0).position).toBe(140);
  expect(hear(state, { type: "position", body: { position: 40 } }, 0).position).toBe(100);
});

test("what comes live while the first page is on its way is not lost", () => {
  let state = historyAwaited(fromSnapshot(snapshot), 5);
  state = apply(state, sent(101, message(2)));
  const edited = message(1, { text: "new", edited_at: 7 });
  state = apply(state, { position: 102, type: "message_edited", at: 0, body: { message: edited } });
  // The page was read before both.
  const page = { messages: [message(1)], more_before: false, more_after: false };
  state = historyLoaded(state, 5, page);
  expect(state.histories.get(5)?.messages).toEqual([edited, message(2)]);
  expect(state.histories.get(5)).toMatchObject({ moreBefore: false, moreAfter: false });
});

test("an empty room's first message is not lost either", () => {
  let state = historyAwaited(fromSnapshot(snapshot), 5);
  state = apply(state, sent(101, message(1)));
  state = historyLoaded(state, 5, { messages: [], more_before: false, more_after: false });
  expect(state.histories.get(5)).toMatchObject({ loaded: true, moreBefore: false });
  expect(state.histories.get(5)?.messages).toEqual([message(1)]);
});

test("an event that nobody here knows moves the position, and nothing else", () => {
  const state = fromSnapshot(snapshot);
  const event = { type: "unreadable", position: state.position + 1, at: 0, body: {} };
  const next = apply(state, event as unknown as LogEvent);
  expect(next).toEqual({ ...state, position: state.position + 1 });
  const signal = { type: "weather", body: {} };
  expect(hear(state, signal as unknown as LiveSignal, 0)).toBe(state);
});

test("reactions change a loaded message, and the last one of its room", () => {
  const said = message(7);
  let state = historyLoaded(fromSnapshot(snapshot), 5, {
    messages: [said],
    more_before: false,
    more_after: false,
  });
  const reactions = [{ emoji: "👍", user_ids: [1, 2] }];
  state = apply(state, {
    type: "reactions_changed",
    position: state.position + 1,
    at: 0,
    body: { message: { ...said, reactions }, user_id: 1, emoji: "👍", added: true },
  });
  expect(state.histories.get(5)?.messages).toEqual([{ ...said, reactions }]);
});
