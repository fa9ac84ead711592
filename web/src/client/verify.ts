/**
 * The reducer as a filter: a line of JSON with a snapshot and events in, the resulting snapshot out.
 * The Python suite runs it in Node.
 */
import { createInterface } from "node:readline";

import type { LogEvent } from "./generated/catalogue";
import { apply } from "./reducer";
import { fromSnapshot, type Snapshot, toSnapshot } from "./state";

interface Request {
  snapshot: Snapshot;
  events: LogEvent[];
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { snapshot, events } = JSON.parse(line) as Request;
  const state = events.reduce(apply, fromSnapshot(snapshot));
  process.stdout.write(JSON.stringify(toSnapshot(state)) + "\n");
});
