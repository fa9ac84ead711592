import { ActionIcon, type ActionIconProps } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

/** The arrow to the page above this one. */
export function Back({
  to,
  ...style
}: { to: string } & Pick<ActionIconProps, "mb" | "hiddenFrom">) {
  const { t } = useTranslation();
  return (
    <ActionIcon
      component={Link}
      to={to}
      variant="subtle"
      color="gray"
      aria-label={t("app.back")}
      {...style}
    >
      <IconArrowLeft size={20} />
    </ActionIcon>
  );
}
