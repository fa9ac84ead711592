import { expect, test } from "vitest";

import type { Person } from "../client/state";
import {
  found,
  type LiveConnection,
  linesOf,
  type Listing,
  peopleIn,
  settled,
  sorted,
  turned,
} from "./connections";
import { deviceName } from "./device";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

function connection(id: string, fields: Partial<LiveConnection> = {}): LiveConnection {
  return {
    id,
    session_id: 1,
    user_id: 1,
    node: "north",
    device: FIREFOX,
    address: "10.0.0.9",
    transport: "websocket",
    since: 1000,
    last_active: 2000,
    waiting: 0,
    rate: 0,
    ...fields,
  };
}

function person(id: number, name: string): Person {
  return { id, name, title: "", picture: null, role: "member", active: true };
}

const people = new Map([person(1, "Ada"), person(2, "Ben")].map((one) => [one.id, one]));
const listing = (...connections: LiveConnection[]): Listing => ({
  connections,
  silent: new Set(),
});
const me = { userId: 1, sessionId: 7 };
const lines = (...connections: LiveConnection[]) => linesOf(listing(...connections), people, me);
const ids = (of: readonly { id: string }[]) => of.map((one) => one.id).join(" ");

test("a line knows its person, its device, and whether it is of this session", () => {
  const [mine, other, unknown] = lines(
    connection("a", { session_id: 7 }),
    connection("b", { user_id: 2 }),
    connection("c", { user_id: 3 }),
  );
  expect(mine).toMatchObject({ name: "Ada", deviceName: "Firefox on Linux", current: true });
  expect(other).toMatchObject({ name: "Ben", current: false });
  expect(unknown).toMatchObject({ name: "#3", person: undefined });
});

test("one's own cannot be ended before it is known which is this session", () => {
  const unsure = { userId: 1, sessionId: undefined };
  const all = listing(connection("a"), connection("b", { user_id: 2 }));
  expect(linesOf(all, people, unsure).map((line) => line.endable)).toEqual([false, true]);
  const sure = linesOf(listing(connection("a"), connection("b", { session_id: 7 })), people, me);
  expect(sure.map((line) => line.endable)).toEqual([true, false]);
});

test("a chosen column turns round when it is chosen again; numbers begin with the greatest", () => {
  const byRate = turned({ column: "person", descending: false }, "rate");
  expect(byRate).toEqual({ column: "rate", descending: true });
  expect(turned(byRate, "rate")).toEqual({ column: "rate", descending: false });
  expect(turned(byRate, "device")).toEqual({ column: "device", descending: false });
});

test("addresses are in order as numbers", () => {
  const all = lines(
    connection("ten", { address: "10.0.0.10" }),
    connection("nine", { address: "10.0.0.9" }),
  );
  expect(ids(sorted(all, { column: "address", descending: false }))).toBe("nine ten");
  expect(ids(sorted(all, { column: "address", descending: true }))).toBe("ten nine");
});

test("equals are by person, then by age, whichever way the order goes", () => {
  const all = lines(
    connection("b", { user_id: 2 }),
    connection("late", { since: 5 }),
    connection("early", { since: 4 }),
  );
  expect(ids(sorted(all, { column: "rate", descending: true }))).toBe("early late b");
  expect(ids(sorted(all, { column: "rate", descending: false }))).toBe("early late b");
});

test("each word of a search must occur", () => {
  const all = lines(connection("a"), connection("b", { user_id: 2, node: "south" }));
  expect(ids(found(all, "  BEN south "))).toBe("b");
  expect(ids(found(all, "ada south"))).toBe("");
  expect(ids(found(all, "firefox linux"))).toBe("a b");
  expect(ids(found(all, ""))).toBe("a b");
});

test("people are counted once", () => {
  expect(peopleIn(lines(connection("a"), connection("b"), connection("c", { user_id: 2 })))).toBe(
    2,
  );
});

test("what a node had stays for one round without its answer, and not for two", () => {
  const north = connection("n");
  const south = connection("s", { node: "south" });
  const first = settled(undefined, { connections: [north, south] });
  expect(first.silent.size).toBe(0);
  const second = settled(first, { connections: [north] });
  expect(ids(second.connections)).toBe("n s");
  expect([...second.silent]).toEqual(["south"]);
  expect(linesOf(second, people, me).map((line) => line.silent)).toEqual([false, true]);
  const third = settled(second, { connections: [north] });
  expect(ids(third.connections)).toBe("n");
  expect(third.silent.size).toBe(0);
});

test("what ended on a node that answered is gone at once", () => {
  const first = settled(undefined, { connections: [connection("a"), connection("b")] });
  expect(ids(settled(first, { connections: [connection("a")] }).connections)).toBe("a");
});

test("a device has the name that the list of sessions gives it", () => {
  const chrome = "Chrome/126.0.0.0 Safari/537.36";
  expect(deviceName(`Mozilla/5.0 (Windows NT 10.0) ${chrome} Edg/126.0`)).toBe("Edge on Windows");
  expect(deviceName(`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${chrome}`)).toBe(
    "Chrome on Android",
  );
  expect(deviceName("python-httpx/0.28.1 more")).toBe("python-httpx/0.28.1");
  expect(deviceName("")).toBe("");
});
