import type { Schema } from "./generated/catalogue";

export type ProblemDetails = Schema["ProblemDetails"];

/** Something that the server refused, with its reasons; or that it could not be reached. */
export class Problem extends Error {
  readonly details: ProblemDetails;

  constructor(details: ProblemDetails) {
    super(details.detail);
    this.name = "Problem";
    this.details = details;
  }

  /** Its stable name: `plan-full`. */
  get code(): string {
    return this.details.type.replace("/problems/", "");
  }

  /** Whether the same may work later, unchanged. */
  get passing(): boolean {
    return this.details.status === 0 || this.details.status === 429 || this.details.status === 503;
  }

  /** What is wrong with each field. */
  get fields(): Record<string, string> {
    return Object.fromEntries((this.details.errors ?? []).map((one) => [one.field, one.message]));
  }
}

/** The server cannot be reached at the moment. */
export function unreachable(): Problem {
  return new Problem({
    type: "/problems/unreachable",
    title: "No connection",
    status: 0,
    detail: "The server cannot be reached.",
    errors: [],
  });
}
