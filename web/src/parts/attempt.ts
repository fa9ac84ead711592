import { notifications } from "@mantine/notifications";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Does something and tells why when it did not work; true when it did. */
export function useAttempt(): (work: () => Promise<unknown>) => Promise<boolean> {
  const { t } = useTranslation();
  return useCallback(
    async (work) => {
      try {
        await work();
        return true;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        notifications.show({ color: "red", title: t("app.failed"), message });
        return false;
      }
    },
    [t],
  );
}
