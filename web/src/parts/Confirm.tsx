import { Button, Group, Modal, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { useAttempt } from "./attempt";

/** Asks before something that cannot be taken back; below the text may stand what to choose. */
export function Confirm({
  opened,
  title,
  text,
  action,
  onConfirm,
  onClose,
  children,
}: {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    if (await attempt(onConfirm)) onClose();
    setBusy(false);
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} centered>
      <Text size="sm">{text}</Text>
      {children}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {t("app.cancel")}
        </Button>
        <Button color="red" loading={busy} onClick={confirm} data-autofocus>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
