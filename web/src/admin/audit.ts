import type { Schema } from "../client/generated/catalogue";

export type Entry = Schema["AuditEntry"];
type Page = Schema["Audit"];

/** Adds the newest page to what is loaded. The same object when there is nothing new. */
export function withNewest(before: Page | undefined, page: Page): Page {
  if (!before) return page;
  const known = new Set(before.entries.map((entry) => entry.id));
  const fresh = page.entries.filter((entry) => !known.has(entry.id));
  if (fresh.length === 0) return before;
  // More came than a page holds: what lies between is not here, so it begins anew without a gap.
  if (fresh.length === page.entries.length && page.more_before) return page;
  return { entries: [...fresh, ...before.entries], more_before: before.more_before };
}

/** Adds what came before the oldest that is loaded. */
export function withOlder(before: Page | undefined, page: Page): Page {
  const oldest = before?.entries.at(-1)?.id ?? Infinity;
  const older = page.entries.filter((entry) => entry.id < oldest);
  return { entries: [...(before?.entries ?? []), ...older], more_before: page.more_before };
}

/** Actions that are done to a person: their ``subject_id`` is a user. */
const TO_PEOPLE: ReadonlySet<string> = new Set([
  "set_role",
  "deactivate",
  "reactivate",
  "end_user_sessions",
]);

/** To whom it was done; undefined when not to a person. */
export function personIn(entry: Entry): number | undefined {
  if (!TO_PEOPLE.has(entry.action)) return undefined;
  return entry.subject_id ?? undefined;
}

export type Role = "admin" | "member" | "guest";

/** What the server noted beside an action, taken apart so that it can be said in any language. */
export type Detail =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "sessions"; count: number }
  | { kind: "role"; role: Role }
  | { kind: "roles"; before: Role; after: Role };

/** Reads a detail; what it does not understand is shown as it is. */
export function detailOf({ action, detail }: Entry): Detail {
  if (detail === "") return { kind: "none" };
  if (action === "end_user_sessions") {
    const count = Number.parseInt(detail, 10);
    if (!Number.isNaN(count)) return { kind: "sessions", count };
  }
  if (action === "open_invitation_link" && isRole(detail)) return { kind: "role", role: detail };
  if (action === "set_role") {
    const [before, after] = detail.split(" -> ");
    if (isRole(before) && isRole(after)) return { kind: "roles", before, after };
  }
  return { kind: "text", text: detail };
}

function isRole(word: string | undefined): word is Role {
  return word === "admin" || word === "member" || word === "guest";
}
