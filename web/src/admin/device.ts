// The first that occurs wins: most browsers also name those they descend from.
const PROGRAMS = [
  ["Edg", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser", "Samsung Internet"],
  ["Vivaldi", "Vivaldi"],
  ["Firefox", "Firefox"],
  ["FxiOS", "Firefox"],
  ["CriOS", "Chrome"],
  ["Chromium", "Chromium"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
] as const;
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["CrOS", "ChromeOS"],
  ["Macintosh", "Mac"],
  ["Linux", "Linux"],
] as const;
const LONGEST = 60;

/**
 * What to call a device, as the list of sessions does (`api/devices.py`): a connection comes with
 * all that its browser says of itself. Of a program that is no browser, the beginning.
 */
export function deviceName(said: string): string {
  const program = first(PROGRAMS, said);
  const system = first(SYSTEMS, said);
  if (program && system) return `${program} on ${system}`;
  return program ?? said.split(" ", 1)[0]?.slice(0, LONGEST) ?? "";
}

function first(names: typeof PROGRAMS | typeof SYSTEMS, said: string): string | undefined {
  return names.find(([sign]) => said.includes(sign))?.[1];
}
