import { ActionIcon, Group, Text, Textarea } from "@mantine/core";
import { IconCheck, IconSend2, IconX } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import type { Message } from "../client/state";
import { useAttempt } from "../parts/attempt";

const draftKey = (portalId: number, roomId: number) => `talkoo.draft.${portalId}.${roomId}`;

/** Where one writes; what is not sent yet stays when one leaves. */
export function Composer({
  roomId,
  label,
  editing,
  onEdit,
  autoFocus = false,
}: {
  roomId: number;
  label: string;
  editing: Message | undefined;
  onEdit: (message: Message | undefined) => void;
  autoFocus?: boolean;
}) {
  const { t } = useTranslation();
  const client = useClient();
  const state = useLive();
  const attempt = useAttempt();
  const key = draftKey(state.portal.id, roomId);
  const [text, setText] = useState(() => localStorage.getItem(key) ?? "");
  const [edited, setEdited] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (!editing) return;
    setEdited(editing.text);
    box.current?.focus();
  }, [editing]);

  const write = (value: string) => {
    if (editing) return setEdited(value);
    setText(value);
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
    if (value.trim()) client.typing(roomId);
  };
  const send = async () => {
    const value = (editing ? edited : text).trim();
    if (!value) return;
    if (!editing) {
      write("");
      return client.send(roomId, value);
    }
    const request = { message_id: editing.id, text: value };
    if (await attempt(() => client.command("edit_message", request))) onEdit(undefined);
  };
  const editLast = () => {
    const messages = state.histories.get(roomId)?.messages ?? [];
    const mine = messages.filter((one) => one.user_id === state.me.id && one.deleted_at === null);
    onEdit(mine.at(-1));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    } else if (event.key === "Escape" && editing) {
      onEdit(undefined);
    } else if (event.key === "ArrowUp" && !text && !editing) {
      event.preventDefault();
      editLast();
    }
  };

  return (
    <div style={{ padding: "0.4rem 1rem 0.8rem" }}>
      <Text size="xs" c="dimmed" h={18}>
        {editing ? t("chat.editing") : <Typing roomId={roomId} />}
      </Text>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <Textarea
          ref={box}
          aria-label={label}
          placeholder={label}
          autosize
          minRows={1}
          maxRows={8}
          flex={1}
          value={editing ? edited : text}
          onChange={(event) => write(event.currentTarget.value)}
          onKeyDown={onKey}
          autoFocus={autoFocus}
        />
        {editing && (
          <ActionIcon
            size="lg"
            variant="default"
            aria-label={t("app.cancel")}
            onClick={() => onEdit(undefined)}
          >
            <IconX size={18} />
          </ActionIcon>
        )}
        <ActionIcon
          size="lg"
          aria-label={editing ? t("app.save") : t("chat.send")}
          onClick={send}
          disabled={!(editing ? edited : text).trim()}
        >
          {editing ? <IconCheck size={18} /> : <IconSend2 size={18} />}
        </ActionIcon>
      </Group>
    </div>
  );
}

function Typing({ roomId }: { roomId: number }) {
  const { t } = useTranslation();
  const { typing, people } = useLive();
  const now = Date.now();
  const who = [...(typing.get(roomId) ?? [])].filter(([, until]) => until > now);
  const first = who[0];
  if (!first) return null;
  if (who.length > 1) return <span role="status">{t("chat.typingMany")}</span>;
  return (
    <span role="status">{t("chat.typingOne", { name: people.get(first[0])?.name ?? "?" })}</span>
  );
}
