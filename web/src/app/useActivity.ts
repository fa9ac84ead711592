import { useEffect } from "react";

import { useClient, useView } from "./live";

// Without a key, a click or a move for this long, one counts as away, in milliseconds.
const IDLE_MS = 5 * 60_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "focus"] as const;

/** Tells the others whether this device is in use. */
export function useActivity(): void {
  const client = useClient();
  const ready = useView().status === "ready";
  useEffect(() => {
    if (!ready) return;
    let away = document.hidden;
    let timer: ReturnType<typeof setTimeout>;
    const tell = (now: boolean) => {
      if (now !== away) client.presence(now ? "away" : "online");
      away = now;
    };
    const active = () => {
      clearTimeout(timer);
      timer = setTimeout(() => tell(true), IDLE_MS);
      if (!document.hidden) tell(false);
    };
    if (away) client.presence("away");
    active();
    for (const sign of SIGNS) window.addEventListener(sign, active, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const sign of SIGNS) window.removeEventListener(sign, active);
    };
  }, [client, ready]);
}
