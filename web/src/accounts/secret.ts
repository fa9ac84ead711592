/** The secret that a link carries in its fragment, which no server and no log sees. */
export function secretOfPage(): string {
  return decodeURIComponent(location.hash.slice(1));
}
