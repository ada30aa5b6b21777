import { expect, it } from "vitest";
import { minorOfVersion } from "./server-version";

it.each([
  ["v1.32.4-eks-1234", 32],
  ["v1.29.0", 29],
  ["1.30+", 30],
  ["v1.33", 33],
  ["v2.0.0", null],
  ["", null],
  [undefined, null],
])("%s", (text, minor) => {
  expect(minorOfVersion(text)).toBe(minor);
});
