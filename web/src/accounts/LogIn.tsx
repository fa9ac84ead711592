import { Anchor, Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

import { rest } from "../client/rest";
import { EmailField, PasswordField } from "../parts/Form";
import { useSubmit } from "../parts/useSubmit";
import { FormPage } from "./FormPage";

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
    <FormPage title={t("auth.logInAt", { portal })} submit={submit}>
      <EmailField submit={submit} value={email} onChange={setEmail} autoFocus />
      <PasswordField submit={submit} value={password} onChange={setPassword} required />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.logIn")}
      </Button>
      <Anchor component={Link} to="/forgot" size="sm" ta="center">
        {t("auth.forgot")}
      </Anchor>
    </FormPage>
  );
}
