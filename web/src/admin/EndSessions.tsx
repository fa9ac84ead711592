import { Radio, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient, useLive } from "../app/live";
import { Confirm } from "../parts/Confirm";

/** Whose sessions to end, and on which device they were picked. */
export interface EndTarget {
  readonly userId: number;
  readonly name: string;
  readonly sessionId: number;
  readonly device: string;
  readonly address: string;
}

/** Asks whether one session is to end or all of that person. */
export function EndSessions({
  target,
  onClose,
  onEnded,
}: {
  target: EndTarget | undefined;
  onClose: () => void;
  onEnded: () => void;
}) {
  const { t } = useTranslation();
  const end = useEnd();
  const { me } = useLive();
  const [all, setAll] = useState(false);
  // What was asked about stays readable while the dialog fades away.
  const [asked, setAsked] = useState(target);
  if (target && target !== asked) {
    setAsked(target);
    setAll(false);
  }
  if (!asked) return null;
  const { name } = asked;
  const mine = asked.userId === me.id;
  return (
    <Confirm
      opened={target !== undefined}
      title={mine ? t("admin.endTitleMine") : t("admin.endTitle", { name })}
      text={t("admin.endText")}
      action={t("admin.end")}
      onConfirm={async () => {
        await end(asked, all);
        onEnded();
      }}
      onClose={onClose}
    >
      <Radio.Group
        aria-label={t("admin.which")}
        value={all ? "all" : "one"}
        onChange={(value) => setAll(value === "all")}
        mt="md"
      >
        <Stack gap="sm">
          <Radio
            value="one"
            label={t("admin.endThis")}
            description={[asked.device, asked.address].filter(Boolean).join(" · ")}
          />
          <Radio
            value="all"
            label={mine ? t("admin.endOthers") : t("admin.endAll", { name })}
            description={t("admin.endAllHint")}
          />
        </Stack>
      </Radio.Group>
    </Confirm>
  );
}

/** Ends what was chosen and says so. Of one's own, this device always stays. */
function useEnd(): (target: EndTarget, all: boolean) => Promise<void> {
  const { t } = useTranslation();
  const client = useClient();
  const { me } = useLive();
  return async ({ userId, name, sessionId }, all) => {
    if (all && userId === me.id) {
      await client.command("end_other_sessions", {});
      notifications.show({ message: t("admin.endedOthers") });
      return;
    }
    const session_ids = all ? null : [sessionId];
    await client.command("end_user_sessions", { user_id: userId, session_ids });
    notifications.show({ message: all ? t("admin.endedAll", { name }) : t("admin.endedOne") });
  };
}
