import { Alert, Anchor, Button, PasswordInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { FormPage } from "./Card";
import { secretOfPage } from "./secret";
import { useSubmit } from "./useSubmit";

/** Asks for a reset link. */
export function Forgot() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState(false);
  const submit = useSubmit(async () => {
    await rest("request_reset", { email });
    setSent(true);
  }, ["email"]);
  if (sent) {
    return (
      <FormPage title={t("auth.forgotTitle")}>
        <Text>{t("auth.linkSent")}</Text>
        <Anchor component={Link} to="/log-in">
          {t("app.back")}
        </Anchor>
      </FormPage>
    );
  }
  return (
    <FormPage title={t("auth.forgotTitle")} onSubmit={submit.run}>
      <Text size="sm" c="dimmed">
        {t("auth.forgotText")}
      </Text>
      {submit.message && <Alert color="red">{submit.message}</Alert>}
      <TextInput
        label={t("auth.email")}
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={submit.fields["email"]}
        autoComplete="username"
        required
        autoFocus
      />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.sendLink")}
      </Button>
    </FormPage>
  );
}

/** Chooses a new password by the mailed link. */
export function Reset() {
  const { t } = useTranslation();
  const [token] = useState(secretOfPage);
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  const submit = useSubmit(async () => {
    await rest("reset_password", { token, password });
    setDone(true);
  }, ["password"]);
  if (done) {
    return (
      <FormPage title={t("auth.resetTitle")}>
        <Text>{t("auth.resetDone")}</Text>
        <Button component={Link} to="/log-in">
          {t("auth.logIn")}
        </Button>
      </FormPage>
    );
  }
  return (
    <FormPage title={t("auth.resetTitle")} onSubmit={submit.run}>
      {submit.message && <Alert color="red">{submit.message}</Alert>}
      <PasswordInput
        label={t("auth.newPassword")}
        description={t("auth.passwordHint")}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={submit.fields["password"]}
        autoComplete="new-password"
        required
        autoFocus
      />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.setPassword")}
      </Button>
    </FormPage>
  );
}
