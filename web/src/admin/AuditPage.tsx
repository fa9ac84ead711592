import { Badge, Button, Center, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { sameDay } from "../app/days";
import { useLive } from "../app/live";
import { ago, clock, dateOf, exactly } from "../app/times";
import { rest } from "../client/rest";
import { en } from "../i18n/en";
import { Empty } from "../parts/Empty";
import { Face } from "../parts/Face";
import { useAttempt } from "../parts/attempt";
import classes from "./admin.module.css";
import { AdminPage } from "./AdminPage";
import { detailOf, type Entry, personIn, withNewest, withOlder } from "./audit";
import { usePolled } from "./usePolled";
import { Stale, Waiting } from "./Waiting";

const EVERY_MS = 5000;

/** What admins did. */
export default function AuditPage() {
  const { t } = useTranslation();
  return (
    <AdminPage title={t("admin.audit")} lead={t("admin.auditLead")}>
      <AuditLog />
    </AdminPage>
  );
}

const ask = () => rest("list_audit", {});

function AuditLog() {
  const { t } = useTranslation();
  const attempt = useAttempt();
  const { value, at, problem, reload, change } = usePolled(ask, withNewest, EVERY_MS);
  const [busy, setBusy] = useState(false);
  if (!value) return <Waiting problem={problem} reload={reload} />;
  const last = value.entries.at(-1);
  const older = async (before: number) => {
    setBusy(true);
    await attempt(async () => {
      const page = await rest("list_audit", { before });
      change((now) => withOlder(now, page));
    });
    setBusy(false);
  };
  return (
    <>
      <Stale problem={problem} at={at} />
      {!last && <Empty title={t("admin.nothing")} hint={t("admin.nothingHint")} />}
      <ol className={classes["entries"]} aria-label={t("admin.audit")}>
        {value.entries.map((entry, index) => (
          <EntryRow key={entry.id} entry={entry} newer={value.entries[index - 1]} />
        ))}
      </ol>
      {last && value.more_before && (
        <Center mt="md">
          <Button variant="default" loading={busy} onClick={() => older(last.id)}>
            {t("admin.older")}
          </Button>
        </Center>
      )}
    </>
  );
}

/** Who did what to whom; above it the day, where one begins. */
function EntryRow({ entry, newer }: { entry: Entry; newer: Entry | undefined }) {
  const { t } = useTranslation();
  const { people } = useLive();
  const nameOf = (id: number) => people.get(id)?.name ?? `#${id}`;
  const subject = personIn(entry);
  return (
    <li>
      {!(newer && sameDay(newer.at, entry.at)) && <div className="divider">{dateOf(entry.at)}</div>}
      <div className={classes["entry"]}>
        <Face person={people.get(entry.user_id)} size={36} dot={false} />
        <div style={{ minWidth: 0 }}>
          <Text>
            <b>{nameOf(entry.user_id)}</b> · <Did action={entry.action} />
            {subject !== undefined && (
              <>
                {": "}
                <b>{nameOf(subject)}</b>
              </>
            )}{" "}
            <DetailBadge entry={entry} />
          </Text>
          <Text size="sm" c="dimmed">
            <time dateTime={new Date(entry.at).toISOString()} title={exactly(entry.at)}>
              {clock(entry.at)} · {ago(entry.at)}
            </time>
            {entry.address && <> · {t("admin.from", { address: entry.address })}</>}
          </Text>
        </div>
      </div>
    </li>
  );
}

function Did({ action }: { action: string }) {
  const { t } = useTranslation();
  return isKnown(action) ? t(`admin.did.${action}`) : action;
}

// A newer server may note what this page has no words for yet.
function isKnown(action: string): action is keyof typeof en.admin.did {
  return action in en.admin.did;
}

function DetailBadge({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const detail = detailOf(entry);
  switch (detail.kind) {
    case "none":
      return null;
    case "text":
      return <span>: {detail.text}</span>;
    case "sessions":
      return <Plain text={t("admin.sessions", { count: detail.count })} />;
    case "role":
      return <Plain text={t(`people.${detail.role}`)} />;
    case "roles":
      return <Plain text={`${t(`people.${detail.before}`)} → ${t(`people.${detail.after}`)}`} />;
  }
}

function Plain({ text }: { text: string }) {
  return (
    <Badge variant="light" color="gray" tt="none" fw={500}>
      {text}
    </Badge>
  );
}
