import { Alert, Button, Loader } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { ago } from "../app/times";
import { Empty } from "../parts/Empty";
import type { Polled } from "./usePolled";

/** Stands where something will be, until its first answer comes. */
export function Waiting({ problem, reload }: Pick<Polled<unknown>, "problem" | "reload">) {
  const { t } = useTranslation();
  if (problem === undefined) return <Loader size="sm" aria-label={t("app.loading")} />;
  return (
    <Empty title={t("app.failed")} hint={problem.message}>
      <Button onClick={reload}>{t("app.retry")}</Button>
    </Empty>
  );
}

/** Says above what is shown that it is not the newest, and since when. */
export function Stale({ problem, at }: Pick<Polled<unknown>, "problem" | "at">) {
  const { t } = useTranslation();
  if (problem === undefined || at === undefined) return null;
  return (
    <Alert color="yellow" mb="sm" py="xs" role="status" icon={<IconAlertTriangle size={18} />}>
      {t("admin.stale", { when: ago(at) })}
    </Alert>
  );
}
