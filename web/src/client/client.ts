import { Connection, type Status } from "./connection";
import { Gaze } from "./gaze";
import type { Command, LogEvent, Operations, Schema } from "./generated/catalogue";
import { Newest } from "./newest";
import { newClientId, Outbox, type Shelf, type Unsent } from "./outbox";
import { Problem } from "./problem";
import { inserted, postsLoaded } from "./reduce/feed";
import { historyAwaited, historyForgotten, historyLoaded } from "./reduce/history";
import { presenceChanged, TYPING_MS } from "./reduce/presence";
import { apply, hear } from "./reducer";
import { rest } from "./rest";
import { fromSnapshot, type Snapshot, type State } from "./state";

/** What a screen shows: the state, how the connection is, and what is on its way. */
export interface View {
  readonly state: State | undefined;
  readonly status: Status;
  readonly endedBecause: string | undefined;
  readonly unsent: readonly Unsent[];
}

// Others are told that I type at most this often, in milliseconds; they forget it after six seconds.
const TYPING_EVERY_MS = 2500;
const PAGE = 50;
// What could not be loaded is asked for again after this long, in milliseconds.
const AGAIN_MS = 1500;

/** The client without a screen: the live state of one person in one portal, and what they can do. */
export class Client {
  private view: View = {
    state: undefined,
    status: "connecting",
    endedBecause: undefined,
    unsent: [],
  };
  private readonly listeners = new Set<() => void>();
  private readonly connection: Connection;
  private outbox: Outbox | undefined;
  private readonly typed = new Map<number, number>();
  private readonly loading = new Set<string>();
  private readonly marks = new Newest();
  private readonly gaze = new Gaze((userIds) => void this.watch(userIds));
  // Of whom signals told while it was asked how they are.
  private readonly overtook = new Set<number>();
  private forgetTyping: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shelf: Shelf,
    url?: string,
  ) {
    this.connection = new Connection(
      {
        position: () => this.view.state?.position,
        status: (status, reason) => this.statusChanged(status, reason),
        event: (event) => this.onEvent(event),
        signal: (signal) => {
          this.change((state) => hear(state, signal, Date.now()));
          if (signal.type === "typing") this.forgetTypingLater();
          if (signal.type === "presence") this.overtook.add(signal.body.presence.user_id);
        },
        resync: (snapshot) => this.onResync(snapshot),
        ready: (position) => {
          this.change((state) => ({ ...state, position: Math.max(state.position, position) }));
          void this.outbox?.flush();
          this.gaze.again();
        },
      },
      url,
    );
  }

  /** Connects and keeps everything live, until `stop`. */
  start(): void {
    this.connection.start();
  }

  /** Leaves. */
  stop(): void {
    this.gaze.stop();
    this.connection.stop();
    clearTimeout(this.forgetTyping);
  }

  /** The network is back: try now. */
  hurry(): void {
    this.connection.hurry();
  }

  /** For `useSyncExternalStore`: calls back at each change, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** What to show now. The same object as long as nothing changed. */
  readonly look = (): View => this.view;

  /** Sends a command and waits for its answer. Throws a Problem. */
  command<C extends Command>(
    name: C,
    request: Operations[C]["request"],
  ): Promise<Operations[C]["answer"]> {
    return this.connection.command(name, request);
  }

  /** Sends a message, now or when the connection is back. */
  send(roomId: number, text: string): void {
    this.typed.delete(roomId);
    const request = { client_id: newClientId(), room_id: roomId, text };
    this.outbox?.add("send_message", request, Date.now());
  }

  /** Posts to the feed, now or when the connection is back. */
  post(text: string, userIds: number[]): void {
    const visible_to = userIds.length > 0 ? ("people" as const) : ("portal" as const);
    const request = { client_id: newClientId(), text, visible_to, user_ids: userIds };
    this.outbox?.add("create_post", request, Date.now());
  }

  /** Sends a refused one again. */
  retry(clientId: string): void {
    this.outbox?.retry(clientId);
  }

  /** Throws an unsent one away. */
  discard(clientId: string): void {
    this.outbox?.discard(clientId);
  }

  /** Tells the others in a room that I type; as often as one likes. */
  typing(roomId: number): void {
    const now = Date.now();
    if (now - (this.typed.get(roomId) ?? 0) < TYPING_EVERY_MS) return;
    this.typed.set(roomId, now);
    this.connection.tell("typing", { room_id: roomId });
  }

  /** This device is in use, or idle. */
  presence(state: "online" | "away"): void {
    this.connection.tell("set_presence", { state });
  }

  /** Someone is on screen, until the returned function is called: their presence is kept right. */
  lookAt(userId: number): () => void {
    return this.gaze.on(userId);
  }

  /** I have read a room up to a message. */
  async markRead(roomId: number, seq: number): Promise<void> {
    const room = this.view.state?.rooms.get(roomId);
    if (!room || room.read_seq >= seq) return;
    await this.marks.do(`read:${roomId}`, () =>
      this.passing(() => this.command("mark_read", { room_id: roomId, seq })),
    );
  }

  /** I have seen the feed up to a position. */
  async markFeedRead(position: number): Promise<void> {
    const feed = this.view.state?.feed;
    if (!feed || feed.read_position >= position) return;
    await this.marks.do("feed", () =>
      this.passing(() => this.command("mark_feed_read", { position })),
    );
  }

  /** Loads the newest page of a room's history, unless it is loaded; as often as it takes. */
  async openHistory(roomId: number): Promise<void> {
    if (this.view.state?.histories.has(roomId)) return;
    this.change((state) => historyAwaited(state, roomId));
    try {
      while (this.view.state?.histories.get(roomId)?.loaded === false) {
        await this.loadHistory(roomId, {});
        if (!this.view.state.histories.get(roomId)?.loaded) await pause(AGAIN_MS);
      }
    } catch (error) {
      this.change((state) => historyForgotten(state, roomId));
      throw error;
    }
  }

  /** Loads what came before the oldest loaded message. */
  async olderHistory(roomId: number): Promise<void> {
    const history = this.view.state?.histories.get(roomId);
    const first = history?.messages[0];
    if (history?.moreBefore && first) await this.loadHistory(roomId, { before: first.seq });
  }

  /** Loads what came after the newest loaded message. */
  async newerHistory(roomId: number): Promise<void> {
    const history = this.view.state?.histories.get(roomId);
    const last = history?.messages.at(-1);
    if (history?.moreAfter && last) await this.loadHistory(roomId, { after: last.seq });
  }

  /** Loads more of the feed. */
  async olderPosts(): Promise<void> {
    const state = this.view.state;
    const last = state?.posts.at(-1);
    if (!state?.morePosts || !last) return;
    await this.once("posts", async () => {
      const page = await rest("list_posts", { before: last.position, limit: PAGE });
      this.change((now) => postsLoaded(now, page));
    });
  }

  /** Loads one post by its link. */
  async openPost(postId: number): Promise<void> {
    const { post } = await rest("get_post", { post_id: postId });
    this.change((state) => inserted(state, post));
  }

  private async loadHistory(
    roomId: number,
    where: { before?: number; after?: number },
  ): Promise<void> {
    await this.once(`history:${roomId}`, async () => {
      const page = await rest("list_messages", { room_id: roomId, limit: PAGE, ...where });
      this.change((state) => historyLoaded(state, roomId, page));
    });
  }

  /** Does a thing unless the same is being done. */
  private async once(name: string, work: () => Promise<unknown>): Promise<void> {
    if (this.loading.has(name)) return;
    this.loading.add(name);
    try {
      await this.passing(work);
    } finally {
      this.loading.delete(name);
    }
  }

  /** Does a thing; what waiting will mend is not worth a word. */
  private async passing(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem && error.passing)) throw error;
    }
  }

  /** Signals are not kept: how those on screen are is asked for, and then told. */
  private async watch(userIds: number[]): Promise<void> {
    if (this.view.status !== "ready") return;
    try {
      this.overtook.clear();
      const { presence } = await this.command("watch_presence", { user_ids: userIds });
      // What was told while the answer was on its way is newer.
      const news = presence.filter((one) => !this.overtook.has(one.user_id));
      this.change((state) => news.reduce(presenceChanged, state));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setTimeout(() => this.gaze.again(), AGAIN_MS);
    }
  }

  private onEvent(event: LogEvent): void {
    this.change((state) => apply(state, event));
    // What the log says is sent need not be sent again, whether the answer came or not.
    if (event.type === "message_sent" && event.body.message.user_id === this.view.state?.me.id) {
      this.outbox?.discard(event.body.message.client_id);
    }
  }

  private onResync(snapshot: Snapshot): void {
    const before = this.view.state;
    let state = fromSnapshot(snapshot);
    if (before) {
      // What is on screen stays until its fresh page is there.
      state = { ...state, sessionsVersion: before.sessionsVersion + 1 };
      state = { ...state, invitationsVersion: before.invitationsVersion + 1 };
    }
    this.show({ state });
    this.outbox ??= this.makeOutbox(snapshot.portal, snapshot.me);
    for (const roomId of before?.histories.keys() ?? []) {
      void this.openHistory(roomId).catch(() => undefined);
    }
  }

  private makeOutbox(portal: Schema["PortalInfo"], me: Schema["Me"]): Outbox {
    const prefix = `talkoo.unsent.${portal.id}.${me.id}.`;
    const outbox: Outbox = new Outbox(
      this.shelf,
      prefix,
      (name, request) => this.connection.command(name, request),
      () => this.show({ unsent: outbox.all }),
    );
    this.show({ unsent: outbox.all });
    return outbox;
  }

  private statusChanged(status: Status, reason: string | undefined): void {
    this.show({ status, endedBecause: reason });
  }

  private forgetTypingLater(): void {
    clearTimeout(this.forgetTyping);
    this.forgetTyping = setTimeout(() => this.change((state) => ({ ...state })), TYPING_MS + 50);
  }

  private change(change: (state: State) => State): void {
    const { state } = this.view;
    if (!state) return;
    const next = change(state);
    if (next !== state) this.show({ state: next });
  }

  private show(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
