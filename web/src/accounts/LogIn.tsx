import { Alert, Anchor, Button, PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

import { rest } from "../client/rest";
import { FormPage } from "./Card";
import { useSubmit } from "./useSubmit";

/** Log-in at a portal's address. Afterwards one is where one wanted to be. */
export function LogIn({ portal }: { portal: string }) {
  const { t } = useTranslation();
  const { state } = useLocation() as { state: { next?: string } | null };
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = useSubmit(async () => {
    await rest("log_in", { email, password });
    location.assign(state?.next ?? "/");
  }, ["email", "password"]);
  return (
    <FormPage title={t("auth.logInAt", { portal })} onSubmit={submit.run}>
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
      <PasswordInput
        label={t("auth.password")}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={submit.fields["password"]}
        autoComplete="current-password"
        required
      />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.logIn")}
      </Button>
      <Anchor component={Link} to="/forgot" size="sm" ta="center">
        {t("auth.forgot")}
      </Anchor>
    </FormPage>
  );
}
