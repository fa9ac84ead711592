import { io, type Socket } from "socket.io-client";

import type { Ack, Command, LiveSignal, LogEvent, Operations } from "./generated/catalogue";
import { Problem, type ProblemDetails, unreachable } from "./problem";
import type { Snapshot } from "./state";

/** How the connection is: `ready` when nothing is missing any more. */
export type Status = "connecting" | "ready" | "offline" | "ended";

/** What the connection tells whoever holds it. */
export interface Listener {
  position: () => number | undefined;
  status: (status: Status, reason?: string) => void;
  event: (event: LogEvent) => void;
  signal: (signal: LiveSignal) => void;
  resync: (snapshot: Snapshot) => void;
  ready: (position: number) => void;
}

// An answer that takes longer is taken for lost; the command can be sent again with its client_id.
const ANSWER_MS = 15_000;
// Going to another node takes a few milliseconds; only what takes longer is worth a word on screen.
const MOVE_MS = 3000;

/** The live connection of one browser window. Reconnects by itself, with jitter. */
export class Connection {
  private readonly socket: Socket;
  // The newest: with it the server lets this window back in without a look into the database.
  private ticket: string | null = null;
  // Commands whose answers are on their way.
  private readonly asked = new Set<Promise<unknown>>();
  // While this window goes from a node that leaves to another: resolves when it has arrived, or
  // when that takes too long.
  private moving: Promise<void> | undefined;
  private arrived: () => void = () => undefined;

  constructor(
    private readonly listener: Listener,
    url?: string,
  ) {
    const options = {
      // Asked for at each connection: the position that was handled last.
      auth: (give: (auth: object) => void) =>
        give({ position: listener.position(), ticket: this.ticket }),
      transports: ["websocket", "polling"],
      reconnectionDelay: 300,
      reconnectionDelayMax: 5000,
      randomizationFactor: 0.7,
      autoConnect: false,
    };
    this.socket = url === undefined ? io(options) : io(url, options);
    this.listen();
  }

  /** Connects, and stays so. */
  start(): void {
    this.socket.connect();
  }

  /** Leaves. */
  stop(): void {
    this.socket.disconnect();
  }

  /** Tries at once instead of when the back-off says so: the network is back. */
  hurry(): void {
    if (!this.socket.connected && this.socket.active) {
      this.socket.disconnect();
      this.socket.connect();
    }
  }

  /** Sends a command. Throws a Problem; `unreachable` when no answer came. */
  async command<C extends Command>(
    name: C,
    request: Operations[C]["request"],
  ): Promise<Operations[C]["answer"]> {
    await this.moving;
    if (!this.socket.connected) throw unreachable();
    const asking = this.socket.timeout(ANSWER_MS).emitWithAck(name, request) as Promise<Ack<C>>;
    this.asked.add(asking);
    let ack: Ack<C>;
    try {
      ack = await asking;
    } catch {
      throw unreachable();
    } finally {
      this.asked.delete(asking);
    }
    if (ack.ok) return ack.data;
    throw new Problem(ack.problem);
  }

  /** Sends a command whose answer nobody waits for; without a connection it is dropped. */
  tell<C extends Command>(name: C, request: Operations[C]["request"]): void {
    if (this.socket.connected) this.socket.volatile.emit(name, request);
  }

  /** The node is leaving: goes to another one, once everything that was asked is answered. */
  private async move(): Promise<void> {
    if (this.moving) return;
    this.moving = new Promise((resolve) => {
      this.arrived = () => {
        clearTimeout(late);
        this.moving = undefined;
        resolve();
      };
      const late = setTimeout(() => {
        this.arrived();
        if (!this.socket.connected) this.listener.status("offline");
      }, MOVE_MS);
    });
    await Promise.allSettled(this.asked);
    this.socket.disconnect();
    this.socket.connect();
  }

  private listen(): void {
    const { socket, listener } = this;
    let over = false;
    socket.on("move", () => void this.move());
    socket.on("event", (event: LogEvent) => listener.event(event));
    socket.on("signal", (signal: LiveSignal) => {
      if (signal.type === "ticket") this.ticket = signal.body.ticket;
      listener.signal(signal);
    });
    socket.on("resync", (resync: { snapshot: Snapshot }) => listener.resync(resync.snapshot));
    socket.on("ready", (ready: { position: number; ticket: string | null }) => {
      this.ticket = ready.ticket;
      listener.ready(ready.position);
      listener.status("ready");
      this.arrived();
    });
    socket.on("ended", (end: { reason: string }) => {
      over = true;
      listener.status("ended", end.reason);
      socket.disconnect();
    });
    socket.on("connect", () => {
      if (!this.moving) listener.status("connecting");
    });
    socket.on("disconnect", (reason) => {
      if (over) return;
      if (!this.moving) listener.status("offline");
      // The server's own goodbye stops the client's retries; it is meant for programs.
      if (reason === "io server disconnect") setTimeout(() => socket.connect(), 1000);
    });
    socket.on("connect_error", (error: Error & { data?: ProblemDetails }) => {
      if (error.data?.status === 401) {
        over = true;
        listener.status("ended", "not-logged-in");
        return;
      }
      if (!this.moving) listener.status("offline");
      if (socket.active) return;
      // Refused: by a node that is leaving itself, or by one that has too much to do.
      const wait = this.moving ? 100 + Math.random() * 300 : 2000 + Math.random() * 3000;
      setTimeout(() => socket.connect(), wait);
    });
  }
}
