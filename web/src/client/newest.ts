// Between two of a kind, in milliseconds: in a busy room one mark stands for many messages.
const REST_MS = 500;

/** Does things of which only the newest matters: one of each kind at a time, and with a rest. */
export class Newest {
  private readonly busy = new Set<string>();
  private readonly waiting = new Map<string, () => Promise<unknown>>();

  /** Does it now, or after the one that is being done, unless a newer one comes until then. */
  async do(kind: string, work: () => Promise<unknown>): Promise<void> {
    if (this.busy.has(kind)) {
      this.waiting.set(kind, work);
      return;
    }
    this.busy.add(kind);
    try {
      await work();
    } finally {
      setTimeout(() => this.next(kind), REST_MS);
    }
  }

  private next(kind: string): void {
    this.busy.delete(kind);
    const work = this.waiting.get(kind);
    this.waiting.delete(kind);
    // Who asked for it has long been answered; what fails is asked for again when it is seen again.
    if (work) void this.do(kind, work).catch(() => undefined);
  }
}
