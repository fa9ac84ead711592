import { Anchor, Button, Text } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Schema } from "../client/generated/catalogue";
import { rest } from "../client/rest";
import { EmailField, PasswordField } from "../parts/Form";
import { useSubmit } from "../parts/useSubmit";
import { FormPage } from "./FormPage";

/** Log-in at the bare address: by e-mail, then a choice among one's portals. */
export function FindPortals() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [doors, setDoors] = useState<Schema["Door"][]>([]);
  const submit = useSubmit(async () => {
    const { portals } = await rest("find_portals", { email, password });
    const [only] = portals;
    if (only && portals.length === 1) location.assign(only.enter_url);
    else setDoors(portals);
  }, ["email", "password"]);
  if (doors.length > 0) {
    return (
      <FormPage title={t("auth.choose")}>
        {doors.map(({ portal, enter_url }) => (
          <Button
            key={portal.id}
            component="a"
            href={enter_url}
            variant="default"
            size="lg"
            justify="space-between"
            rightSection={<IconArrowRight size={18} />}
          >
            {portal.name}
          </Button>
        ))}
      </FormPage>
    );
  }
  return (
    <FormPage title={t("auth.logInTitle")} submit={submit}>
      <EmailField submit={submit} value={email} onChange={setEmail} autoFocus />
      <PasswordField submit={submit} value={password} onChange={setPassword} required />
      <Button type="submit" loading={submit.busy} fullWidth>
        {t("auth.logIn")}
      </Button>
      <Text size="sm" ta="center" c="dimmed">
        {t("auth.noPortal")}{" "}
        <Anchor component={Link} to="/sign-up">
          {t("front.signUp")}
        </Anchor>
      </Text>
    </FormPage>
  );
}
