import { Button, Center, Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Route, Routes } from "react-router";

import { FindPortals } from "../accounts/FindPortals";
import { Invitation } from "../accounts/Invitation";
import { Landing } from "../accounts/Landing";
import { Confirmation, Enter } from "../accounts/Links";
import { LogIn } from "../accounts/LogIn";
import { Forgot, Reset } from "../accounts/Passwords";
import { SignUp } from "../accounts/SignUp";
import { Problem } from "../client/problem";
import { rest } from "../client/rest";
import { Empty } from "../parts/Empty";
import { Portal } from "./Portal";

type Place = { kind: "bare" } | { kind: "unknown" } | { kind: "portal"; name: string };

// The portal's name is kept, so that the app opens without a network.
const KEPT = "talkoo.portal";
const RETRY_MS = 2000;

/** Finds out where we are: at the bare address, or at a portal's. */
export function App() {
  const place = usePlace();
  if (!place) {
    return (
      <Center h="100dvh">
        <Loader />
      </Center>
    );
  }
  if (place.kind === "bare") return <FrontDoor />;
  if (place.kind === "unknown") return <UnknownPortal />;
  return (
    <Routes>
      <Route path="/log-in" element={<LogIn portal={place.name} />} />
      <Route path="/enter" element={<Enter />} />
      <Route path="/forgot" element={<Forgot />} />
      <Route path="/reset" element={<Reset />} />
      <Route path="/confirm" element={<Confirmation />} />
      <Route path="/invitation" element={<Invitation />} />
      <Route path="/*" element={<Portal />} />
    </Routes>
  );
}

function usePlace(): Place | undefined {
  const [place, setPlace] = useState<Place>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const ask = () => {
      placeNow().then(setPlace, () => {
        const name = localStorage.getItem(KEPT);
        if (name !== null) setPlace({ kind: "portal", name });
        else timer = setTimeout(ask, RETRY_MS);
      });
    };
    ask();
    return () => clearTimeout(timer);
  }, []);
  return place;
}

/** Throws when the server cannot be reached. */
async function placeNow(): Promise<Place> {
  try {
    const { name } = await rest("look_at_portal", {});
    localStorage.setItem(KEPT, name);
    return { kind: "portal", name };
  } catch (error) {
    if (!(error instanceof Problem) || error.passing) throw error;
    return { kind: error.details.status === 404 ? "unknown" : "bare" };
  }
}

function FrontDoor() {
  return (
    <Routes>
      <Route path="/" element={<Landing />} />
      <Route path="/sign-up" element={<SignUp />} />
      <Route path="/log-in" element={<FindPortals />} />
      <Route path="*" element={<Navigate to="/" replace />} />
    </Routes>
  );
}

function UnknownPortal() {
  const { t } = useTranslation();
  const bare = `${location.protocol}//${location.host.split(".").slice(1).join(".")}/`;
  return (
    <Center h="100dvh">
      <Empty title={t("auth.unknownPortal")} hint={t("auth.unknownPortalHint")}>
        <Button component="a" href={bare} mt="md">
          {t("auth.frontDoor")}
        </Button>
      </Empty>
    </Center>
  );
}
