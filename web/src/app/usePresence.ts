import { useEffect } from "react";

import type { Presence } from "../client/state";
import { useClient, useLive } from "./live";

/** Whether someone is here, kept right for as long as they are on screen. */
export function usePresence(userId: number | undefined): Presence | undefined {
  const client = useClient();
  const { presence } = useLive();
  useEffect(() => (userId === undefined ? undefined : client.lookAt(userId)), [client, userId]);
  return userId === undefined ? undefined : presence.get(userId);
}
