import { Affix, Button, Center, Loader, Text, Title } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";

import { useClient, useLive, useView } from "../app/live";
import type { Post } from "../client/state";
import { Empty } from "../parts/Empty";
import { PostCard } from "./PostCard";
import { PostComposer } from "./PostComposer";
import { UnsentPosts } from "./UnsentPosts";

/** The feed: newest first. Posts that come while one reads below wait behind a button. */
export default function FeedPage() {
  const { t } = useTranslation();
  const client = useClient();
  const state = useLive();
  const { unsent } = useView();
  const list = useRef<VirtuosoHandle>(null);
  const [atTop, setAtTop] = useState(true);
  const [shownUpTo, setShownUpTo] = useState(() => state.posts[0]?.position ?? 0);

  const newest = state.posts[0]?.position ?? 0;
  // One's own post shows at once, wherever one reads.
  const mineOnTop = state.posts[0]?.user_id === state.me.id;
  useEffect(() => {
    if (atTop || mineOnTop) setShownUpTo(newest);
  }, [atTop, mineOnTop, newest]);
  useFeedReading(atTop ? newest : 0);

  const shown = state.posts.filter((post) => post.position <= shownUpTo);
  const waiting = state.posts.length - shown.length;
  const show = () => {
    setShownUpTo(newest);
    list.current?.scrollToIndex({ index: 0, align: "start", behavior: "smooth" });
  };
  return (
    <div className="fill">
      <Virtuoso<Post>
        ref={list}
        style={{ height: "100%" }}
        data={shown}
        computeItemKey={(_index, post) => post.id}
        atTopStateChange={setAtTop}
        atTopThreshold={160}
        endReached={() => void client.olderPosts().catch(() => undefined)}
        increaseViewportBy={600}
        components={{ Header: Top, Footer: Bottom }}
        context={{ empty: shown.length === 0 && unsent.length === 0, more: state.morePosts }}
        itemContent={(_index, post) => (
          <div className="page" style={{ paddingTop: 0, paddingBottom: "0.9rem" }}>
            <PostCard post={post} fresh={isFresh(post, state.feed.read_position, state.me.id)} />
          </div>
        )}
      />
      {waiting > 0 && (
        <Affix position={{ top: 70, left: "50%" }} style={{ transform: "translateX(-50%)" }}>
          <Button size="xs" radius="xl" leftSection={<IconArrowUp size={14} />} onClick={show}>
            {t("feed.newPosts", { count: waiting })}
          </Button>
        </Affix>
      )}
    </div>
  );
}

interface ListContext {
  empty: boolean;
  more: boolean;
}

function Top({ context }: { context?: ListContext }) {
  const { t } = useTranslation();
  const { me } = useLive();
  return (
    <div className="page" style={{ paddingBottom: "0.9rem" }}>
      <Title order={1} size="h2" mb="sm">
        {t("feed.title")}
      </Title>
      {me.role !== "guest" && <PostComposer />}
      <UnsentPosts />
      {context?.empty && <Empty title={t("feed.empty")} hint={t("feed.emptyHint")} />}
    </div>
  );
}

function Bottom({ context }: { context?: ListContext }) {
  const { t } = useTranslation();
  if (context?.empty) return null;
  return (
    <Center py="lg">
      {context?.more ? (
        <Loader size="sm" aria-label={t("app.loading")} />
      ) : (
        <Text size="sm" c="dimmed">
          {t("feed.end")}
        </Text>
      )}
    </Center>
  );
}

function isFresh(post: Post, readPosition: number, me: number): boolean {
  return post.position > readPosition && post.user_id !== me;
}

// A post counts as seen after it was on screen for this long, in milliseconds.
const SEEN_MS = 1500;

/** Marks the feed as read up to a position, while the window is looked at. */
function useFeedReading(position: number): void {
  const client = useClient();
  useEffect(() => {
    if (position === 0) return;
    const read = () => {
      if (document.hasFocus()) void client.markFeedRead(position).catch(() => undefined);
    };
    const timer = setTimeout(read, SEEN_MS);
    window.addEventListener("focus", read);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("focus", read);
    };
  }, [client, position]);
}
