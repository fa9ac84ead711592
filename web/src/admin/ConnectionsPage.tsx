import { Button, CloseButton, Group, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useLive, useView } from "../app/live";
import { rest } from "../client/rest";
import { Empty } from "../parts/Empty";
import { AdminPage } from "./AdminPage";
import { ConnectionCards, OrderPicker } from "./ConnectionCards";
import { ConnectionTable } from "./ConnectionTable";
import {
  found,
  type Line,
  linesOf,
  type Order,
  peopleIn,
  settled,
  sorted,
  turned,
} from "./connections";
import { EndSessions, type EndTarget } from "./EndSessions";
import { usePolled } from "./usePolled";
import { Stale, Waiting } from "./Waiting";

const EVERY_MS = 2000;
// More lines than anybody reads; a browser should not draw them every other second unasked.
const SHOWN = 200;

/** Who is connected now, on all nodes. */
export default function ConnectionsPage() {
  const { t } = useTranslation();
  return (
    <AdminPage title={t("admin.connections")} lead={t("admin.connectionsLead")}>
      <Connections />
    </AdminPage>
  );
}

// Over REST: asked over the live connection it would count as activity of whoever looks.
const ask = () => rest("list_connections", {});

function Connections() {
  const { t } = useTranslation();
  const { people, me } = useLive();
  const { value: listing, at, problem, reload } = usePolled(ask, settled, EVERY_MS);
  const sessionId = useCurrentSession();
  const wide = useMediaQuery("(min-width: 62em)", undefined, { getInitialValueInEffect: false });
  const [order, setOrder] = useState<Order>({ column: "person", descending: false });
  const [search, setSearch] = useState("");
  const [everything, setEverything] = useState(false);
  const [target, setTarget] = useState<EndTarget>();

  if (!listing) return <Waiting problem={problem} reload={reload} />;
  const all = linesOf(listing, people, { userId: me.id, sessionId });
  const wanted = sorted(found(all, search), order);
  const lines = everything ? wanted : wanted.slice(0, SHOWN);
  const end = (line: Line) => setTarget(targetOf(line));
  return (
    <>
      <Stale problem={problem} at={at} />
      <Group justify="space-between" mb="sm" gap="sm">
        <Filter value={search} onChange={setSearch} />
        {!wide && <OrderPicker order={order} onChange={setOrder} />}
        <Summary all={all} shown={wanted} />
      </Group>
      {wide ? (
        <ConnectionTable
          lines={lines}
          order={order}
          onOrder={(column) => setOrder((now) => turned(now, column))}
          onEnd={end}
        />
      ) : (
        <ConnectionCards lines={lines} onEnd={end} />
      )}
      {all.length === 0 && <Empty title={t("admin.none")} />}
      {all.length > 0 && wanted.length === 0 && (
        <Empty title={t("admin.noneFound")} hint={t("admin.noneFoundHint")} />
      )}
      {lines.length < wanted.length && (
        <Button variant="default" mt="sm" onClick={() => setEverything(true)}>
          {t("admin.showAll", { count: wanted.length })}
        </Button>
      )}
      <EndSessions target={target} onClose={() => setTarget(undefined)} onEnded={reload} />
    </>
  );
}

function targetOf(line: Line): EndTarget {
  const { user_id, name, session_id, deviceName, address } = line;
  return { userId: user_id, name, sessionId: session_id, device: deviceName, address };
}

function Filter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  return (
    <TextInput
      ref={field}
      aria-label={t("admin.filter")}
      placeholder={t("admin.filterHint")}
      leftSection={<IconSearch size={16} />}
      rightSection={
        value && (
          <CloseButton
            size="sm"
            aria-label={t("admin.clear")}
            onClick={() => {
              onChange("");
              field.current?.focus();
            }}
          />
        )
      }
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") onChange("");
      }}
      style={{ flex: "1 1 16rem", maxWidth: "26rem" }}
    />
  );
}

/** How many there are; of how many, while only some are shown. */
function Summary({ all, shown }: { all: readonly Line[]; shown: readonly Line[] }) {
  const { t } = useTranslation();
  const people = t("admin.people", { count: peopleIn(shown) });
  const links = t("admin.links", { count: shown.length });
  const text = `${people}, ${links}`;
  return (
    <Text size="sm" c="dimmed" data-testid="summary">
      {shown.length < all.length ? t("admin.ofAll", { shown: text, all: all.length }) : text}
    </Text>
  );
}

/** The session of this browser; undefined until it is known. */
function useCurrentSession(): number | undefined {
  const { sessionsVersion } = useLive();
  const { status } = useView();
  const [current, setCurrent] = useState<number>();
  useEffect(() => {
    // Asked again when the connection is back, so a failure is not for ever.
    rest("list_sessions", {}).then(
      ({ sessions }) => setCurrent(sessions.find((session) => session.current)?.id),
      () => undefined,
    );
  }, [sessionsVersion, status]);
  return current;
}
