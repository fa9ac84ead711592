// Whoever comes on screen is gathered this long before the server hears of it, in milliseconds.
const GATHER_MS = 150;
// The most that one connection may look at.
const MOST = 1000;

/** The people on screen: presence comes for them, and for nobody else. */
export class Gaze {
  // How many places on screen show each of them.
  private readonly shown = new Map<number, number>();
  private told = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `tell` says whom this device looks at now. */
  constructor(private readonly tell: (userIds: number[]) => void) {}

  /** Someone is shown, until the returned function is called. */
  on(userId: number): () => void {
    this.shown.set(userId, (this.shown.get(userId) ?? 0) + 1);
    this.later();
    return () => {
      const left = (this.shown.get(userId) ?? 0) - 1;
      if (left > 0) this.shown.set(userId, left);
      else this.shown.delete(userId);
      this.later();
    };
  }

  /** A new connection looks at nobody yet. */
  again(): void {
    this.told = "";
    this.later();
  }

  /** Nothing more is told. */
  stop(): void {
    clearTimeout(this.timer);
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const userIds = [...this.shown.keys()].sort((a, b) => a - b).slice(0, MOST);
      const now = userIds.join();
      if (now === this.told) return;
      this.told = now;
      this.tell(userIds);
    }, GATHER_MS);
  }
}
