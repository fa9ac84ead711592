import { Alert, Anchor, Button, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { FormPage } from "./FormPage";
import { secretOfPage } from "./secret";

/** Does something with the link's secret as soon as the page is open, once. */
function useOnce(work: (secret: string) => Promise<void>): string | undefined {
  const [error, setError] = useState<string>();
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    work(secretOfPage()).catch((problem: unknown) =>
      setError(problem instanceof Error ? problem.message : String(problem)),
    );
  });
  return error;
}

function Failed({ title, error, children }: { title: string; error: string; children: ReactNode }) {
  return (
    <FormPage title={title}>
      <Alert color="red">{error}</Alert>
      {children}
    </FormPage>
  );
}

/** Comes from the bare address with a ticket. */
export function Enter() {
  const { t } = useTranslation();
  const error = useOnce(async (ticket) => {
    await rest("enter", { ticket });
    location.replace("/");
  });
  if (error !== undefined) {
    return (
      <Failed title={t("auth.logInTitle")} error={error}>
        <Button component={Link} to="/log-in">
          {t("auth.logIn")}
        </Button>
      </Failed>
    );
  }
  return (
    <FormPage title={t("auth.entering")}>
      <Loader aria-label={t("app.loading")} />
    </FormPage>
  );
}

/** Comes from the mail that asks to confirm an address. */
export function Confirmation() {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  const error = useOnce(async (token) => {
    await rest("confirm_email", { token });
    setDone(true);
  });
  const home = (
    <Anchor component={Link} to="/">
      {t("auth.toPortal")}
    </Anchor>
  );
  if (error !== undefined) {
    return (
      <Failed title={t("app.failed")} error={error}>
        {home}
      </Failed>
    );
  }
  return (
    <FormPage title={done ? t("auth.confirmed") : t("auth.confirming")}>
      {done ? home : <Loader aria-label={t("app.loading")} />}
    </FormPage>
  );
}
