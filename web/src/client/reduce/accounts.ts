import type { Schema } from "../generated/catalogue";
import { type Person, type State, withEntry } from "../state";

/** Someone new, or changed: known from now on. */
export function personKnown(state: State, person: Person): State {
  return { ...state, people: withEntry(state.people, person.id, person) };
}

/** Several people at once. */
export function peopleKnown(state: State, people: readonly Person[]): State {
  if (people.length === 0) return state;
  const known = new Map(state.people);
  for (const person of people) known.set(person.id, person);
  return { ...state, people: known };
}

/** What only I see of myself. */
export function meChanged(state: State, me: Schema["Me"]): State {
  return { ...state, me };
}

/** The portal has another name. */
export function portalChanged(state: State, name: string): State {
  return { ...state, portal: { ...state.portal, name } };
}
