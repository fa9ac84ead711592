import type { Operations } from "./generated/catalogue";
import { Problem } from "./problem";

/** What can wait for a connection: things that carry a client_id. */
export type Kept = "send_message" | "create_post";

/** A command on its way, or refused. */
export interface Unsent {
  readonly name: Kept;
  readonly request: Operations["send_message"]["request"] | Operations["create_post"]["request"];
  readonly at: number;
  /** What the server said against it; then it waits for a decision. */
  readonly refused?: string | undefined;
}

/** Where unsent commands survive a reload; `localStorage` fits. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

// After what may pass (no connection, a busy server) it tries again this much later, in milliseconds.
const AGAIN_MS = 2000;

type Send = (name: Kept, request: Unsent["request"]) => Promise<unknown>;

/**
 * Commands that were not answered yet, in the order in which they were given.
 *
 * Each is sent again with its own client_id until it is answered, so it takes effect once. Those that
 * were refused stay, for the person to send again or throw away. Every one has a key of its own on the
 * shelf, so that several windows do not overwrite each other's.
 */
export class Outbox {
  private entries: readonly Unsent[];
  private asked = false;
  private sending: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shelf: Shelf,
    private readonly prefix: string,
    private readonly send: Send,
    private readonly changed: () => void,
  ) {
    this.entries = this.load();
  }

  /** What is unsent, oldest first. */
  get all(): readonly Unsent[] {
    return this.entries;
  }

  /** Takes a command, keeps it, and sends it as soon as it can. */
  add(name: Kept, request: Unsent["request"], at: number): void {
    this.set([...this.entries, { name, request, at }]);
    void this.flush();
  }

  /** Sends a refused one again. */
  retry(clientId: string): void {
    this.set(
      this.entries.map((one) =>
        one.request.client_id === clientId ? { ...one, refused: undefined } : one,
      ),
    );
    void this.flush();
  }

  /** Forgets one: it was answered, was seen in the log, or is not wanted any more. */
  discard(clientId: string): void {
    if (!this.entries.some((one) => one.request.client_id === clientId)) return;
    this.set(this.entries.filter((one) => one.request.client_id !== clientId));
  }

  /**
   * Sends what waits, one after the other, until nothing does or the server cannot be reached; then
   * tries again after a while. Called while it sends, it tries once more at once.
   */
  async flush(): Promise<void> {
    this.asked = true;
    this.sending ??= this.sendWhileAsked().finally(() => (this.sending = undefined));
    await this.sending;
  }

  private async sendWhileAsked(): Promise<void> {
    while (this.asked) {
      this.asked = false;
      clearTimeout(this.timer);
      for (let next = this.next(); next; next = this.next()) {
        if (await this.attempt(next)) continue;
        this.timer = setTimeout(() => void this.flush(), AGAIN_MS);
        break;
      }
    }
  }

  private next(): Unsent | undefined {
    return this.entries.find((one) => one.refused === undefined);
  }

  private async attempt(one: Unsent): Promise<boolean> {
    try {
      await this.send(one.name, one.request);
      this.discard(one.request.client_id);
      return true;
    } catch (error) {
      if (error instanceof Problem && !error.passing) {
        this.refuse(one, error.message);
        return true;
      }
      return false;
    }
  }

  private refuse(one: Unsent, refused: string): void {
    const id = one.request.client_id;
    this.set(
      this.entries.map((other) => (other.request.client_id === id ? { ...one, refused } : other)),
    );
  }

  private set(entries: readonly Unsent[]): void {
    const kept = new Set(entries.map((one) => one.request.client_id));
    for (const { request } of this.entries) {
      if (!kept.has(request.client_id)) this.shelf.removeItem(this.prefix + request.client_id);
    }
    for (const one of entries) {
      if (!this.entries.includes(one)) {
        this.shelf.setItem(this.prefix + one.request.client_id, JSON.stringify(one));
      }
    }
    this.entries = entries;
    this.changed();
  }

  private load(): readonly Unsent[] {
    const found: Unsent[] = [];
    for (let n = 0; n < this.shelf.length; n++) {
      const key = this.shelf.key(n);
      if (key?.startsWith(this.prefix)) found.push(...parsed(this.shelf.getItem(key)));
    }
    return found.sort((a, b) => a.at - b.at);
  }
}

function parsed(text: string | null): Unsent[] {
  try {
    return text === null ? [] : [JSON.parse(text) as Unsent];
  } catch {
    return [];
  }
}

/** A new client_id. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
