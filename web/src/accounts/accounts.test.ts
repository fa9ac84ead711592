import { expect, test } from "vitest";

import { Problem } from "../client/problem";
import { slug } from "./slug";
import { explained } from "../parts/useSubmit";

// The same pairs stand in tests/accounts/test_sign_up.py: what is shown is what one gets.
test.each([
  ["Acme Oy", "acme-oy"],
  ["Äänekosken Paja Oy", "aanekosken-paja-oy"],
  ["  --Łódź & Søn!-- ", "odz-sn"],
  ["株式会社", "portal"],
  ["x".repeat(50), "x".repeat(36)],
])("the address of %s", (name, address) => {
  expect(slug(name)).toBe(address);
});

const problem = new Problem({
  type: "/problems/invalid",
  title: "No",
  status: 422,
  detail: "Look at: email.",
  errors: [{ field: "email", message: "is not an e-mail address" }],
});

test("words about a shown field stand at the field", () => {
  expect(explained(problem, ["email"])).toEqual({
    fields: { email: "is not an e-mail address" },
    message: undefined,
  });
});

test("words about another field stand above the form", () => {
  expect(explained(problem, ["name"]).message).toBe("Look at: email.");
});
