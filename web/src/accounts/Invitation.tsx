import { Alert, Anchor, Button, Loader, PasswordInput, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Schema } from "../client/generated/catalogue";
import { rest } from "../client/rest";
import { currentLanguage } from "../i18n";
import { FormPage } from "./Card";
import { secretOfPage } from "./secret";
import { useSubmit } from "./useSubmit";

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
    <FormPage title={t("auth.joinTitle", { portal: view.portal_name })} onSubmit={submit.run}>
      {submit.message && <Alert color="red">{submit.message}</Alert>}
      <TextInput
        label={t("auth.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={submit.fields["name"]}
        autoComplete="name"
        required
        autoFocus
      />
      <TextInput
        label={t("auth.email")}
        type="email"
        value={email}
        disabled={view.email !== null}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={submit.fields["email"]}
        autoComplete="username"
        required
      />
      <PasswordInput
        label={t("auth.password")}
        description={t("auth.passwordHint")}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={submit.fields["password"]}
        autoComplete="new-password"
        required
      />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.join")}
      </Button>
      <Anchor component={Link} to="/log-in" size="sm" ta="center">
        {t("auth.logIn")}
      </Anchor>
    </FormPage>
  );
}
