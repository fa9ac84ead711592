import { ActionIcon, Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconDoorExit, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";

import { roomName, useClient, useLive } from "../app/live";
import type { Room } from "../client/state";
import { Confirm } from "../parts/Confirm";
import { Face } from "../parts/Face";
import { useAttempt } from "../parts/attempt";
import { PeoplePicker } from "./PeoplePicker";

/** Who is in a room; for group rooms also what can be changed. */
export function RoomDetails({
  room,
  opened,
  onClose,
}: {
  room: Room;
  opened: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useClient();
  const state = useLive();
  const navigate = useNavigate();
  const [leaving, setLeaving] = useState(false);
  const group = room.kind === "group";
  const mayChange = group && state.me.role !== "guest";
  const name = roomName(state, room);
  return (
    <Drawer opened={opened} onClose={onClose} position="right" title={name} size="sm">
      <Stack>
        {mayChange && <Rename key={room.name} room={room} />}
        <Members room={room} />
        {mayChange && <AddPeople room={room} />}
        {group && (
          <Button
            variant="light"
            color="red"
            leftSection={<IconDoorExit size={16} />}
            onClick={() => setLeaving(true)}
          >
            {t("chat.leave")}
          </Button>
        )}
      </Stack>
      <Confirm
        opened={leaving}
        title={t("chat.leaveTitle", { room: name })}
        text={t("chat.leaveText")}
        action={t("chat.leave")}
        onConfirm={async () => {
          await client.command("leave_room", { room_id: room.id });
          await navigate("/chat");
        }}
        onClose={() => setLeaving(false)}
      />
    </Drawer>
  );
}

function Rename({ room }: { room: Room }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const [name, setName] = useState(room.name);
  const rename = () =>
    attempt(() => client.command("rename_room", { room_id: room.id, name: name.trim() }));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void rename();
      }}
    >
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          label={t("chat.roomName")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={100}
          flex={1}
        />
        <Button
          type="submit"
          variant="default"
          disabled={!name.trim() || name.trim() === room.name}
        >
          {t("chat.rename")}
        </Button>
      </Group>
    </form>
  );
}

function Members({ room }: { room: Room }) {
  const { t } = useTranslation();
  const client = useClient();
  const { people, me } = useLive();
  const attempt = useAttempt();
  const mayRemove = room.kind === "group" && (room.created_by === me.id || me.role === "admin");
  return (
    <div>
      <Text fw={600} size="sm" mb={4}>
        {t("chat.members")}
      </Text>
      {room.member_ids.map((id) => {
        const person = people.get(id);
        const name = person?.name ?? "?";
        const remove = () =>
          attempt(() => client.command("remove_member", { room_id: room.id, user_id: id }));
        return (
          <Group key={id} wrap="nowrap" gap={4}>
            <Link to={`/people/${id}`} className="row">
              <Face person={person} size={30} />
              <Text truncate>{id === me.id ? `${name} (${t("people.you")})` : name}</Text>
            </Link>
            {mayRemove && id !== me.id && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t("chat.removeFrom", { name })}
                onClick={remove}
              >
                <IconX size={16} />
              </ActionIcon>
            )}
          </Group>
        );
      })}
    </div>
  );
}

function AddPeople({ room }: { room: Room }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const [ids, setIds] = useState<number[]>([]);
  const add = async () => {
    const request = { room_id: room.id, user_ids: ids };
    if (await attempt(() => client.command("add_members", request))) setIds([]);
  };
  return (
    <Stack gap="xs">
      <PeoplePicker
        label={t("chat.addPeople")}
        value={ids}
        onChange={setIds}
        without={room.member_ids}
      />
      <Button variant="default" onClick={add} disabled={ids.length === 0}>
        {t("chat.add")}
      </Button>
    </Stack>
  );
}
