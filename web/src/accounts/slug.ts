/** The address that a company's name suggests, by the server's own rule. */
export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    // What has no plain letter is left out, as the server does.
    .replace(/[^\p{ASCII}]/gu, "")
    .toLowerCase();
  const words = plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 36)
    .replace(/^-+|-+$/g, "");
  return words || "portal";
}
