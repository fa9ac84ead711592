import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Composer } from "../chat/Composer";
import { Discussion } from "../chat/Discussion";
import type { Message, Post } from "../client/state";

const ROW = 58;
const MOST = 420;

/** A post's comments: the messages of its discussion, in the messenger's own component. */
export function Comments({ post }: { post: Post }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Message>();
  const height = Math.min(MOST, 44 + post.comments * ROW);
  return (
    <section aria-label={t("chat.discussion")}>
      <div style={{ display: "flex", flexDirection: "column", height }}>
        <Discussion roomId={post.room_id} editing={editing?.id} onEdit={setEditing} />
      </div>
      <Composer
        roomId={post.room_id}
        label={t("feed.writeComment")}
        editing={editing}
        onEdit={setEditing}
      />
    </section>
  );
}
