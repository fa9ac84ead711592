import { type Operation, type Operations, ROUTES } from "./generated/catalogue";
import type { components } from "./generated/openapi";
import { Problem, type ProblemDetails, unreachable } from "./problem";

type Routed = keyof typeof ROUTES;
type Fields = Record<string, string | number | boolean | null | undefined | readonly unknown[]>;

/** Calls an operation over REST. Throws a Problem. */
export async function rest<O extends Routed & Operation>(
  operation: O,
  request: Operations[O]["request"],
): Promise<Operations[O]["answer"]> {
  const [method, template] = ROUTES[operation];
  const left: Fields = { ...request };
  const path = template.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = left[name];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- what is left is the body
    delete left[name];
    return encodeURIComponent(String(value));
  });
  const answer = await send(method, path, left);
  return (await answer.json()) as Operations[O]["answer"];
}

/** Sends a picture as it is; the server makes it small. */
export async function putPicture(picture: Blob): Promise<void> {
  await request("/me/picture", {
    method: "PUT",
    headers: { "Content-Type": picture.type },
    body: picture,
  });
}

/** Takes my picture away. */
export async function removePicture(): Promise<void> {
  await request("/me/picture", { method: "DELETE" });
}

/** A mail that an embedded server kept instead of sending it. */
export type KeptMail = components["schemas"]["KeptMail"];

/** The mails that this portal sent, when the server has no mail server. */
export async function outbox(): Promise<KeptMail[]> {
  const answer = await request("/outbox", { method: "GET" });
  return ((await answer.json()) as components["schemas"]["OutboxAnswer"]).mails;
}

async function send(method: string, path: string, fields: Fields): Promise<Response> {
  if (method === "GET") {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined && value !== null) query.set(name, String(value));
    }
    const asked = query.toString();
    return request(asked ? `${path}?${asked}` : path, { method });
  }
  return request(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
}

async function request(path: string, options: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { credentials: "same-origin", ...options });
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw new Problem(await problemOf(answer));
  return answer;
}

async function problemOf(answer: Response): Promise<ProblemDetails> {
  try {
    return (await answer.json()) as ProblemDetails;
  } catch {
    return { ...unreachable().details, status: answer.status === 502 ? 503 : answer.status };
  }
}
