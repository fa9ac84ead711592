import { Center, Loader } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";

import { useClient, useLive } from "../app/live";
import { Back } from "../parts/Back";
import { Empty } from "../parts/Empty";
import { PostCard } from "./PostCard";

/** One post by its link, with its discussion open. */
export default function PostPage() {
  const { t } = useTranslation();
  const client = useClient();
  const { posts } = useLive();
  const id = Number(useParams()["postId"]);
  const post = posts.find((one) => one.id === id);
  const [gone, setGone] = useState(false);
  const missing = post === undefined;
  useEffect(() => {
    if (!missing) return;
    client.openPost(id).catch(() => setGone(true));
  }, [client, id, missing]);
  return (
    <div className="fill scroll">
      <div className="page">
        <Back to="/feed" mb="sm" />
        {post && <PostCard key={post.id} post={post} open />}
        {missing && gone && <Empty title={t("feed.gone")} />}
        {missing && !gone && (
          <Center py="xl">
            <Loader size="sm" />
          </Center>
        )}
      </div>
    </div>
  );
}
