import { Button, Card, Group, SegmentedControl, Textarea } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { PeoplePicker } from "../chat/PeoplePicker";
import { Face } from "../parts/Face";

/** Writes a post, to everybody or to chosen people. */
export function PostComposer() {
  const { t } = useTranslation();
  const client = useClient();
  const { me, people, portal } = useLive();
  const draft = `talkoo.draft.${portal.id}.feed`;
  const [text, setText] = useState(() => localStorage.getItem(draft) ?? "");
  const [chosen, setChosen] = useState(false);
  const [ids, setIds] = useState<number[]>([]);
  const ready = text.trim() !== "" && (!chosen || ids.length > 0);

  const write = (value: string) => {
    setText(value);
    if (value) localStorage.setItem(draft, value);
    else localStorage.removeItem(draft);
  };
  const post = () => {
    if (!ready) return;
    client.post(text.trim(), chosen ? ids : []);
    write("");
    setChosen(false);
    setIds([]);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) post();
  };
  return (
    <Card withBorder padding="md" radius="lg" mb="md">
      <Group align="flex-start" wrap="nowrap">
        <Face person={people.get(me.id)} dot={false} size={40} />
        <Textarea
          aria-label={t("feed.write")}
          placeholder={t("feed.placeholder")}
          variant="unstyled"
          autosize
          minRows={text ? 2 : 1}
          maxRows={16}
          flex={1}
          value={text}
          onChange={(event) => write(event.currentTarget.value)}
          onKeyDown={onKey}
        />
      </Group>
      {chosen && <PeoplePicker label={t("feed.audience")} value={ids} onChange={setIds} />}
      <Group justify="space-between" mt="sm">
        <SegmentedControl
          size="xs"
          aria-label={t("feed.audience")}
          value={chosen ? "people" : "portal"}
          onChange={(value) => setChosen(value === "people")}
          data={[
            { value: "portal", label: t("feed.everybody") },
            { value: "people", label: t("feed.chosen") },
          ]}
        />
        <Button onClick={post} disabled={!ready}>
          {t("feed.post")}
        </Button>
      </Group>
    </Card>
  );
}
