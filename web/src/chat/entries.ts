import { sameDay } from "../app/days";
import type { Unsent } from "../client/outbox";
import type { Message } from "../client/state";

/** A row of a discussion: a message of the log, or one on its way. */
export type Entry = MessageEntry | { kind: "unsent"; key: string; unsent: Unsent };

export interface MessageEntry {
  readonly kind: "message";
  readonly key: string;
  readonly message: Message;
  /** Whether a day begins with it. */
  readonly newDay: boolean;
  /** Whether it is the first unread one. */
  readonly firstUnread: boolean;
  /** Whether it begins a group of messages by one author. */
  readonly begins: boolean;
}

// Messages of one author within five minutes stand together under one name.
const TOGETHER_MS = 5 * 60_000;

/** The rows of a discussion. What is on its way and was seen in the log already is not shown twice. */
export function entriesOf(
  messages: readonly Message[],
  unsent: readonly Unsent[],
  readSeq: number,
  me: number,
): Entry[] {
  const arrived = new Set(messages.map((message) => message.client_id));
  const rows: Entry[] = messages.map((message, n) => entry(message, messages[n - 1], readSeq, me));
  for (const one of unsent) {
    const id = one.request.client_id;
    // The same key as the message will have, so that the row stays where it is.
    if (!arrived.has(id)) rows.push({ kind: "unsent", key: id, unsent: one });
  }
  return rows;
}

function entry(
  message: Message,
  before: Message | undefined,
  readSeq: number,
  me: number,
): MessageEntry {
  const newDay = before === undefined || !sameDay(before.created_at, message.created_at);
  const unread = message.seq > readSeq && message.user_id !== me;
  const firstUnread = unread && (before === undefined || before.seq <= readSeq);
  const together =
    before?.user_id === message.user_id && message.created_at - before.created_at < TOGETHER_MS;
  return {
    kind: "message",
    key: message.client_id,
    message,
    newDay,
    firstUnread,
    begins: newDay || firstUnread || !together,
  };
}
