import { expect, test, vi } from "vitest";

import { newClientId, Outbox, type Shelf, type Unsent } from "./outbox";
import { Problem, unreachable } from "./problem";

class MemoryShelf implements Shelf {
  private readonly kept = new Map<string, string>();
  get length(): number {
    return this.kept.size;
  }
  key(n: number): string | null {
    return [...this.kept.keys()][n] ?? null;
  }
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

type Request = Unsent["request"];
type Sent = (name: string, request: Request) => Promise<unknown>;

const message = (text: string) => ({ client_id: newClientId(), room_id: 1, text });
const refusal = new Problem({
  type: "/problems/invalid",
  title: "No",
  status: 422,
  detail: "too long",
  errors: [],
});
const texts = (outbox: Outbox) => outbox.all.map((one) => one.request.text);

function open(shelf: Shelf, send: Sent) {
  const changed = vi.fn();
  return { outbox: new Outbox(shelf, "unsent.", send, changed), changed };
}

test("what is answered is gone, in the order in which it was given", async () => {
  const order: string[] = [];
  const { outbox } = open(new MemoryShelf(), (_name, request) => {
    order.push(request.text);
    return Promise.resolve();
  });
  for (const text of ["one", "two", "three"]) outbox.add("send_message", message(text), 1);
  await vi.waitFor(() => expect(outbox.all).toEqual([]));
  expect(order).toEqual(["one", "two", "three"]);
});

test("without a connection it stays, and is sent once later", async () => {
  const send = vi.fn<Sent>().mockRejectedValueOnce(unreachable()).mockResolvedValue(undefined);
  const { outbox } = open(new MemoryShelf(), send);
  outbox.add("send_message", message("one"), 1);
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(1));
  expect(texts(outbox)).toEqual(["one"]);
  await outbox.flush();
  expect(outbox.all).toEqual([]);
  expect(send).toHaveBeenCalledTimes(2);
  expect(send.mock.calls[0]?.[1]).toEqual(send.mock.calls[1]?.[1]);
});

test("a reload keeps it, with its client_id", () => {
  const shelf = new MemoryShelf();
  const never = () => new Promise(() => undefined);
  const first = open(shelf, never).outbox;
  const request = message("kept");
  first.add("send_message", request, 1);
  const second = open(shelf, never).outbox;
  expect(second.all.map((one) => one.request)).toEqual([request]);
});

test("two windows do not overwrite each other", () => {
  const shelf = new MemoryShelf();
  const never = () => new Promise(() => undefined);
  const [one, two] = [open(shelf, never).outbox, open(shelf, never).outbox];
  one.add("send_message", message("from one"), 1);
  two.add("send_message", message("from two"), 2);
  expect(texts(open(shelf, never).outbox)).toEqual(["from one", "from two"]);
});

test("one that is refused does not hold up the next, and can be retried or thrown away", async () => {
  const send = vi.fn<Sent>().mockRejectedValueOnce(refusal).mockResolvedValue(undefined);
  const { outbox } = open(new MemoryShelf(), send);
  const long = message("too long");
  outbox.add("send_message", long, 1);
  outbox.add("send_message", message("fine"), 2);
  await vi.waitFor(() => expect(texts(outbox)).toEqual(["too long"]));
  expect(outbox.all[0]?.refused).toBe("too long");
  outbox.retry(long.client_id);
  await vi.waitFor(() => expect(outbox.all).toEqual([]));

  send.mockRejectedValueOnce(refusal);
  outbox.add("send_message", long, 3);
  await vi.waitFor(() => expect(outbox.all[0]?.refused).toBeDefined());
  outbox.discard(long.client_id);
  expect(outbox.all).toEqual([]);
});

test("a passing refusal is not a refusal", async () => {
  const busy = new Problem({ ...refusal.details, status: 503 });
  const send = vi.fn<Sent>().mockRejectedValueOnce(busy).mockResolvedValue(undefined);
  const { outbox } = open(new MemoryShelf(), send);
  outbox.add("send_message", message("later"), 1);
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(1));
  expect(outbox.all[0]?.refused).toBeUndefined();
});

test("what is on the shelf and broken is left out", () => {
  const shelf = new MemoryShelf();
  shelf.setItem("unsent.x", "{");
  shelf.setItem("other", "{}");
  expect(open(shelf, () => Promise.resolve()).outbox.all).toEqual([]);
});

test("client_ids are new each time, and of the form that the server takes", () => {
  const ids = new Set(Array.from({ length: 100 }, newClientId));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
});
