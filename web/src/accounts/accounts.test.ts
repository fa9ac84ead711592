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

const wrong = (field: string) =>
  new Problem({
    type: "/problems/invalid",
    title: "No",
    status: 422,
    detail: `${field}: is not an e-mail address`,
    errors: [{ field, message: "is not an e-mail address" }],
  });

test("words about a shown field stand at the field", () => {
  expect(explained(wrong("email"), ["email"])).toEqual({
    fields: { email: "is not an e-mail address" },
    message: undefined,
  });
});

test("words about another field stand above the form", () => {
  expect(explained(wrong("email"), ["name"]).message).toBe("email: is not an e-mail address");
});

test("words about an entry of a list stand at the list", () => {
  expect(explained(wrong("emails.1"), ["emails"])).toEqual({
    fields: { "emails.1": "is not an e-mail address" },
    message: undefined,
  });
});
