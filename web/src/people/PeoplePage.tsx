import { ActionIcon, Badge, Button, Group, Menu, Text, TextInput, Title } from "@mantine/core";
import { IconDots, IconMessageCircle, IconSearch, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Virtuoso } from "react-virtuoso";

import { useClient, useLive } from "../app/live";
import { usePresence } from "../app/usePresence";
import { ago } from "../app/times";
import { useOpenDirect } from "../chat/NewRoom";
import type { Person } from "../client/state";
import { Confirm } from "../parts/Confirm";
import { Empty } from "../parts/Empty";
import { Face } from "../parts/Face";
import { useAttempt } from "../parts/attempt";

/** Everybody whom I may know. */
export default function PeoplePage() {
  const { t } = useTranslation();
  const { people, me } = useLive();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLocaleLowerCase();
  const found = [...people.values()]
    .filter((one) => `${one.name} ${one.title}`.toLocaleLowerCase().includes(wanted))
    .sort((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name));
  return (
    <div className="fill" style={{ display: "flex", flexDirection: "column" }}>
      <div className="page" style={{ width: "100%", paddingBottom: "0.5rem" }}>
        <Group justify="space-between" mb="sm">
          <Title order={1} size="h2">
            {t("people.title")}
          </Title>
          {me.role === "admin" && (
            <Button component={Link} to="/invite" leftSection={<IconUserPlus size={16} />}>
              {t("app.invite")}
            </Button>
          )}
        </Group>
        <TextInput
          aria-label={t("people.search")}
          placeholder={t("people.search")}
          leftSection={<IconSearch size={16} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      {found.length === 0 ? (
        <Empty title={t("people.none")} />
      ) : (
        <Virtuoso
          style={{ flex: 1 }}
          data={found}
          computeItemKey={(_index, person) => person.id}
          itemContent={(_index, person) => (
            <div className="page" style={{ paddingTop: 2, paddingBottom: 2 }}>
              <PersonRow person={person} />
            </div>
          )}
        />
      )}
    </div>
  );
}

function PersonRow({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { me } = useLive();
  const open = useOpenDirect();
  const mine = person.id === me.id;
  return (
    <Group wrap="nowrap" gap={4}>
      <Link to={`/people/${person.id}`} className="row" style={{ flex: 1, minWidth: 0 }}>
        <Face person={person} size={44} />
        <div style={{ minWidth: 0, flex: 1 }}>
          <Group gap="xs" wrap="nowrap">
            <Text fw={600} truncate c={person.active ? undefined : "dimmed"}>
              {mine ? `${person.name} (${t("people.you")})` : person.name}
            </Text>
            <RoleBadge person={person} />
          </Group>
          <Text size="sm" c="dimmed" truncate>
            {person.title || <Here person={person} />}
          </Text>
        </div>
      </Link>
      {!mine && person.active && (
        <ActionIcon
          variant="light"
          size="lg"
          aria-label={`${t("people.write")} ${person.name}`}
          onClick={() => open(person.id)}
        >
          <IconMessageCircle size={18} />
        </ActionIcon>
      )}
      {me.role === "admin" && !mine && <Manage person={person} />}
    </Group>
  );
}

/** The role, where it is worth saying; and that someone is not active. */
export function RoleBadge({ person }: { person: Person }) {
  const { t } = useTranslation();
  if (!person.active) return <Badge color="gray">{t("people.inactive")}</Badge>;
  if (person.role === "member") return null;
  const colour = person.role === "admin" ? "talkoo" : "orange";
  return (
    <Badge variant="light" color={colour}>
      {t(`people.${person.role}`)}
    </Badge>
  );
}

/** Whether someone is here, or when they were. */
export function Here({ person }: { person: Person }) {
  const { t } = useTranslation();
  const presence = usePresence(person.id);
  if (presence?.state === "online") return t("people.online");
  if (presence?.state === "away") return t("people.away");
  if (!presence?.last_seen_at) return t("people.offline");
  return t("people.lastSeen", { when: ago(presence.last_seen_at) });
}

function Manage({ person }: { person: Person }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const [asking, setAsking] = useState<"deactivate" | "end">();
  const roles = (["admin", "member", "guest"] as const).filter((role) => role !== person.role);
  const user_id = person.id;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t("people.manage", { name: person.name })}
          >
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {person.active &&
            roles.map((role) => (
              <Menu.Item
                key={role}
                onClick={() => attempt(() => client.command("set_role", { user_id, role }))}
              >
                {t("people.makeRole", { role: t(`people.${role}`) })}
              </Menu.Item>
            ))}
          {person.active ? (
            <>
              <Menu.Item onClick={() => setAsking("end")}>{t("people.endSessions")}</Menu.Item>
              <Menu.Item color="red" onClick={() => setAsking("deactivate")}>
                {t("people.deactivate")}
              </Menu.Item>
            </>
          ) : (
            <Menu.Item onClick={() => attempt(() => client.command("reactivate", { user_id }))}>
              {t("people.reactivate")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asking === "end"}
        title={t("admin.endTitle", { name: person.name })}
        text={t("people.endSessionsText")}
        action={t("admin.end")}
        onConfirm={() => client.command("end_user_sessions", { user_id })}
        onClose={() => setAsking(undefined)}
      />
      <Confirm
        opened={asking === "deactivate"}
        title={t("people.deactivateTitle", { name: person.name })}
        text={t("people.deactivateText")}
        action={t("people.deactivate")}
        onConfirm={() => client.command("deactivate", { user_id })}
        onClose={() => setAsking(undefined)}
      />
    </>
  );
}
