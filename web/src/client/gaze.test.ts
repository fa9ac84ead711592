import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Gaze } from "./gaze";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("those who come on screen together are told together, and once", () => {
  const tell = vi.fn();
  const gaze = new Gaze(tell);
  const away = [gaze.on(7), gaze.on(3), gaze.on(7)];
  vi.runAllTimers();
  expect(tell.mock.calls).toEqual([[[3, 7]]]);
  away[0]?.();
  vi.runAllTimers();
  expect(tell).toHaveBeenCalledTimes(1);
  away[2]?.();
  vi.runAllTimers();
  expect(tell.mock.calls[1]).toEqual([[3]]);
});

test("who leaves and comes back within a moment changes nothing", () => {
  const tell = vi.fn();
  const gaze = new Gaze(tell);
  const away = gaze.on(7);
  vi.runAllTimers();
  away();
  gaze.on(7);
  vi.runAllTimers();
  expect(tell).toHaveBeenCalledTimes(1);
});

test("a new connection is told again", () => {
  const tell = vi.fn();
  const gaze = new Gaze(tell);
  gaze.on(7);
  vi.runAllTimers();
  gaze.again();
  vi.runAllTimers();
  expect(tell.mock.calls).toEqual([[[7]], [[7]]]);
});
