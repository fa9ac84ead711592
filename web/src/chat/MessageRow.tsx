import { ActionIcon, Group, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconPencil, IconTrash } from "@tabler/icons-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { sameDay } from "../app/days";
import { clock, dateOf, exactly } from "../app/times";
import type { Message } from "../client/state";
import { Confirm } from "../parts/Confirm";
import { Face } from "../parts/Face";
import { Markdown } from "../parts/Markdown";
import type { MessageEntry } from "./entries";
import { ReactButton, Reactions } from "./Reactions";

const DAY_MS = 24 * 3600 * 1000;

/** One message, with the dividers before it. */
export const MessageRow = memo(function MessageRow({
  entry,
  editing,
  onEdit,
}: {
  entry: MessageEntry;
  editing: boolean;
  onEdit: (message: Message) => void;
}) {
  const { t } = useTranslation();
  const { people } = useLive();
  const { message } = entry;
  const author = people.get(message.user_id);
  return (
    <>
      {entry.newDay && <Day at={message.created_at} />}
      {entry.firstUnread && <div className="divider new">{t("chat.unread")}</div>}
      <article
        className={`message${entry.begins ? " begins" : ""}`}
        aria-label={`${author?.name ?? "?"}: ${message.text}`}
        style={editing ? { background: "var(--mantine-primary-color-light)" } : undefined}
      >
        {entry.begins && (
          <>
            <div className="avatar">
              <Face person={author} />
            </div>
            <Group gap="xs" align="baseline">
              <Text fw={600} size="sm">
                {author?.name ?? "?"}
              </Text>
              <Tooltip label={exactly(message.created_at)} openDelay={400}>
                <Text c="dimmed" size="xs">
                  {clock(message.created_at)}
                </Text>
              </Tooltip>
            </Group>
          </>
        )}
        {message.deleted_at === null ? (
          <>
            <Markdown text={message.text} />
            {message.edited_at !== null && (
              <Text span c="dimmed" size="xs" title={exactly(message.edited_at)}>
                ({t("chat.edited")})
              </Text>
            )}
            <Reactions message={message} />
            <Sent message={message} />
            <Tools message={message} onEdit={onEdit} />
          </>
        ) : (
          <Text c="dimmed" size="sm" fs="italic">
            {t("chat.deleted")}
          </Text>
        )}
      </article>
    </>
  );
});

function Day({ at }: { at: number }) {
  const { t } = useTranslation();
  const now = new Date();
  const yesterday = new Date(now.getTime() - DAY_MS);
  let day = dateOf(at);
  if (sameDay(at, now.getTime())) day = t("chat.today");
  else if (sameDay(at, yesterday.getTime())) day = t("chat.yesterday");
  return <div className="divider">{day}</div>;
}

/** Under my newest message: the server has it for good. */
function Sent({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { me, histories } = useLive();
  const newest = histories.get(message.room_id)?.messages.at(-1);
  if (message.user_id !== me.id || newest?.id !== message.id) return null;
  return (
    <Text c="dimmed" size="xs" lh={1.2}>
      <IconCheck size={12} aria-hidden /> {t("chat.sent")}
    </Text>
  );
}

function Tools({ message, onEdit }: { message: Message; onEdit: (message: Message) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { me } = useLive();
  const [asking, setAsking] = useState(false);
  const mine = message.user_id === me.id;
  return (
    <div className="tools">
      <ReactButton message={message} />
      {mine && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("app.edit")}
          onClick={() => onEdit(message)}
        >
          <IconPencil size={16} />
        </ActionIcon>
      )}
      {(mine || me.role === "admin") && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("app.delete")}
          onClick={() => setAsking(true)}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
      <Confirm
        opened={asking}
        title={t("chat.deleteTitle")}
        text={t("chat.deleteText")}
        action={t("app.delete")}
        onConfirm={() => client.command("delete_message", { message_id: message.id })}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}
