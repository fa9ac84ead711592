import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { currentLanguage, speak } from "../i18n";

/** English or Finnish, on this device. */
export function LanguageSwitch() {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("profile.language")}
      value={currentLanguage()}
      onChange={(value) => speak(value)}
      data={[
        { value: "en", label: "English" },
        { value: "fi", label: "Suomi" },
      ]}
    />
  );
}
