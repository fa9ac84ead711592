import {
  Alert,
  Anchor,
  Button,
  Card,
  Divider,
  FileButton,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { putPicture, removePicture } from "../client/rest";
import { type Language, speak } from "../i18n";
import { Face } from "../parts/Face";
import { Field, Form, NewPasswordField, PasswordField } from "../parts/Form";
import { useAttempt } from "../parts/attempt";
import { useSubmit } from "../parts/useSubmit";

/** Name, title, picture, language, colours, password. */
export default function ProfilePage() {
  const { t } = useTranslation();
  return (
    <div className="fill scroll">
      <div className="page">
        <Title order={1} size="h2" mb="md">
          {t("profile.title")}
        </Title>
        <Unconfirmed />
        <Card withBorder radius="lg" padding="lg">
          <Picture />
          <Divider my="lg" />
          <Names />
          <Divider my="lg" />
          <Looks />
          <Divider my="lg" />
          <Password />
        </Card>
      </div>
    </div>
  );
}

function Unconfirmed() {
  const { t } = useTranslation();
  const { me } = useLive();
  const client = useClient();
  const attempt = useAttempt();
  if (me.confirmed) return null;
  const resend = async () => {
    if (await attempt(() => client.command("resend_confirmation", {}))) {
      notifications.show({ message: t("profile.resent") });
    }
  };
  return (
    <Alert color="yellow" mb="md">
      {t("profile.unconfirmed", { email: me.email })}{" "}
      <Anchor component="button" size="sm" onClick={resend}>
        {t("profile.resend")}
      </Anchor>
    </Alert>
  );
}

function Picture() {
  const { t } = useTranslation();
  const { me, people } = useLive();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  const choose = async (picture: File | null) => {
    if (!picture) return;
    setBusy(true);
    await attempt(() => putPicture(picture));
    setBusy(false);
  };
  return (
    <Group>
      <Face person={people.get(me.id)} size={84} dot={false} />
      <FileButton onChange={choose} accept="image/png,image/jpeg,image/webp,image/gif">
        {(props) => (
          <Button variant="default" loading={busy} {...props}>
            {t("profile.choosePicture")}
          </Button>
        )}
      </FileButton>
      {me.picture !== null && (
        <Button variant="subtle" color="red" onClick={() => attempt(removePicture)}>
          {t("app.remove")}
        </Button>
      )}
    </Group>
  );
}

function Names() {
  const { t } = useTranslation();
  const { me } = useLive();
  const client = useClient();
  const [name, setName] = useState(me.name);
  const [title, setTitle] = useState(me.title);
  const submit = useSubmit(async () => {
    await client.command("update_profile", { name, title });
    notifications.show({ message: t("app.saved") });
  }, ["name", "title"]);
  return (
    <Form submit={submit}>
      <Field
        name="name"
        submit={submit}
        label={t("profile.name")}
        value={name}
        onChange={setName}
        maxLength={100}
        required
      />
      <Field
        name="title"
        submit={submit}
        label={t("profile.jobTitle")}
        value={title}
        onChange={setTitle}
        maxLength={100}
      />
      <Text size="sm" c="dimmed">
        {me.email}
      </Text>
      <Button
        type="submit"
        loading={submit.busy}
        disabled={name === me.name && title === me.title}
        style={{ alignSelf: "flex-start" }}
      >
        {t("app.save")}
      </Button>
    </Form>
  );
}

function Looks() {
  const { t } = useTranslation();
  const { me } = useLive();
  const client = useClient();
  const attempt = useAttempt();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const setLanguage = async (language: string | null) => {
    if (language === null) return;
    speak(language as Language);
    await attempt(() => client.command("update_profile", { language: language as Language }));
  };
  return (
    <Stack>
      <Select
        label={t("profile.language")}
        value={me.language}
        onChange={setLanguage}
        allowDeselect={false}
        data={[
          { value: "en", label: "English" },
          { value: "fi", label: "Suomi" },
        ]}
      />
      <div>
        <Text size="sm" fw={500} mb={4}>
          {t("app.scheme")}
        </Text>
        <SegmentedControl
          aria-label={t("app.scheme")}
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          data={[
            { value: "auto", label: t("app.auto") },
            { value: "light", label: t("app.light") },
            { value: "dark", label: t("app.dark") },
          ]}
        />
      </div>
    </Stack>
  );
}

function Password() {
  const { t } = useTranslation();
  const client = useClient();
  const [old_password, setOld] = useState("");
  const [password, setPassword] = useState("");
  const submit = useSubmit(async () => {
    await client.command("change_password", { old_password, password });
    setOld("");
    setPassword("");
    notifications.show({ message: t("profile.passwordChanged") });
  }, ["old_password", "password"]);
  return (
    <Form submit={submit}>
      <PasswordField
        name="old_password"
        submit={submit}
        label={t("auth.oldPassword")}
        value={old_password}
        onChange={setOld}
      />
      <NewPasswordField
        submit={submit}
        label={t("auth.newPassword")}
        value={password}
        onChange={setPassword}
      />
      <Button
        type="submit"
        variant="default"
        loading={submit.busy}
        disabled={!old_password || !password}
        style={{ alignSelf: "flex-start" }}
      >
        {t("profile.changePassword")}
      </Button>
    </Form>
  );
}
