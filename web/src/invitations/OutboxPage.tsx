import { Anchor, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { ago } from "../app/times";
import { type KeptMail, outbox } from "../client/rest";
import { Empty } from "../parts/Empty";
import { useAttempt } from "../parts/attempt";

/** The mails of a server without a mail server, so that their links can be opened. */
export default function OutboxPage() {
  const { t } = useTranslation();
  const attempt = useAttempt();
  const [mails, setMails] = useState<KeptMail[]>();
  useEffect(() => {
    void attempt(async () => setMails(await outbox()));
  }, [attempt]);
  return (
    <div className="fill scroll">
      <div className="page">
        <Title order={1} size="h2">
          {t("app.outbox")}
        </Title>
        <Text c="dimmed" mb="md">
          {t("invite.outboxLead")}
        </Text>
        {mails?.length === 0 && <Empty title={t("invite.outboxEmpty")} />}
        <Stack>
          {mails?.map((mail) => (
            <Card key={`${mail.link}${mail.sent_at}`} withBorder radius="lg">
              <Group justify="space-between">
                <Text fw={600}>{mail.subject}</Text>
                <Text size="xs" c="dimmed">
                  {ago(mail.sent_at)}
                </Text>
              </Group>
              <Text size="sm" c="dimmed">
                {mail.to}
              </Text>
              <Text size="sm" my="xs" style={{ whiteSpace: "pre-wrap" }}>
                {mail.text}
              </Text>
              <Anchor href={mail.link} size="sm">
                {t("invite.openLink")}
              </Anchor>
            </Card>
          ))}
        </Stack>
      </div>
    </div>
  );
}
