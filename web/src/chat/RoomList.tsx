import { ActionIcon, Badge, Group, Menu, Text, TextInput, Title } from "@mantine/core";
import { IconMessagePlus, IconPlus, IconSearch, IconUsersPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { Virtuoso } from "react-virtuoso";

import { firstLine, otherIn, roomName, useLive } from "../app/live";
import { ago } from "../app/times";
import type { Room, State } from "../client/state";
import { Empty } from "../parts/Empty";
import { Face } from "../parts/Face";
import { RoomIcon } from "./RoomIcon";

/** My rooms, the lately used first. */
export function RoomList({
  onNewRoom,
  onNewDirect,
}: {
  onNewRoom: () => void;
  onNewDirect: () => void;
}) {
  const { t } = useTranslation();
  const state = useLive();
  const [search, setSearch] = useState("");
  const rooms = listed(state, search);
  return (
    <div style={{ display: "flex", flexDirection: "column", height: "100%" }}>
      <Group justify="space-between" p="md" pb="xs">
        <Title order={2} size="h3">
          {t("chat.title")}
        </Title>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="light" size="lg" aria-label={t("chat.newRoom")}>
              <IconPlus size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconMessagePlus size={16} />} onClick={onNewDirect}>
              {t("chat.newDirect")}
            </Menu.Item>
            {state.me.role !== "guest" && (
              <Menu.Item leftSection={<IconUsersPlus size={16} />} onClick={onNewRoom}>
                {t("chat.newRoom")}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <TextInput
        mx="md"
        mb="xs"
        aria-label={t("chat.search")}
        placeholder={t("chat.search")}
        leftSection={<IconSearch size={16} />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {rooms.length === 0 ? (
        <Empty title={t("chat.emptyRooms")} hint={t("chat.emptyRoomsHint")} />
      ) : (
        <Virtuoso
          style={{ flex: 1 }}
          data={rooms}
          computeItemKey={(_index, room) => room.id}
          itemContent={(_index, room) => <RoomRow room={room} state={state} />}
        />
      )}
    </div>
  );
}

/** The rooms of the list, the lately used first. Discussions have their place under their thing. */
export function listed(state: State, search = ""): Room[] {
  const wanted = search.trim().toLocaleLowerCase();
  return [...state.rooms.values()]
    .filter((room) => room.kind !== "discussion")
    .filter((room) => roomName(state, room).toLocaleLowerCase().includes(wanted))
    .sort((a, b) => usedAt(b) - usedAt(a));
}

function usedAt(room: Room): number {
  return room.last_message?.created_at ?? room.created_at;
}

function RoomRow({ room, state }: { room: Room; state: State }) {
  const { t } = useTranslation();
  const last = room.last_message;
  const author =
    last && (last.user_id === state.me.id ? t("chat.you") : nameOf(state, last.user_id));
  const text = last && (last.deleted_at === null ? firstLine(last.text) : t("chat.deleted"));
  return (
    <div style={{ padding: "1px 0.5rem" }}>
      <NavLink to={`/chat/${room.id}`} className="row">
        {room.kind === "direct" ? (
          <Face person={otherIn(state, room)} size={40} />
        ) : (
          <RoomIcon size={40} />
        )}
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text truncate fw={room.unread > 0 ? 700 : 500}>
              {roomName(state, room)}
            </Text>
            <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
              {last ? ago(last.created_at) : ""}
            </Text>
          </Group>
          <Group justify="space-between" wrap="nowrap" gap="xs">
            <Text truncate size="sm" c="dimmed">
              {last && room.kind !== "direct" ? `${author}: ${text}` : text}
            </Text>
            {room.unread > 0 && (
              <Badge size="sm" circle={room.unread < 10} aria-label={`${room.unread}`}>
                {room.unread > 99 ? "99+" : room.unread}
              </Badge>
            )}
          </Group>
        </div>
      </NavLink>
    </div>
  );
}

function nameOf(state: State, userId: number): string {
  return state.people.get(userId)?.name.split(" ")[0] ?? "?";
}
