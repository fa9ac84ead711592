import { useEffect } from "react";

import { unreadRooms, useLive } from "./live";

/** The window's title: how much is unread, and where one is. */
export function useTitle(): void {
  const state = useLive();
  const unread = unreadRooms(state) + state.feed.unread;
  const title = `${unread > 0 ? `(${unread}) ` : ""}${state.portal.name} · Talkoo`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
