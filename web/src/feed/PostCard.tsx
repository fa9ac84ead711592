import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Card,
  Collapse,
  Group,
  Menu,
  Stack,
  Text,
  Textarea,
  Tooltip,
} from "@mantine/core";
import {
  IconDots,
  IconHeart,
  IconHeartFilled,
  IconLock,
  IconMessageCircle,
  IconPencil,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { useClient, useLive } from "../app/live";
import { ago, exactly } from "../app/times";
import type { Post } from "../client/state";
import { Confirm } from "../parts/Confirm";
import { Face } from "../parts/Face";
import { Markdown } from "../parts/Markdown";
import { useAttempt } from "../parts/attempt";
import { Comments } from "./Comments";

/** An entry of the feed, with its likes and its discussion. */
export function PostCard({
  post,
  fresh = false,
  open = false,
}: {
  post: Post;
  fresh?: boolean;
  open?: boolean;
}) {
  const { t } = useTranslation();
  const state = useLive();
  const [comments, setComments] = useState(open);
  const [editing, setEditing] = useState(false);
  const author = state.people.get(post.user_id);
  const unread = state.rooms.get(post.room_id)?.unread ?? 0;
  return (
    <Card component="article" withBorder padding="md" radius="lg" aria-label={author?.name ?? "?"}>
      <Group wrap="nowrap" align="flex-start" mb="xs">
        <Face person={author} size={40} />
        <div style={{ flex: 1, minWidth: 0 }}>
          <Group gap="xs">
            <Anchor component={Link} to={`/people/${post.user_id}`} fw={600} c="inherit">
              {author?.name ?? "?"}
            </Anchor>
            {fresh && <Badge size="xs">{t("chat.unread")}</Badge>}
          </Group>
          <Group gap={6}>
            <Tooltip label={exactly(post.created_at)} openDelay={400}>
              <Anchor component={Link} to={`/feed/${post.id}`} size="xs" c="dimmed">
                {ago(post.created_at)}
              </Anchor>
            </Tooltip>
            {post.edited_at !== null && (
              <Text size="xs" c="dimmed" title={exactly(post.edited_at)}>
                · {t("feed.edited")}
              </Text>
            )}
            {post.visible_to === "people" && <ForWhom post={post} />}
          </Group>
        </div>
        <PostMenu post={post} onEdit={() => setEditing(true)} />
      </Group>
      {editing ? (
        <EditPost post={post} onDone={() => setEditing(false)} />
      ) : (
        <Markdown text={post.text} />
      )}
      <Group mt="sm" gap="xs">
        <Like post={post} />
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<IconMessageCircle size={16} />}
          aria-expanded={comments}
          onClick={() => setComments(!comments)}
        >
          {post.comments > 0 ? t("feed.comments", { count: post.comments }) : t("feed.comment")}
        </Button>
        {unread > 0 && !comments && (
          <Badge size="sm" circle={unread < 10}>
            {unread}
          </Badge>
        )}
      </Group>
      <Collapse expanded={comments}>{comments && <Comments post={post} />}</Collapse>
    </Card>
  );
}

function ForWhom({ post }: { post: Post }) {
  const { t } = useTranslation();
  const { people } = useLive();
  const names = post.user_ids.map((id) => people.get(id)?.name ?? "?").join(", ");
  return (
    <Group gap={3} wrap="nowrap">
      <IconLock size={12} />
      <Text size="xs" c="dimmed" lineClamp={1}>
        {t("feed.toPeople", { names })}
      </Text>
    </Group>
  );
}

function Like({ post }: { post: Post }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const { me, people } = useLive();
  const mine = post.liked_by.includes(me.id);
  const names = post.liked_by.map((id) => people.get(id)?.name ?? "?").join(", ");
  const toggle = () =>
    attempt(() => client.command(mine ? "unlike_post" : "like_post", { post_id: post.id }));
  return (
    <Tooltip label={t("feed.likedBy", { names })} disabled={post.liked_by.length === 0} multiline>
      <Button
        size="xs"
        variant={mine ? "light" : "subtle"}
        color={mine ? "pink" : "gray"}
        leftSection={mine ? <IconHeartFilled size={16} /> : <IconHeart size={16} />}
        aria-label={mine ? t("feed.unlike") : t("feed.like")}
        aria-pressed={mine}
        onClick={toggle}
      >
        {post.liked_by.length > 0 ? post.liked_by.length : t("feed.like")}
      </Button>
    </Tooltip>
  );
}

function PostMenu({ post, onEdit }: { post: Post; onEdit: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { me } = useLive();
  const [asking, setAsking] = useState(false);
  const mine = post.user_id === me.id;
  if (!mine && me.role !== "admin") return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t("app.more")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {mine && (
            <Menu.Item leftSection={<IconPencil size={16} />} onClick={onEdit}>
              {t("app.edit")}
            </Menu.Item>
          )}
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} />}
            onClick={() => setAsking(true)}
          >
            {t("app.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asking}
        title={t("feed.deleteTitle")}
        text={t("feed.deleteText")}
        action={t("app.delete")}
        onConfirm={() => client.command("delete_post", { post_id: post.id })}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

function EditPost({ post, onDone }: { post: Post; onDone: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const attempt = useAttempt();
  const [text, setText] = useState(post.text);
  const save = async () => {
    if (await attempt(() => client.command("edit_post", { post_id: post.id, text }))) onDone();
  };
  return (
    <Stack gap="xs">
      <Textarea
        aria-label={t("app.edit")}
        autosize
        minRows={2}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autoFocus
      />
      <Group justify="flex-end">
        <Button variant="default" size="xs" onClick={onDone}>
          {t("app.cancel")}
        </Button>
        <Button size="xs" onClick={save} disabled={!text.trim()}>
          {t("app.save")}
        </Button>
      </Group>
    </Stack>
  );
}
