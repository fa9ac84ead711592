import { Avatar, Indicator } from "@mantine/core";

import { usePresence } from "../app/usePresence";
import type { Person } from "../client/state";

const COLOURS = { online: "teal", away: "yellow", offline: "gray" } as const;

/** A person's picture or initials, with a dot that tells whether they are here. */
export function Face({
  person,
  size = 36,
  dot = true,
}: {
  person: Person | undefined;
  size?: number;
  dot?: boolean;
}) {
  const here = usePresence(dot ? person?.id : undefined)?.state ?? "offline";
  return (
    <Indicator
      disabled={!dot || here === "offline"}
      color={COLOURS[here]}
      size={Math.max(9, size / 4)}
      offset={size / 8}
      position="bottom-end"
      withBorder
      aria-label={here}
    >
      <Avatar
        src={person?.picture}
        name={person?.name ?? "?"}
        alt=""
        size={size}
        radius="xl"
        color="initials"
      />
    </Indicator>
  );
}
