import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { en, type Texts } from "./en";
import { fi } from "./fi";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: Texts };
  }
}

export type Language = "en" | "fi";

const KEPT = "talkoo.language";

/** The language chosen before on this device, else the browser's. */
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT) ?? navigator.language;
  return kept.startsWith("fi") ? "fi" : "en";
}

void i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, fi: { translation: fi } },
  lng: firstLanguage(),
  fallbackLng: "en",
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18next.language;

/** Speaks another language from now on, on this device. */
export function speak(language: Language): void {
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

export function currentLanguage(): Language {
  return i18next.language === "fi" ? "fi" : "en";
}

export default i18next;
