import { Button, Center, Loader, Text } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";

import { useClient, useLive, useView } from "../app/live";
import type { Message } from "../client/state";
import { entriesOf } from "./entries";
import { MessageRow } from "./MessageRow";
import { UnsentRow } from "./UnsentRow";

// Virtuoso keeps the place when older rows come before a first index that falls; it starts high.
const FAR = 1_000_000;

/** The messages of a room, oldest first, live; history loads at both ends. */
export function Discussion({
  roomId,
  editing,
  onEdit,
  first,
}: {
  roomId: number;
  editing: number | undefined;
  onEdit: (message: Message) => void;
  /** What stands before the very first message. */
  first?: string;
}) {
  const { t } = useTranslation();
  const client = useClient();
  const state = useLive();
  const { unsent } = useView();
  const history = state.histories.get(roomId);
  const list = useRef<VirtuosoHandle>(null);
  const [atBottom, setAtBottom] = useState(true);
  // Where the divider stands: what was unread when the room was opened, and stays while it is open.
  const [readWhenOpened] = useState(() => state.rooms.get(roomId)?.read_seq ?? Infinity);

  const missing = history === undefined;
  useEffect(() => {
    if (missing) void client.openHistory(roomId).catch(() => undefined);
  }, [client, roomId, missing]);

  const waiting = unsent.filter(
    (one) => "room_id" in one.request && one.request.room_id === roomId,
  );
  const entries = useMemo(
    () => entriesOf(history?.messages ?? [], waiting, readWhenOpened, state.me.id),
    [history, waiting, readWhenOpened, state.me.id],
  );
  const last = history?.messages.at(-1);

  // Whoever writes wants to see it, wherever they were reading.
  const written = waiting.at(-1)?.request.client_id;
  useEffect(() => {
    if (written !== undefined) list.current?.scrollToIndex({ index: "LAST", align: "end" });
  }, [written]);

  useReading(roomId, atBottom && history?.moreAfter === false ? last?.seq : undefined);

  const older = useCallback(() => void client.olderHistory(roomId), [client, roomId]);
  const newer = useCallback(() => void client.newerHistory(roomId), [client, roomId]);

  if (!history?.loaded) {
    return (
      <Center flex={1}>
        <Loader size="sm" aria-label={t("app.loading")} />
      </Center>
    );
  }
  const firstSeq = history.messages[0]?.seq ?? 1;
  return (
    <div style={{ flex: 1, minHeight: 0, position: "relative" }}>
      <Virtuoso
        ref={list}
        role="log"
        aria-label={t("chat.discussion")}
        data={entries}
        firstItemIndex={FAR + firstSeq}
        initialTopMostItemIndex={{ index: "LAST", align: "end" }}
        computeItemKey={(_index, entry) => entry.key}
        followOutput={(bottom) => (bottom ? "auto" : false)}
        alignToBottom
        atBottomThreshold={80}
        atBottomStateChange={setAtBottom}
        startReached={older}
        endReached={newer}
        increaseViewportBy={400}
        components={{
          Header: () => (history.moreBefore ? <Wait /> : <Begin text={first} />),
        }}
        itemContent={(_index, entry) =>
          entry.kind === "message" ? (
            <MessageRow entry={entry} editing={editing === entry.message.id} onEdit={onEdit} />
          ) : (
            <UnsentRow unsent={entry.unsent} />
          )
        }
      />
      {!atBottom && (
        <Button
          size="xs"
          radius="xl"
          leftSection={<IconArrowDown size={14} />}
          style={{ position: "absolute", bottom: 12, right: 20 }}
          onClick={() => list.current?.scrollToIndex({ index: "LAST", align: "end" })}
        >
          {t("chat.toNewest")}
        </Button>
      )}
    </div>
  );
}

function Wait() {
  return (
    <Center py="sm">
      <Loader size="xs" />
    </Center>
  );
}

function Begin({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <Text ta="center" c="dimmed" size="sm" py="md">
      {text}
    </Text>
  );
}

/** Marks a room as read up to a message, while the window is looked at. */
function useReading(roomId: number, seq: number | undefined): void {
  const client = useClient();
  useEffect(() => {
    if (seq === undefined) return;
    const read = () => {
      if (document.hasFocus()) void client.markRead(roomId, seq).catch(() => undefined);
    };
    read();
    window.addEventListener("focus", read);
    return () => window.removeEventListener("focus", read);
  }, [client, roomId, seq]);
}
