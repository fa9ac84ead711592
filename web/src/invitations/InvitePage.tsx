import {
  Button,
  Card,
  CopyButton,
  Group,
  Progress,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { dateOf } from "../app/times";
import type { Schema } from "../client/generated/catalogue";
import { rest } from "../client/rest";
import { Form } from "../parts/Form";
import { useAttempt } from "../parts/attempt";
import { useSubmit } from "../parts/useSubmit";

type Role = Schema["Person"]["role"];

/** Inviting people by mail and by link, for admins. */
export default function InvitePage() {
  const { t } = useTranslation();
  return (
    <div className="fill scroll">
      <div className="page">
        <Title order={1} size="h2" mb="md">
          {t("invite.title")}
        </Title>
        <Stack>
          <Seats />
          <ByMail />
          <ByLink />
          <OpenInvitations />
        </Stack>
      </div>
    </div>
  );
}

function Seats() {
  const { t } = useTranslation();
  const { people, portal } = useLive();
  const used = [...people.values()].filter((person) => person.active).length;
  const limit = portal.people_limit;
  return (
    <div>
      <Text size="sm" c="dimmed" mb={4}>
        {t("invite.seats", { used, limit })}
      </Text>
      <Progress value={(100 * used) / limit} color={used >= limit ? "red" : undefined} />
    </div>
  );
}

function useRoles() {
  const { t } = useTranslation();
  return (["member", "guest", "admin"] as const).map((role) => ({
    value: role,
    label: t(`people.${role}`),
  }));
}

function ByMail() {
  const { t } = useTranslation();
  const client = useClient();
  const roles = useRoles();
  const [emails, setEmails] = useState<string[]>([]);
  const [role, setRole] = useState<Role>("member");
  // What was sent last: the server speaks of its entries, while one mends the list.
  const [asked, setAsked] = useState<string[]>([]);
  const submit = useSubmit(async () => {
    setAsked(emails);
    await client.command("invite", { emails, role });
    setEmails([]);
    notifications.show({ message: t("invite.sent") });
  }, ["emails"]);
  const wrong = Object.entries(submit.fields)
    .map(([field, words]) => `${asked[Number(field.split(".")[1])] ?? ""} ${words}`.trim())
    .join("; ");
  return (
    <Card withBorder radius="lg" padding="lg">
      <Form submit={submit}>
        <TagsInput
          label={t("invite.emails")}
          description={t("invite.emailsHint")}
          value={emails}
          onChange={setEmails}
          error={wrong}
          splitChars={[",", " ", ";"]}
          acceptValueOnBlur
        />
        <Group align="flex-end">
          <Select
            label={t("invite.role")}
            data={roles}
            value={role}
            onChange={(value) => value && setRole(value)}
            allowDeselect={false}
          />
          <Button type="submit" loading={submit.busy} disabled={emails.length === 0}>
            {t("invite.send")}
          </Button>
        </Group>
      </Form>
    </Card>
  );
}

function ByLink() {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const { invitationsVersion } = useLive();
  const [link, setLink] = useState<Schema["InvitationLink"]>();
  useEffect(() => {
    void attempt(async () => setLink(await rest("get_invitation_link", {})));
  }, [attempt, invitationsVersion]);
  if (!link) return null;
  return (
    <Card withBorder radius="lg" padding="lg">
      <Text fw={600}>{t("invite.link")}</Text>
      <Text size="sm" c="dimmed" mb="sm">
        {t("invite.linkText")}
      </Text>
      {link.open && link.url ? (
        <Group wrap="nowrap">
          <TextInput aria-label={t("invite.link")} value={link.url} readOnly flex={1} />
          <CopyButton value={link.url}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? t("app.copied") : t("app.copy")}
              </Button>
            )}
          </CopyButton>
          <Button
            variant="light"
            color="red"
            onClick={() => attempt(() => client.command("close_invitation_link", {}))}
          >
            {t("invite.linkClose")}
          </Button>
        </Group>
      ) : (
        <Button
          variant="default"
          onClick={() => attempt(() => client.command("open_invitation_link", { role: "member" }))}
        >
          {t("invite.linkOpen")}
        </Button>
      )}
    </Card>
  );
}

function OpenInvitations() {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const { invitationsVersion } = useLive();
  const [open, setOpen] = useState<Schema["Invitation"][]>([]);
  useEffect(() => {
    void attempt(async () => setOpen((await rest("list_invitations", {})).invitations));
  }, [attempt, invitationsVersion]);
  return (
    <Card withBorder radius="lg" padding="lg">
      <Text fw={600} mb="xs">
        {t("invite.openOnes")}
      </Text>
      {open.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("invite.noneOpen")}
        </Text>
      )}
      {open.map((one) => (
        <Group key={one.id} justify="space-between" py={4} wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Text truncate>{one.email}</Text>
            <Text size="xs" c="dimmed">
              {t(`people.${one.role}`)} · {t("invite.until", { when: dateOf(one.expires_at) })}
            </Text>
          </div>
          <Button
            size="xs"
            variant="subtle"
            color="red"
            onClick={() =>
              attempt(() => client.command("close_invitation", { invitation_id: one.id }))
            }
          >
            {t("invite.revoke")}
          </Button>
        </Group>
      ))}
    </Card>
  );
}
