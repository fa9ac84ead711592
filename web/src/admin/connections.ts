import type { Schema } from "../client/generated/catalogue";
import type { Person } from "../client/state";
import { deviceName } from "./device";

export type LiveConnection = Schema["LiveConnection"];

/** The connections as far as they are known. */
export interface Listing {
  readonly connections: readonly LiveConnection[];
  /** Nodes that were not heard this time; what they had before is still among the connections. */
  readonly silent: ReadonlySet<string>;
}

/** One connection, as it is shown. */
export interface Line extends LiveConnection {
  readonly name: string;
  readonly person: Person | undefined;
  /** The short name of the device; ``device`` is all that it says of itself. */
  readonly deviceName: string;
  /** Of the session in which one is looking at this. */
  readonly current: boolean;
  /** Whether it may be offered to end it. */
  readonly endable: boolean;
  /** Its node was not heard this time. */
  readonly silent: boolean;
}

export const COLUMNS = [
  "person",
  "device",
  "address",
  "node",
  "transport",
  "since",
  "last_active",
  "waiting",
  "rate",
] as const;
export type Column = (typeof COLUMNS)[number];

/** By which column, and which way. */
export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Of these the greatest are what one looks for: the newest, the busiest. */
export const NUMBERS: ReadonlySet<Column> = new Set(["since", "last_active", "waiting", "rate"]);

/** The order after a column was chosen: the other way if it was chosen before. */
export function turned(order: Order, column: Column): Order {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: NUMBERS.has(column) };
}

/**
 * What is known after an answer. Nodes answer within a moment or not at all, so a busy one may miss
 * its time once: its connections stay for one more round, lest they vanish and come back.
 */
export function settled(before: Listing | undefined, answer: Schema["LiveConnections"]): Listing {
  const heard = new Set(answer.connections.map((one) => one.node));
  const kept = (before?.connections ?? []).filter(
    (one) => !heard.has(one.node) && !before?.silent.has(one.node),
  );
  return {
    connections: [...answer.connections, ...kept],
    silent: new Set(kept.map((one) => one.node)),
  };
}

/** Who looks at the list, in which session; undefined until that is known. */
export interface Looking {
  readonly userId: number;
  readonly sessionId: number | undefined;
}

/** The connections with what is known of the people. */
export function linesOf(
  listing: Listing,
  people: ReadonlyMap<number, Person>,
  me: Looking,
): Line[] {
  return listing.connections.map((one) => {
    const person = people.get(one.user_id);
    const current = one.session_id === me.sessionId;
    // While it is not known which one is this session, it may be any of one's own.
    const perhaps = me.sessionId === undefined && one.user_id === me.userId;
    return {
      ...one,
      person,
      name: person?.name ?? `#${one.user_id}`,
      deviceName: deviceName(one.device),
      current,
      endable: !current && !perhaps,
      silent: listing.silent.has(one.node),
    };
  });
}

/** Those in which each word of the search occurs somewhere. */
export function found(lines: readonly Line[], search: string): Line[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    const { name, device, address, node, transport } = line;
    const all = [name, line.deviceName, device, address, node, transport];
    const text = all.join("\n").toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** In order. Equals are told apart by what does not change, so that no line jumps about. */
export function sorted(lines: readonly Line[], { column, descending }: Order): Line[] {
  const way = descending ? -1 : 1;
  return [...lines].sort(
    (a, b) =>
      way * compared(a, b, column) ||
      compared(a, b, "person") ||
      a.since - b.since ||
      (a.id < b.id ? -1 : 1),
  );
}

function compared(a: Line, b: Line, column: Column): number {
  switch (column) {
    case "person":
      return a.name.localeCompare(b.name) || a.user_id - b.user_id;
    case "device":
      return a.deviceName.localeCompare(b.deviceName);
    case "address":
    case "node":
      // With numbers as such, so that 10.0.0.9 comes before 10.0.0.10.
      return a[column].localeCompare(b[column], undefined, { numeric: true });
    case "transport":
      return a.transport.localeCompare(b.transport);
    default:
      return a[column] - b[column];
  }
}

/** How many different people the lines are of. */
export function peopleIn(lines: readonly Line[]): number {
  return new Set(lines.map((line) => line.user_id)).size;
}
