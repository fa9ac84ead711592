import { Modal, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { useOpenDirect } from "../chat/NewRoom";
import { listed } from "../chat/RoomList";
import { roomName, useLive } from "./live";

/** Ctrl+K: a few letters, and one is there. */
export function QuickSwitcher({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const state = useLive();
  const navigate = useNavigate();
  const open = useOpenDirect();
  const rooms = listed(state).filter((room) => room.kind !== "direct");
  const people = [...state.people.values()].filter(
    (person) => person.active && person.id !== state.me.id,
  );
  const go = async (value: string | null) => {
    if (value === null) return;
    onClose();
    const [kind, id] = value.split(":");
    if (kind === "room") await navigate(`/chat/${id ?? ""}`);
    else await open(Number(id));
  };
  return (
    <Modal opened={opened} onClose={onClose} withCloseButton={false} yOffset="15vh">
      <Select
        aria-label={t("app.jump")}
        placeholder={t("app.jump")}
        size="md"
        searchable
        limit={30}
        value={null}
        onChange={go}
        defaultDropdownOpened
        data-autofocus
        data={[
          {
            group: t("app.chat"),
            items: rooms.map((room) => ({
              value: `room:${room.id}`,
              label: roomName(state, room),
            })),
          },
          {
            group: t("app.people"),
            items: people.map((person) => ({ value: `person:${person.id}`, label: person.name })),
          },
        ]}
      />
    </Modal>
  );
}
