import { Anchor, Button, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { EmailField, NewPasswordField } from "../parts/Form";
import { useSubmit } from "../parts/useSubmit";
import { FormPage } from "./FormPage";
import { secretOfPage } from "./secret";

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
    <FormPage title={t("auth.forgotTitle")} submit={submit}>
      <Text size="sm" c="dimmed">
        {t("auth.forgotText")}
      </Text>
      <EmailField submit={submit} value={email} onChange={setEmail} autoFocus />
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
    <FormPage title={t("auth.resetTitle")} submit={submit}>
      <NewPasswordField
        submit={submit}
        value={password}
        onChange={setPassword}
        label={t("auth.newPassword")}
        required
        autoFocus
      />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.setPassword")}
      </Button>
    </FormPage>
  );
}
