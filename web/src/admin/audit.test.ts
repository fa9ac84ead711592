import { expect, test } from "vitest";

import { detailOf, type Entry, personIn, withNewest, withOlder } from "./audit";

function entry(id: number, fields: Partial<Entry> = {}): Entry {
  return {
    id,
    at: id,
    user_id: 1,
    action: "rename_portal",
    subject_id: null,
    detail: "",
    address: "",
    ...fields,
  };
}

const page = (more_before: boolean, ...ids: number[]) => ({
  entries: ids.map((id) => entry(id)),
  more_before,
});
const ids = ({ entries }: { entries: readonly Entry[] }) => entries.map((one) => one.id);

test("what is new comes on top of what is loaded", () => {
  const loaded = page(false, 3, 2, 1);
  const after = withNewest(loaded, page(true, 4, 3));
  expect(ids(after)).toEqual([4, 3, 2, 1]);
  expect(after.more_before).toBe(false);
});

test("nothing new changes nothing", () => {
  const loaded = page(true, 3, 2);
  expect(withNewest(loaded, page(true, 3, 2))).toBe(loaded);
  expect(withNewest(undefined, loaded)).toBe(loaded);
});

test("more than a page at once leaves no gap", () => {
  const newest = page(true, 9, 8);
  expect(withNewest(page(false, 3, 2, 1), newest)).toBe(newest);
});

test("the first entries ever are added to nothing", () => {
  expect(ids(withNewest(page(false), page(false, 2, 1)))).toEqual([2, 1]);
});

test("older ones come below, each once", () => {
  const after = withOlder(page(true, 5, 4), page(false, 4, 3));
  expect(ids(after)).toEqual([5, 4, 3]);
  expect(after.more_before).toBe(false);
});

test("only some actions are done to a person", () => {
  expect(personIn(entry(1, { action: "set_role", subject_id: 4 }))).toBe(4);
  expect(personIn(entry(1, { action: "close_invitation", subject_id: 4 }))).toBeUndefined();
});

test("details are taken apart where they can be", () => {
  const detail = (action: string, text: string) => detailOf(entry(1, { action, detail: text }));
  expect(detail("end_user_sessions", "2 sessions")).toEqual({ kind: "sessions", count: 2 });
  expect(detail("set_role", "member -> admin")).toEqual({
    kind: "roles",
    before: "member",
    after: "admin",
  });
  expect(detail("open_invitation_link", "guest")).toEqual({ kind: "role", role: "guest" });
  expect(detail("set_role", "member -> owner").kind).toBe("text");
  expect(detail("rename_portal", "3 sessions")).toEqual({ kind: "text", text: "3 sessions" });
  expect(detail("deactivate", "")).toEqual({ kind: "none" });
});
