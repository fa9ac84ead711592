import { expect, test } from "vitest";

import type { Message } from "../client/state";
import { entriesOf, type MessageEntry } from "./entries";

const NOON = new Date(2026, 0, 15, 12).getTime();
const MINUTE = 60_000;

function message(seq: number, user_id: number, created_at: number): Message {
  return {
    id: seq,
    room_id: 5,
    seq,
    user_id,
    text: "",
    client_id: `client-${seq}`,
    created_at,
    edited_at: null,
    deleted_at: null,
    reactions: [],
  };
}

const rows = (messages: Message[], readSeq = Infinity) =>
  entriesOf(messages, [], readSeq, 1) as MessageEntry[];

test("messages of one author within five minutes stand together", () => {
  const found = rows([
    message(1, 2, NOON),
    message(2, 2, NOON + MINUTE),
    message(3, 1, NOON + MINUTE),
    message(4, 1, NOON + 9 * MINUTE),
  ]);
  expect(found.map((row) => row.begins)).toEqual([true, false, true, true]);
});

test("a new day has a divider", () => {
  const found = rows([message(1, 2, NOON), message(2, 2, NOON + 24 * 60 * MINUTE)]);
  expect(found.map((row) => row.newDay)).toEqual([true, true]);
});

test("the divider stands before the first unread message of others", () => {
  const found = rows([message(1, 2, NOON), message(2, 2, NOON), message(3, 2, NOON)], 1);
  expect(found.map((row) => row.firstUnread)).toEqual([false, true, false]);
});

test("what is on its way keeps its place when it arrives, and is not shown twice", () => {
  const request = { client_id: "client-2", room_id: 5, text: "hello" };
  const unsent = [{ name: "send_message" as const, request, at: NOON }];
  const before = entriesOf([message(1, 2, NOON)], unsent, Infinity, 1);
  expect(before.map((row) => row.key)).toEqual(["client-1", "client-2"]);
  const after = entriesOf([message(1, 2, NOON), message(2, 1, NOON)], unsent, Infinity, 1);
  expect(after.map((row) => [row.key, row.kind])).toEqual([
    ["client-1", "message"],
    ["client-2", "message"],
  ]);
});
