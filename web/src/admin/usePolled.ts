import { useCallback, useEffect, useRef, useState } from "react";

/** Something that is asked for again and again. */
export interface Polled<Value> {
  /** Undefined until the first answer. */
  value: Value | undefined;
  /** When the newest answer came. */
  at: number | undefined;
  /** Why the last try failed; undefined when it did not. */
  problem: Error | undefined;
  /** Asks now. */
  reload: () => void;
  /** Changes the value in between; merged with what comes later. */
  change: (how: (value: Value | undefined) => Value | undefined) => void;
}

/**
 * Asks every so many milliseconds while the page is on screen, one question at a time. What was
 * known stays when an answer fails to come. ``ask`` and ``merged`` must stay the same functions.
 */
export function usePolled<Answer, Value>(
  ask: () => Promise<Answer>,
  merged: (before: Value | undefined, answer: Answer) => Value,
  everyMs: number,
): Polled<Value> {
  const [value, setValue] = useState<Value>();
  const [at, setAt] = useState<number>();
  const [problem, setProblem] = useState<Error>();
  const now = useRef<() => void>(undefined);

  useEffect(() => {
    let stopped = false;
    let busy = false;
    // Asked for while an answer was on its way, which may not know yet of what was just done.
    let again = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const once = async () => {
      try {
        const answer = await ask();
        if (stopped) return;
        setValue((before) => merged(before, answer));
        setAt(Date.now());
        setProblem(undefined);
      } catch (reason) {
        if (!stopped) setProblem(reason instanceof Error ? reason : new Error(String(reason)));
      }
    };
    const run = async () => {
      clearTimeout(timer);
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      do {
        again = false;
        await once();
      } while (wanted());
      busy = false;
      if (!stopped && !document.hidden) timer = setTimeout(() => void run(), everyMs);
    };
    const wanted = () => again && !stopped;
    // Nobody looks at a hidden page; who comes back sees at once how things are now.
    const looked = () => {
      if (document.hidden) clearTimeout(timer);
      else void run();
    };

    now.current = () => void run();
    void run();
    document.addEventListener("visibilitychange", looked);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [ask, merged, everyMs]);

  const reload = useCallback(() => now.current?.(), []);
  return { value, at, problem, reload, change: setValue };
}
