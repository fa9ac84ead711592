import { Anchor, Group, Text } from "@mantine/core";
import { IconAlertCircle, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import type { Unsent } from "../client/outbox";
import { Face } from "../parts/Face";
import { Markdown } from "../parts/Markdown";

/** A message on its way, or one that the server refused. */
export function UnsentRow({ unsent }: { unsent: Unsent }) {
  const { t } = useTranslation();
  const client = useClient();
  const { me, people } = useLive();
  const id = unsent.request.client_id;
  const refused = unsent.refused !== undefined;
  return (
    <article className="message begins waiting">
      <div className="avatar">
        <Face person={people.get(me.id)} dot={false} />
      </div>
      <Markdown text={unsent.request.text} />
      <Group gap={6} role="status">
        {refused ? <IconAlertCircle size={14} color="red" /> : <IconClock size={14} />}
        <Text size="xs" c={refused ? "red" : "dimmed"}>
          {refused ? `${t("chat.refused")}: ${unsent.refused ?? ""}` : t("chat.sending")}
        </Text>
        {refused && (
          <>
            <Anchor component="button" size="xs" onClick={() => client.retry(id)}>
              {t("app.retry")}
            </Anchor>
            <Anchor component="button" size="xs" onClick={() => client.discard(id)}>
              {t("app.remove")}
            </Anchor>
          </>
        )}
      </Group>
    </article>
  );
}
