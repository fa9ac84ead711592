import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Newest } from "./newest";

describe("what only the newest matters of", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is done at once, and then the newest of what came meanwhile", async () => {
    const newest = new Newest();
    const done: number[] = [];
    const mark = (n: number) => newest.do("read:1", () => Promise.resolve(done.push(n)));
    await mark(1);
    for (let n = 2; n <= 50; n++) await mark(n);
    expect(done).toEqual([1]);
    await vi.advanceTimersByTimeAsync(600);
    expect(done).toEqual([1, 50]);
    await vi.advanceTimersByTimeAsync(600);
    await mark(51);
    expect(done).toEqual([1, 50, 51]);
  });

  it("waits for an answer, however long that takes", async () => {
    const newest = new Newest();
    const done: string[] = [];
    let answer: () => void = () => undefined;
    const slow = newest.do("read:1", () => new Promise<void>((resolve) => (answer = resolve)));
    await newest.do("read:1", () => Promise.resolve(done.push("next")));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual([]);
    answer();
    await slow;
    await vi.advanceTimersByTimeAsync(600);
    expect(done).toEqual(["next"]);
  });

  it("tells who asked of a failure, and goes on", async () => {
    const newest = new Newest();
    await expect(newest.do("read:1", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await vi.advanceTimersByTimeAsync(600);
    const done = vi.fn(() => Promise.resolve());
    await newest.do("read:1", done);
    expect(done).toHaveBeenCalledOnce();
  });

  it("keeps kinds apart", async () => {
    const newest = new Newest();
    const done: string[] = [];
    await newest.do("read:1", () => Promise.resolve(done.push("one")));
    await newest.do("read:2", () => Promise.resolve(done.push("two")));
    expect(done).toEqual(["one", "two"]);
  });
});
