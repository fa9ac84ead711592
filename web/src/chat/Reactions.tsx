import { ActionIcon, Popover, SimpleGrid, Tooltip, UnstyledButton } from "@mantine/core";
import { IconMoodPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import type { Message } from "../client/state";
import { useAttempt } from "../parts/attempt";
import classes from "./chat.module.css";

// What people answer with most, the commonest first.
const COMMON = [
  ...["👍", "❤️", "😂", "🎉", "👏", "🙏", "✅", "👀"],
  ...["🔥", "💯", "🚀", "😊", "😍", "🤔", "😮", "😢"],
  ...["👋", "🙌", "💪", "🤝", "👎", "❌", "❓", "➕"],
  ...["☕", "🍕", "🎂", "🏆", "⭐", "💡", "🐛", "⏰"],
];
// So many names are told of whoever reacted; the rest is a number.
const NAMED = 12;

function useReact(message: Message): (emoji: string) => Promise<unknown> {
  const client = useClient();
  const attempt = useAttempt();
  const { me } = useLive();
  return (emoji) => {
    const mine = message.reactions.some((r) => r.emoji === emoji && r.user_ids.includes(me.id));
    const request = { message_id: message.id, emoji };
    return attempt(() => client.command(mine ? "unreact" : "react", request));
  };
}

/** Who answered a message with which emoji. A click joins them, or leaves them again. */
export function Reactions({ message }: { message: Message }) {
  const { t } = useTranslation();
  const { me, people } = useLive();
  const react = useReact(message);
  if (message.reactions.length === 0) return null;
  return (
    <div className={classes.reactions} role="group" aria-label={t("chat.reactions")}>
      {message.reactions.map(({ emoji, user_ids }) => {
        const mine = user_ids.includes(me.id);
        const names = user_ids
          .slice(0, NAMED)
          .map((id) => (id === me.id ? t("chat.you") : (people.get(id)?.name ?? "?")));
        const more = user_ids.length - names.length;
        const who = more > 0 ? [...names, t("chat.more", { count: more })] : names;
        return (
          <Tooltip key={emoji} label={who.join(", ")} openDelay={300} multiline maw={280}>
            <UnstyledButton
              className={classes.reaction}
              aria-pressed={mine}
              aria-label={`${emoji} ${user_ids.length}: ${who.join(", ")}`}
              onClick={() => void react(emoji)}
            >
              <span aria-hidden>{emoji}</span> <span aria-hidden>{user_ids.length}</span>
            </UnstyledButton>
          </Tooltip>
        );
      })}
    </div>
  );
}

/** Opens the emoji to answer a message with. */
export function ReactButton({ message }: { message: Message }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const react = useReact(message);
  const choose = (emoji: string) => {
    setOpened(false);
    void react(emoji);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("chat.react")}
          onClick={() => setOpened((now) => !now)}
        >
          <IconMoodPlus size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <SimpleGrid cols={8} spacing={2} verticalSpacing={2}>
          {COMMON.map((emoji) => (
            <ActionIcon
              key={emoji}
              variant="subtle"
              color="gray"
              aria-label={emoji}
              onClick={() => choose(emoji)}
              style={{ fontSize: "1.1rem" }}
            >
              <span aria-hidden>{emoji}</span>
            </ActionIcon>
          ))}
        </SimpleGrid>
      </Popover.Dropdown>
    </Popover>
  );
}
