import { Anchor, Button, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { currentLanguage } from "../i18n";
import { EmailField, Field, NewPasswordField } from "../parts/Form";
import { useSubmit } from "../parts/useSubmit";
import { FormPage } from "./FormPage";
import { slug } from "./slug";

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
    <FormPage title={t("auth.signUpTitle")} submit={submit}>
      <Field
        name="company"
        submit={submit}
        value={company}
        onChange={setCompany}
        error={submit.fields["company"] ?? submit.fields["address"]}
        label={t("auth.company")}
        description={address ? t("auth.companyHint", { address }) : undefined}
        autoComplete="organization"
        required
        autoFocus
      />
      <Field
        name="name"
        submit={submit}
        value={name}
        onChange={setName}
        label={t("auth.name")}
        autoComplete="name"
      />
      <EmailField submit={submit} value={email} onChange={setEmail} autoComplete="email" />
      <NewPasswordField submit={submit} value={password} onChange={setPassword} required />
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
