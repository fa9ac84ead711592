import { Button, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { useClient, useLive } from "../app/live";
import { newClientId } from "../client/outbox";
import { useAttempt } from "../parts/attempt";
import { PeoplePicker } from "./PeoplePicker";

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** Makes a group room. */
export function NewRoom({ opened, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const navigate = useNavigate();
  const attempt = useAttempt();
  const [name, setName] = useState("");
  const [ids, setIds] = useState<number[]>([]);
  // One for each room that is made: pressed twice, made once.
  const [clientId, setClientId] = useState(newClientId);
  const create = async () => {
    const request = { client_id: clientId, name, user_ids: ids };
    const made = await attempt(async () => {
      const { room } = await client.command("create_room", request);
      await navigate(`/chat/${room.id}`);
    });
    setClientId(newClientId());
    if (!made) return;
    setName("");
    setIds([]);
    onClose();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t("chat.newRoom")} centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Stack>
          <TextInput
            label={t("chat.roomName")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            required
            data-autofocus
          />
          <PeoplePicker label={t("chat.members")} value={ids} onChange={setIds} />
          <Button type="submit" disabled={!name.trim()}>
            {t("chat.create")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}

/** Opens the direct room with someone. */
export function NewDirect({ opened, onClose }: Props) {
  const { t } = useTranslation();
  const { people, me } = useLive();
  const open = useOpenDirect();
  const data = [...people.values()]
    .filter((person) => person.active && person.id !== me.id)
    .map((person) => ({ value: String(person.id), label: person.name }));
  const choose = async (id: string | null) => {
    if (id !== null && (await open(Number(id)))) onClose();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t("chat.newDirect")} centered>
      <Select
        label={t("app.people")}
        data={data}
        searchable
        limit={50}
        value={null}
        onChange={choose}
        data-autofocus
      />
    </Modal>
  );
}

/** Goes to the direct room with someone; true when that worked. */
export function useOpenDirect(): (userId: number) => Promise<boolean> {
  const client = useClient();
  const navigate = useNavigate();
  const attempt = useAttempt();
  return (userId) =>
    attempt(async () => {
      const { room } = await client.command("open_direct_room", { user_id: userId });
      await navigate(`/chat/${room.id}`);
    });
}
