import { ActionIcon, Group, Text, Title } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { otherIn, roomName, useLive } from "../app/live";
import { usePresence } from "../app/usePresence";
import { ago } from "../app/times";
import type { Message, Room } from "../client/state";
import { Back } from "../parts/Back";
import { Face } from "../parts/Face";
import { Composer } from "./Composer";
import { Discussion } from "./Discussion";
import { RoomDetails } from "./RoomDetails";
import { RoomIcon } from "./RoomIcon";

/** A room: who is in it, what was said, and where one writes. */
export function RoomView({ room }: { room: Room }) {
  const { t } = useTranslation();
  const state = useLive();
  const [editing, setEditing] = useState<Message>();
  const [details, setDetails] = useState(false);
  const name = roomName(state, room);
  const other = room.kind === "direct" ? otherIn(state, room) : undefined;
  return (
    <section
      aria-label={name}
      style={{ display: "flex", flexDirection: "column", height: "100%", minWidth: 0 }}
    >
      <Group
        px="md"
        py="xs"
        wrap="nowrap"
        style={{ borderBottom: "1px solid var(--mantine-color-default-border)" }}
      >
        <Back to="/chat" hiddenFrom="sm" />
        {other ? <Face person={other} size={38} /> : <RoomIcon size={38} />}
        <div style={{ flex: 1, minWidth: 0 }}>
          <Title order={2} size="h4" lineClamp={1}>
            {name}
          </Title>
          <Text size="xs" c="dimmed">
            {other ? (
              <Here userId={other.id} />
            ) : (
              t("chat.people", { count: room.member_ids.length })
            )}
          </Text>
        </div>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("chat.details")}
          onClick={() => setDetails(true)}
        >
          <IconInfoCircle size={20} />
        </ActionIcon>
      </Group>
      <Discussion
        roomId={room.id}
        editing={editing?.id}
        onEdit={setEditing}
        first={t("chat.first")}
      />
      <Composer
        roomId={room.id}
        label={t("chat.message")}
        editing={editing}
        onEdit={setEditing}
        autoFocus={matchMedia("(hover: hover)").matches}
      />
      <RoomDetails room={room} opened={details} onClose={() => setDetails(false)} />
    </section>
  );
}

function Here({ userId }: { userId: number }) {
  const { t } = useTranslation();
  const presence = usePresence(userId);
  if (presence?.state === "online") return t("people.online");
  if (presence?.state === "away") return t("people.away");
  if (!presence?.last_seen_at) return t("people.offline");
  return t("people.lastSeen", { when: ago(presence.last_seen_at) });
}
