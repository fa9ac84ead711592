import { Button, Group, Text, Title } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

import { useLive } from "../app/live";
import { Empty } from "../parts/Empty";
import classes from "./admin.module.css";

/** A page for admins; of others it asks for nothing, and tells them why. */
export function AdminPage({
  title,
  lead,
  children,
}: {
  title: string;
  lead: string;
  children: ReactNode;
}) {
  const { me } = useLive();
  if (me.role !== "admin") return <OnlyAdmins />;
  return (
    <div className="fill scroll">
      <div className={classes["page"]}>
        <Group justify="space-between" gap="xs">
          <Title order={1} size="h2">
            {title}
          </Title>
          <Places />
        </Group>
        <Text c="dimmed" mb="md">
          {lead}
        </Text>
        {children}
      </div>
    </div>
  );
}

function Places() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const places = [
    { to: "/admin/connections", label: t("admin.connections") },
    { to: "/admin/audit", label: t("admin.audit") },
  ];
  return (
    <Group component="nav" gap={4} aria-label={t("admin.places")}>
      {places.map(({ to, label }) => (
        <Button
          key={to}
          component={Link}
          to={to}
          size="xs"
          variant={pathname === to ? "light" : "subtle"}
          color={pathname === to ? undefined : "gray"}
          aria-current={pathname === to ? "page" : undefined}
        >
          {label}
        </Button>
      ))}
    </Group>
  );
}

function OnlyAdmins() {
  const { t } = useTranslation();
  return (
    <Empty
      title={t("admin.only")}
      hint={t("admin.onlyHint")}
      icon={<IconLock size={40} stroke={1.4} />}
    >
      <Button component={Link} to="/feed" variant="default" mt="md">
        {t("app.home")}
      </Button>
    </Empty>
  );
}
