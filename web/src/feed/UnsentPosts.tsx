import { Anchor, Card, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useClient, useView } from "../app/live";
import { Markdown } from "../parts/Markdown";

/** Posts on their way, and those that the server refused. */
export function UnsentPosts() {
  const { t } = useTranslation();
  const client = useClient();
  const { unsent } = useView();
  return unsent
    .filter((one) => one.name === "create_post")
    .map(({ request, refused }) => (
      <Card key={request.client_id} withBorder radius="lg" mb="md" opacity={0.7}>
        <Markdown text={request.text} />
        <Group gap={8} mt="xs" role="status">
          <Text size="xs" c={refused === undefined ? "dimmed" : "red"}>
            {refused === undefined ? t("chat.sending") : `${t("chat.refused")}: ${refused}`}
          </Text>
          {refused !== undefined && (
            <>
              <Anchor component="button" size="xs" onClick={() => client.retry(request.client_id)}>
                {t("app.retry")}
              </Anchor>
              <Anchor
                component="button"
                size="xs"
                onClick={() => client.discard(request.client_id)}
              >
                {t("app.remove")}
              </Anchor>
            </>
          )}
        </Group>
      </Card>
    ));
}
