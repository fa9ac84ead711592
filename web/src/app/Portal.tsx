import { Button, Center, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useLocation } from "react-router";

import { Client } from "../client/client";
import { speak } from "../i18n";
import { Empty } from "../parts/Empty";
import { Shell } from "./Shell";
import { ClientContext, useView } from "./live";
import { useActivity } from "./useActivity";
import { useTitle } from "./useTitle";

/** A portal from inside: one live client for all pages. */
export function Portal() {
  const [client, setClient] = useState<Client>();
  useEffect(() => {
    const live = new Client(localStorage);
    live.start();
    setClient(live);
    const hurry = () => live.hurry();
    window.addEventListener("online", hurry);
    return () => {
      window.removeEventListener("online", hurry);
      live.stop();
    };
  }, []);
  if (!client) return <Waiting />;
  return (
    <ClientContext value={client}>
      <WhenLoaded>
        <Inside />
      </WhenLoaded>
    </ClientContext>
  );
}

function WhenLoaded({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const { state, status, endedBecause } = useView();
  const { pathname } = useLocation();
  if (status === "ended") {
    const next = pathname === "/" ? {} : { next: pathname };
    if (endedBecause === "not-logged-in") return <Navigate to="/log-in" state={next} replace />;
    return (
      <Center h="100dvh">
        <Empty title={t("sessions.ended")} hint={t("sessions.endedHint")}>
          <Button component="a" href="/log-in" mt="md">
            {t("auth.logIn")}
          </Button>
        </Empty>
      </Center>
    );
  }
  return state ? children : <Waiting />;
}

function Inside() {
  const language = useView().state?.me.language;
  useEffect(() => {
    if (language) speak(language);
  }, [language]);
  useActivity();
  useTitle();
  return <Shell />;
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Center h="100dvh">
      <Loader aria-label={t("app.loading")} />
    </Center>
  );
}
