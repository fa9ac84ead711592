import { IconMessages } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";

import { useLive } from "../app/live";
import { Empty } from "../parts/Empty";
import { NewDirect, NewRoom } from "./NewRoom";
import { RoomList } from "./RoomList";
import { RoomView } from "./RoomView";
import classes from "./chat.module.css";

/** The messenger: rooms on the left, the open one on the right; on a phone one of them. */
export default function ChatPage() {
  const { t } = useTranslation();
  const { rooms } = useLive();
  const { roomId } = useParams();
  const [dialog, setDialog] = useState<"room" | "direct">();
  const room = roomId === undefined ? undefined : rooms.get(Number(roomId));
  return (
    <div className={`fill ${classes.chat ?? ""}`} data-open={roomId !== undefined}>
      <div className={classes.list}>
        <RoomList onNewRoom={() => setDialog("room")} onNewDirect={() => setDialog("direct")} />
      </div>
      <div className={classes.room}>
        {room && <RoomView key={room.id} room={room} />}
        {!room && (
          <div className={classes.empty}>
            <Empty
              icon={<IconMessages size={48} stroke={1.2} color="var(--mantine-color-dimmed)" />}
              title={roomId === undefined ? t("chat.pick") : t("chat.gone")}
            />
          </div>
        )}
      </div>
      <NewRoom opened={dialog === "room"} onClose={() => setDialog(undefined)} />
      <NewDirect opened={dialog === "direct"} onClose={() => setDialog(undefined)} />
    </div>
  );
}
