import { describe, expect, it } from "vitest";
import { isBelow, parseImage } from "./image-reference";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("image references", () => {
  it.each([
    ["alpine", "docker.io/library/alpine", null],
    ["alpine:3", "docker.io/library/alpine", "3"],
    ["team/app", "docker.io/team/app", null],
    ["localhost/app:1", "localhost/app", "1"],
    ["registry:5000/app", "registry:5000/app", null],
    ["registry.example.com/a/b:1", "registry.example.com/a/b", "1"],
    ["index.docker.io/library/nginx", "docker.io/library/nginx", null],
    [`registry.example.com:5000/app:2@${DIGEST}`, "registry.example.com:5000/app", "2"],
  ])("%s is %s with the tag %s", (text, repository, tag) => {
    expect(parseImage(text)).toMatchObject({ repository, tag });
  });

  it("reads the digest, and nothing from an empty text", () => {
    expect(parseImage(`app@${DIGEST}`)?.digest).toBe(DIGEST);
    expect(parseImage("")).toBeNull();
  });

  it.each([
    ["registry.example.com/app", "registry.example.com", true],
    ["registry.example.com/app", "registry.example.com/", true],
    ["registry.example.com.evil.net/app", "registry.example.com", false],
    ["registry.example.com:5000/app", "registry.example.com", false],
    ["registry.example.com/payments-evil/app", "registry.example.com/payments", false],
    ["registry.example.com/payments/app", "registry.example.com/payments", true],
    ["docker.io/library/nginx", "docker.io/library", true],
    ["docker.io/payments/app", "docker.io/payments", true],
    ["docker.io/library/payments", "docker.io/payments", false],
  ])("%s below %s: %s", (repository, prefix, expected) => {
    expect(isBelow(repository, prefix)).toBe(expected);
  });
});
