import { Alert, AppShell, Indicator, NavLink as MantineNavLink, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconMessages, IconNews, IconUsers, IconWifiOff } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, NavLink, Route, Routes, useLocation, useNavigate } from "react-router";

import { listed } from "../chat/RoomList";
import { Empty } from "../parts/Empty";
import { AccountMenu } from "./AccountMenu";
import { QuickSwitcher } from "./QuickSwitcher";
import { unreadRooms, useLive, useView } from "./live";

const ChatPage = lazy(() => import("../chat/ChatPage"));
const FeedPage = lazy(() => import("../feed/FeedPage"));
const PostPage = lazy(() => import("../feed/PostPage"));
const PeoplePage = lazy(() => import("../people/PeoplePage"));
const PersonPage = lazy(() => import("../people/PersonPage"));
const ProfilePage = lazy(() => import("../profile/ProfilePage"));
const SessionsPage = lazy(() => import("../sessions/SessionsPage"));
const InvitePage = lazy(() => import("../invitations/InvitePage"));
const OutboxPage = lazy(() => import("../invitations/OutboxPage"));
const ConnectionsPage = lazy(() => import("../admin/ConnectionsPage"));
const AuditPage = lazy(() => import("../admin/AuditPage"));

/** What surrounds every page: where one can go, who one is, and how the connection is. */
export function Shell() {
  const { t } = useTranslation();
  const state = useLive();
  const [switching, setSwitching] = useState(false);
  useHotkeys([["mod+K", () => setSwitching(true)]], []);
  useRoomKeys();
  const inRoom = /^\/chat\/\d+/.test(useLocation().pathname);
  const places = [
    { to: "/feed", label: t("app.feed"), icon: IconNews, unread: state.feed.unread },
    { to: "/chat", label: t("app.chat"), icon: IconMessages, unread: unreadRooms(state) },
    { to: "/people", label: t("app.people"), icon: IconUsers, unread: 0 },
  ];
  return (
    <AppShell
      navbar={{ width: 210, breakpoint: "sm", collapsed: { mobile: true } }}
      footer={{ height: { base: 58, sm: 0 }, collapsed: inRoom }}
      padding={0}
    >
      <AppShell.Navbar p="sm">
        <AppShell.Section px="xs" pb="md">
          <Text fw={700} size="lg" truncate title={state.portal.name}>
            {state.portal.name}
          </Text>
        </AppShell.Section>
        <AppShell.Section grow component="nav" aria-label="Talkoo">
          {places.map(({ to, label, icon: Icon, unread }) => (
            <Place key={to} to={to} label={label} icon={<Icon size={20} />} unread={unread} />
          ))}
        </AppShell.Section>
        <AppShell.Section>
          <AccountMenu />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main>
        <ConnectionBanner />
        <Pages />
      </AppShell.Main>
      <AppShell.Footer
        hiddenFrom="sm"
        component="nav"
        aria-label="Talkoo"
        display={inRoom ? "none" : undefined}
      >
        <div className="bottom-bar">
          {places.map(({ to, label, icon: Icon, unread }) => (
            <NavLink key={to} to={to}>
              <Indicator disabled={unread === 0} label={many(unread)} size={16}>
                <Icon size={22} />
              </Indicator>
              {label}
            </NavLink>
          ))}
          <AccountMenu compact />
        </div>
      </AppShell.Footer>
      <QuickSwitcher opened={switching} onClose={() => setSwitching(false)} />
    </AppShell>
  );
}

function many(count: number): string {
  return count > 99 ? "99+" : String(count);
}

function Place(props: { to: string; label: string; icon: React.ReactNode; unread: number }) {
  const here = useLocation().pathname.startsWith(props.to);
  return (
    <MantineNavLink
      component={NavLink}
      to={props.to}
      label={props.label}
      leftSection={props.icon}
      active={here}
      style={{ borderRadius: "var(--mantine-radius-md)" }}
      rightSection={
        props.unread > 0 ? (
          <Text size="xs" fw={700} c="talkoo">
            {many(props.unread)}
          </Text>
        ) : undefined
      }
    />
  );
}

function Pages() {
  const { t } = useTranslation();
  const { me } = useLive();
  const admin = me.role === "admin";
  return (
    <Suspense>
      <Routes>
        <Route path="/" element={<Navigate to="/feed" replace />} />
        <Route path="/feed" element={<FeedPage />} />
        <Route path="/feed/:postId" element={<PostPage />} />
        <Route path="/chat" element={<ChatPage />} />
        <Route path="/chat/:roomId" element={<ChatPage />} />
        <Route path="/people" element={<PeoplePage />} />
        <Route path="/people/:userId" element={<PersonPage />} />
        <Route path="/profile" element={<ProfilePage />} />
        <Route path="/sessions" element={<SessionsPage />} />
        {admin && <Route path="/invite" element={<InvitePage />} />}
        {admin && <Route path="/outbox" element={<OutboxPage />} />}
        <Route path="/admin/connections" element={<ConnectionsPage />} />
        <Route path="/admin/audit" element={<AuditPage />} />
        <Route
          path="*"
          element={<Empty title={t("app.notFound")} hint={t("app.notFoundHint")} />}
        />
      </Routes>
    </Suspense>
  );
}

// A reconnection is usually over before one would read about it, in milliseconds.
const PATIENCE_MS = 1200;

function ConnectionBanner() {
  const { t } = useTranslation();
  const { status } = useView();
  const [late, setLate] = useState(false);
  const ready = status === "ready";
  useEffect(() => {
    if (ready) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [ready]);
  if (ready || !late) return null;
  return (
    <Alert
      color="yellow"
      radius={0}
      py={6}
      icon={<IconWifiOff size={18} />}
      role="status"
      style={{ position: "fixed", left: 0, right: 0, top: 0, zIndex: 300 }}
    >
      {status === "offline" ? t("app.reconnecting") : t("app.connecting")}
    </Alert>
  );
}

/** Alt and the arrow keys go to the room above or below. */
function useRoomKeys(): void {
  const state = useLive();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const step = (by: number) => {
    const rooms = listed(state);
    const now = rooms.findIndex((room) => pathname === `/chat/${room.id}`);
    const next = rooms[Math.max(0, Math.min(rooms.length - 1, now + by))];
    if (next) void navigate(`/chat/${next.id}`);
  };
  useHotkeys(
    [
      ["alt+ArrowUp", () => step(-1)],
      ["alt+ArrowDown", () => step(1)],
    ],
    [],
  );
}
