import { useState } from "react";

import { Problem } from "../client/problem";

/** A form's sending: whether it is under way, and what the server said against it. */
export interface Submit {
  busy: boolean;
  /** What is wrong with each field. */
  fields: Record<string, string>;
  /** What is wrong with the whole, when no field of the form is to blame. */
  message: string | undefined;
  run: () => void;
}

/** Sends a form; puts the server's words at the fields ``shown`` in it, the others above it. */
export function useSubmit(send: () => Promise<unknown>, shown: readonly string[]): Submit {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const run = () => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    send()
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  return { busy, run, ...explained(problem, shown) };
}

/** Sorts a problem's words into those at fields and those above the form. */
export function explained(
  problem: unknown,
  shown: readonly string[],
): Pick<Submit, "fields" | "message"> {
  if (problem === undefined) return { fields: {}, message: undefined };
  if (!(problem instanceof Problem)) {
    return { fields: {}, message: problem instanceof Error ? problem.message : "?" };
  }
  const fields = problem.fields;
  // What is wrong with an entry of a list (`emails.1`) is shown at the list.
  const known = Object.keys(fields).some((name) => shown.includes(name.split(".", 1)[0] ?? name));
  return { fields, message: known ? undefined : problem.message };
}
