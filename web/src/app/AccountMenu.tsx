import { Menu, Text, UnstyledButton } from "@mantine/core";
import {
  IconDeviceLaptop,
  IconHistory,
  IconLogout,
  IconMail,
  IconPlugConnected,
  IconUser,
  IconUserPlus,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { rest } from "../client/rest";
import { Face } from "../parts/Face";
import { useAttempt } from "../parts/attempt";
import { useLive } from "./live";

/** Who I am, and what is mine. */
export function AccountMenu({ compact = false }: { compact?: boolean }) {
  const { t } = useTranslation();
  const { me, people } = useLive();
  const attempt = useAttempt();
  const logOut = () =>
    attempt(async () => {
      await rest("log_out", {});
      location.assign("/log-in");
    });
  const face = <Face person={people.get(me.id)} size={compact ? 26 : 34} />;
  return (
    <Menu position="top" width={220}>
      <Menu.Target>
        <UnstyledButton
          aria-label={t("app.account")}
          className={compact ? undefined : "row"}
          px={compact ? "lg" : undefined}
        >
          {face}
          {!compact && <Text truncate>{me.name}</Text>}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/profile" leftSection={<IconUser size={16} />}>
          {t("app.profile")}
        </Menu.Item>
        <Menu.Item component={Link} to="/sessions" leftSection={<IconDeviceLaptop size={16} />}>
          {t("app.sessions")}
        </Menu.Item>
        {me.role === "admin" && (
          <>
            <Menu.Label>{t("admin.places")}</Menu.Label>
            <Menu.Item component={Link} to="/invite" leftSection={<IconUserPlus size={16} />}>
              {t("app.invite")}
            </Menu.Item>
            <Menu.Item component={Link} to="/outbox" leftSection={<IconMail size={16} />}>
              {t("app.outbox")}
            </Menu.Item>
            <Menu.Item
              component={Link}
              to="/admin/connections"
              leftSection={<IconPlugConnected size={16} />}
            >
              {t("admin.connections")}
            </Menu.Item>
            <Menu.Item component={Link} to="/admin/audit" leftSection={<IconHistory size={16} />}>
              {t("admin.audit")}
            </Menu.Item>
          </>
        )}
        <Menu.Divider />
        <Menu.Item onClick={logOut} leftSection={<IconLogout size={16} />}>
          {t("app.logOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
