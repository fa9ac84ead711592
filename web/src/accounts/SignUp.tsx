import { Alert, Anchor, Button, PasswordInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { currentLanguage } from "../i18n";
import { FormPage } from "./Card";
import { slug } from "./slug";
import { useSubmit } from "./useSubmit";

/** A company's portal, in one form. */
export function SignUp() {
  const { t } = useTranslation();
  const [company, setCompany] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = useSubmit(async () => {
    const language = currentLanguage();
    const door = await rest("sign_up", { company, name, email, password, language });
    location.assign(door.enter_url);
  }, ["company", "name", "email", "password"]);
  const address = company.trim() ? `${slug(company)}.${location.host}` : "";
  return (
    <FormPage title={t("auth.signUpTitle")} onSubmit={submit.run}>
      {submit.message && <Alert color="red">{submit.message}</Alert>}
      <TextInput
        label={t("auth.company")}
        description={address ? t("auth.companyHint", { address }) : undefined}
        value={company}
        onChange={(event) => setCompany(event.currentTarget.value)}
        error={submit.fields["company"] ?? submit.fields["address"]}
        autoComplete="organization"
        required
        autoFocus
      />
      <TextInput
        label={t("auth.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={submit.fields["name"]}
        autoComplete="name"
      />
      <TextInput
        label={t("auth.email")}
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={submit.fields["email"]}
        autoComplete="email"
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
      <Button type="submit" loading={submit.busy} fullWidth mt="xs">
        {t("auth.signUp")}
      </Button>
      <Text size="sm" ta="center" c="dimmed">
        {t("auth.haveOne")}{" "}
        <Anchor component={Link} to="/log-in">
          {t("auth.logIn")}
        </Anchor>
      </Text>
    </FormPage>
  );
}
