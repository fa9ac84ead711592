import {
  Alert,
  Anchor,
  Button,
  Card,
  Divider,
  FileButton,
  Group,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
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
import { useAttempt } from "../parts/attempt";
import { useSubmit } from "../accounts/useSubmit";

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
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit.run();
      }}
    >
      <Stack>
        {submit.message && <Alert color="red">{submit.message}</Alert>}
        <TextInput
          label={t("profile.name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={submit.fields["name"]}
          maxLength={100}
          required
        />
        <TextInput
          label={t("profile.jobTitle")}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          error={submit.fields["title"]}
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
      </Stack>
    </form>
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
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit.run();
      }}
    >
      <Stack>
        {submit.message && <Alert color="red">{submit.message}</Alert>}
        <PasswordInput
          label={t("auth.oldPassword")}
          value={old_password}
          onChange={(event) => setOld(event.currentTarget.value)}
          error={submit.fields["old_password"]}
          autoComplete="current-password"
        />
        <PasswordInput
          label={t("auth.newPassword")}
          description={t("auth.passwordHint")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={submit.fields["password"]}
          autoComplete="new-password"
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
      </Stack>
    </form>
  );
}
