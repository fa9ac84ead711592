import { Alert, Anchor, Button, Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Schema } from "../client/generated/catalogue";
import { rest } from "../client/rest";
import { currentLanguage } from "../i18n";
import { EmailField, Field, NewPasswordField } from "../parts/Form";
import { useSubmit } from "../parts/useSubmit";
import { FormPage } from "./FormPage";
import { secretOfPage } from "./secret";

/** Joins a portal by an invitation. */
export function Invitation() {
  const { t } = useTranslation();
  const [token] = useState(secretOfPage);
  const [view, setView] = useState<Schema["InvitationView"]>();
  const [closed, setClosed] = useState<string>();
  useEffect(() => {
    rest("look_at_invitation", { token })
      .then(setView)
      .catch((problem: unknown) => setClosed(problem instanceof Error ? problem.message : ""));
  }, [token]);
  if (closed !== undefined) {
    return (
      <FormPage title={t("app.failed")}>
        <Alert color="red">{closed}</Alert>
        <Anchor component={Link} to="/log-in">
          {t("auth.logIn")}
        </Anchor>
      </FormPage>
    );
  }
  if (!view) {
    return (
      <FormPage title={t("app.loading")}>
        <Loader />
      </FormPage>
    );
  }
  return <Join token={token} view={view} />;
}

function Join({ token, view }: { token: string; view: Schema["InvitationView"] }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [email, setEmail] = useState(view.email ?? "");
  const [password, setPassword] = useState("");
  const submit = useSubmit(async () => {
    const language = currentLanguage();
    const invited = view.email === null ? { email } : {};
    await rest("accept_invitation", { token, name, password, language, ...invited });
    location.assign("/");
  }, ["name", "email", "password"]);
  return (
    <FormPage title={t("auth.joinTitle", { portal: view.portal_name })} submit={submit}>
      <Field
        name="name"
        submit={submit}
        value={name}
        onChange={setName}
        label={t("auth.name")}
        autoComplete="name"
        required
        autoFocus
      />
      <EmailField
        submit={submit}
        value={email}
        onChange={setEmail}
        disabled={view.email !== null}
      />
      <NewPasswordField submit={submit} value={password} onChange={setPassword} required />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.join")}
      </Button>
      <Anchor component={Link} to="/log-in" size="sm" ta="center">
        {t("auth.logIn")}
      </Anchor>
    </FormPage>
  );
}
