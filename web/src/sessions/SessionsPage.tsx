import { Badge, Button, Card, Group, Loader, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { ago, exactly } from "../app/times";
import type { Schema } from "../client/generated/catalogue";
import { rest } from "../client/rest";
import { useAttempt } from "../parts/attempt";

/** Where I am logged in. */
export default function SessionsPage() {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const { sessionsVersion } = useLive();
  const [sessions, setSessions] = useState<Schema["Session"][]>();
  useEffect(() => {
    void attempt(async () => setSessions((await rest("list_sessions", {})).sessions));
  }, [attempt, sessionsVersion]);
  return (
    <div className="fill scroll">
      <div className="page">
        <Group justify="space-between">
          <Title order={1} size="h2">
            {t("sessions.title")}
          </Title>
          {sessions && sessions.length > 1 && (
            <Button
              variant="light"
              color="red"
              onClick={() => attempt(() => client.command("end_other_sessions", {}))}
            >
              {t("sessions.endOthers")}
            </Button>
          )}
        </Group>
        <Text c="dimmed" mb="md">
          {t("sessions.lead")}
        </Text>
        {!sessions && <Loader size="sm" aria-label={t("app.loading")} />}
        <Stack gap="sm">
          {sessions?.map((session) => (
            <SessionCard key={session.id} session={session} />
          ))}
        </Stack>
      </div>
    </div>
  );
}

function SessionCard({ session }: { session: Schema["Session"] }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const phone = /phone|android|ios|ipad/i.test(session.device);
  const Icon = phone ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <Card withBorder radius="lg" padding="md">
      <Group wrap="nowrap">
        <ThemeIcon variant="light" size={44} radius="md">
          <Icon size={24} />
        </ThemeIcon>
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={600}>{session.device}</Text>
            {session.current && <Badge variant="light">{t("sessions.current")}</Badge>}
          </Group>
          <Text size="sm" c="dimmed">
            {session.address} · {t("sessions.seen", { when: ago(session.last_seen_at) })} ·{" "}
            <span title={exactly(session.created_at)}>
              {t("sessions.since", { when: ago(session.created_at) })}
            </span>
          </Text>
        </div>
        {!session.current && (
          <Button
            variant="default"
            size="xs"
            onClick={() => attempt(() => client.command("end_session", { session_id: session.id }))}
          >
            {t("sessions.end")}
          </Button>
        )}
      </Group>
    </Card>
  );
}
