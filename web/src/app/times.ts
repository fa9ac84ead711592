import { currentLanguage } from "../i18n";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "5 min ago", "yesterday" ... */
export function ago(at: number, now = Date.now()): string {
  const relative = new Intl.RelativeTimeFormat(currentLanguage(), {
    numeric: "auto",
    style: "short",
  });
  const past = at - now;
  if (past > -MINUTE) return relative.format(0, "minute");
  if (past > -HOUR) return relative.format(Math.round(past / MINUTE), "minute");
  if (past > -DAY) return relative.format(Math.round(past / HOUR), "hour");
  if (past > -14 * DAY) return relative.format(Math.round(past / DAY), "day");
  return dateOf(at);
}

/** The time of day. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(currentLanguage(), { hour: "2-digit", minute: "2-digit" }).format(
    at,
  );
}

/** The date, in words. */
export function dateOf(at: number): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "long" }).format(at);
}

/** Date and time in full. */
export function exactly(at: number): string {
  return new Intl.DateTimeFormat(currentLanguage(), {
    dateStyle: "full",
    timeStyle: "short",
  }).format(at);
}
