import { expect, it } from "vitest";
import { Interner } from "./intern";

it("gives equal values one identity and keeps different ones apart", () => {
  const interner = new Interner();
  const first = interner.object({ a: "1" });
  expect(interner.object({ a: "1" })).toBe(first);
  expect(interner.object({ a: "2" })).not.toBe(first);
  expect(interner.object({ a: "1", b: "2" })).toEqual({ a: "1", b: "2" });
  interner.clear();
  expect(interner.object({ a: "1" })).not.toBe(first);
});
